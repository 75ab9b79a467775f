"""The lab: turns values into trained artifacts, each trained once, and measures them."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from classifiers import predict
from classifiers.cnn import FEATURES
from data import ArrayImages, Dataset, Images, InputError, atomic_path
from dcgan import sample
from experiments import stages
from experiments.artifacts import Artifact
from experiments.setting import Setting
from experiments.specs import GAN, Classifier, DigitClassifier, Spec, in_order
from metrics import DetectionMetrics, detection_metrics, frechet_distance, gaussian_statistics
from training.config import to_json
from training.loop import LoopConfig
from training.progress import say

# Part of every key: raised when the same value and configuration come to mean another training.
FORMAT = 1


class Lab:
    """Trains what is missing, keeps all of it in the workdir, and answers from there.

    Args:
        workdir: where artifacts are kept; experiments with one workdir share them.
        dataset: natural images.
        setting: training configurations.
        strategy: how a training spreads over devices; default: this process's current strategy.
        loop_config: how trainings are watched and saved.
    """

    def __init__(
        self,
        workdir: Path,
        dataset: Dataset,
        setting: Setting,
        strategy: tf.distribute.Strategy | None = None,
        loop_config: LoopConfig | None = None,
    ):
        self.workdir, self.dataset, self.setting = workdir, dataset, setting
        self.strategy = strategy or tf.distribute.get_strategy()
        self.loop_config = loop_config or LoopConfig()
        self._keys: dict[Spec, str] = {}
        self._models: dict[Spec, keras.Model] = {}

    # Artifacts

    def key(self, spec: Spec) -> str:
        """The name of a value's artifact.

        A hash over the value, its training configuration, the data's fingerprint, and the keys of
        all it depends on: another number in any of them is another artifact.
        """
        if spec not in self._keys:
            content = {
                "format": FORMAT,
                "kind": spec.kind,
                **spec.own,
                "depends_on": [self.key(dependency) for dependency in spec.dependencies],
                "configuration": to_json(self.setting.training(spec)),
                "data": self.dataset.fingerprint,
            }
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            self._keys[spec] = f"{spec.kind}-{digest[:16]}"
        return self._keys[spec]

    def artifact(self, spec: Spec) -> Artifact:
        """The folder of a value, whether it is trained or not."""
        return Artifact(self.workdir / "artifacts" / self.key(spec), repr(spec))

    def missing(self, specs: Iterable[Spec]) -> list[Spec]:
        """What has to be trained for these values, in the order in which it can be."""
        return [spec for spec in in_order(specs) if not self.artifact(spec).is_done()]

    def train(self, specs: Iterable[Spec]) -> list[Spec]:
        """Trains what is missing for these values, one after another.

        Returns:
            What was trained, by this process or by one that it waited for.
        """
        missing = self.missing(specs)
        for position, spec in enumerate(missing):
            say(f"[{position + 1}/{len(missing)}] {spec!r}  {self.key(spec)}")
            artifact = self.artifact(spec)
            with artifact.lock():
                if not artifact.is_done():
                    stages.train(spec, self, artifact, self.loop_config)
        return missing

    def model(self, spec: Spec) -> keras.Model:
        """The trained model of a value: a GAN's generator, or a classifier.

        Raises:
            InputError: it is not trained yet, or its file is damaged.
        """
        if spec not in self._models:
            artifact = self.artifact(spec)
            if not artifact.is_done():
                raise InputError(f"{spec!r} is not trained yet in {self.workdir}")
            with self.strategy.scope():
                self._models[spec] = keras.models.load_model(
                    artifact.file(stages.MODEL), compile=False
                )
        return self._models[spec]

    # Images. A GAN's images 0 ... N - 1 train classifiers; those after them evaluate them.

    def training_images(self, gan: GAN) -> ArrayImages:
        """As many images of a GAN as there are natural training images."""
        return self._images(gan, 0, len(self.dataset.train))

    def evaluation_images(self, gan: GAN) -> ArrayImages:
        """As many images of a GAN as there are natural evaluation images; none of them trains."""
        return self._images(gan, len(self.dataset.train), len(self.dataset.evaluation))

    def _images(self, gan: GAN, start: int, count: int) -> ArrayImages:
        def generate() -> np.ndarray:
            return sample(self.model(gan), np.arange(start, start + count))

        name = f"images-{start}-{count}.npy"
        return ArrayImages(self._cached(self.artifact(gan), name, generate))

    # Measurements

    def natural_logits(self, classifier: Classifier) -> np.ndarray:
        """Logits [N] of the natural evaluation images."""
        return self._logits(classifier, None)

    def generated_logits(self, classifier: Classifier, gan: GAN) -> np.ndarray:
        """Logits [N] of a GAN's evaluation images."""
        return self._logits(classifier, gan)

    def _logits(self, classifier: Classifier, gan: GAN | None) -> np.ndarray:
        def score() -> np.ndarray:
            return predict(self.model(classifier), self._evaluation(gan))[:, 0]

        name = f"logits-{'natural' if gan is None else self.key(gan)}.npy"
        return self._cached(self.artifact(classifier), name, score)

    def _evaluation(self, gan: GAN | None) -> Images:
        """The evaluation images of a GAN; the natural ones for None."""
        return self.dataset.evaluation if gan is None else self.evaluation_images(gan)

    def detection(self, classifier: Classifier, gan: GAN) -> DetectionMetrics:
        """How well a classifier detects a GAN's evaluation images."""
        return detection_metrics(
            self.generated_logits(classifier, gan), self.natural_logits(classifier)
        )

    def frechet_distance(self, gan: GAN) -> float:
        """Frechet distance of a GAN's evaluation images to the natural ones.

        Over the 64 features of a digit classifier; not an FID, and comparable only with figures of
        the same data set and classifier.
        """
        return frechet_distance(*self._statistics(None), *self._statistics(gan))

    def _statistics(self, gan: GAN | None) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] of the digit features of evaluation images."""

        def compute() -> np.ndarray:
            model = self.model(DigitClassifier())
            features = keras.Model(model.inputs[0], model.get_layer(FEATURES).output)
            return np.vstack(gaussian_statistics(predict(features, self._evaluation(gan))))

        name = f"statistics-{'natural' if gan is None else self.key(gan)}.npy"
        mean, *covariance = self._cached(self.artifact(DigitClassifier()), name, compute)
        return mean, np.stack(covariance)

    def _cached(self, artifact: Artifact, name: str, compute) -> np.ndarray:
        """An array kept beside an artifact, computed where it is missing; mapped, not read."""
        path = artifact.folder / name
        if not path.exists():
            value = compute()
            with atomic_path(path) as temporary:
                np.save(temporary, value)
        return np.load(path, mmap_mode="r")
