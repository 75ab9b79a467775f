"""The lab: turns values into trained artifacts, each trained once, and measures them."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from scipy.special import softmax

from classifiers import predict
from classifiers.cnn import FEATURES
from data import ArrayImages, Dataset, Images, InputError
from dcgan import sample
from experiments import stages
from experiments.artifacts import Artifact
from experiments.cache import cached_array
from experiments.setting import Setting
from experiments.specs import GAN, Classifier, DigitClassifier, Spec, in_order
from metrics import DetectionMetrics, detection_metrics, frechet_distance, gaussian_statistics
from training.config import to_json
from training.loop import LoopConfig
from training.progress import say

# Part of every key: raised when the same value and configuration come to mean another training.
FORMAT = 2
# How often a process without work looks for some, while others train.
POLL_SECONDS = 0.2


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
        self._detections: dict[tuple[Spec, Spec], DetectionMetrics] = {}

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

        Other processes may do the same at the same time: each takes what is ready and free.

        Returns:
            What this process trained.

        Raises:
            InputError: a value was trained on another version of something than there is now.
        """
        specs, trained = list(specs), []
        total, waiting = len(self.missing(specs)), False
        while missing := self.missing(specs):
            spec = self._train_first_free(missing, f"[{total - len(missing) + 1}/{total}]")
            if spec is not None:
                trained.append(spec)
            else:
                if not waiting:
                    say(f"{missing[0]!r}: another process is training it; waiting")
                time.sleep(POLL_SECONDS)
            waiting = spec is None
        self._check_lineage(specs)
        return trained

    def _train_first_free(self, missing: list[Spec], position: str) -> Spec | None:
        """Trains the first value that needs nothing else and that no other process has."""
        for spec in missing:
            if self.missing(spec.dependencies):
                continue
            artifact = self.artifact(spec)
            with artifact.lock() as held:
                if held and not artifact.is_done():
                    say(f"{position} {spec!r}  {self.key(spec)}")
                    stages.train(spec, self, artifact, self.loop_config)
                    return spec
        return None

    def _check_lineage(self, specs: Iterable[Spec]) -> None:
        """Everything must have been trained on the very models that are there now."""
        stale = [
            self.artifact(spec)
            for spec in in_order(specs)
            if self.artifact(spec).manifest()["depends_on"] != self.lineage(spec)
        ]
        if stale:
            raise InputError(
                f"{len(stale)} artifacts, {stale[0].label} first, were trained on models that have "
                "been trained again since; delete them to train them again: "
                + " ".join(str(artifact.folder) for artifact in stale)
            )

    def lineage(self, spec: Spec) -> dict[str, str]:
        """The SHA-256 of each model that a value depends on, by key."""
        return {self.key(each): self.artifact(each).model_sha256() for each in spec.dependencies}

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
                self._models[spec] = keras.models.load_model(artifact.model_file(), compile=False)
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

        name = f"images-{start}-{count}-{self._model_id(gan)}.npz"
        return ArrayImages(cached_array(self.artifact(gan).folder / name, generate))

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

        shown = "natural" if gan is None else self._model_id(gan)
        name = f"logits-{self._model_id(classifier)}-{shown}.npz"
        return cached_array(self.artifact(classifier).folder / name, score)

    def _evaluation(self, gan: GAN | None) -> Images:
        """The evaluation images of a GAN; the natural ones for None."""
        return self.dataset.evaluation if gan is None else self.evaluation_images(gan)

    def detection(self, classifier: Classifier, gan: GAN) -> DetectionMetrics:
        """How well a classifier detects a GAN's evaluation images."""
        # Kept, because every metric of a pair stands in several tables.
        if (classifier, gan) not in self._detections:
            self._detections[classifier, gan] = detection_metrics(
                self.generated_logits(classifier, gan), self.natural_logits(classifier)
            )
        return self._detections[classifier, gan]

    def frechet_distance(self, gan: GAN) -> float:
        """Frechet distance of a GAN's evaluation images to the natural ones.

        Over the 64 features of a digit classifier; not an FID, and comparable only with figures of
        the same data set, number of images and classifier.
        """
        generated = self._statistics(self._model_id(gan), lambda: self.evaluation_images(gan))
        return frechet_distance(*self._natural_statistics(), *generated)

    def natural_frechet_distance(self) -> float:
        """The same of as many natural training images: what perfect images would reach."""

        def training() -> Images:
            count = min(len(self.dataset.train), len(self.dataset.evaluation))
            return ArrayImages(self.dataset.train.read(np.arange(count)))

        return frechet_distance(
            *self._natural_statistics(), *self._statistics("training", training)
        )

    def digit_accuracy(self) -> float:
        """Fraction of natural evaluation images whose digit the digit classifier tells."""
        logits = predict(self.model(DigitClassifier()), self.dataset.evaluation)
        return float(np.mean(logits.argmax(axis=1) == self.dataset.evaluation_labels))

    def digit_confidence(self, gan: GAN | None) -> float:
        """Mean of the digit classifier's largest probability over the evaluation images.

        Args:
            gan: whose images; None for the natural ones.
        """
        judge = DigitClassifier()

        def compute() -> np.ndarray:
            return softmax(predict(self.model(judge), self._evaluation(gan)), axis=1).max(axis=1)

        shown = "natural" if gan is None else self._model_id(gan)
        name = f"confidence-{self._model_id(judge)}-{shown}.npz"
        return float(np.mean(cached_array(self.artifact(judge).folder / name, compute)))

    def last_metrics(self, spec: Spec) -> dict[str, float]:
        """The training's metrics over its last steps, as they stand in its last line."""
        return self.artifact(spec).manifest()["metrics"]

    def _natural_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        return self._statistics("natural", lambda: self.dataset.evaluation)

    def _statistics(
        self, source: str, images: Callable[[], Images]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] of the digit features of images."""

        def compute() -> np.ndarray:
            model = self.model(DigitClassifier())
            features = keras.Model(model.inputs[0], model.get_layer(FEATURES).output)
            return np.vstack(gaussian_statistics(predict(features, images())))

        judge = DigitClassifier()
        name = f"statistics-{self._model_id(judge)}-{source}.npz"
        mean, *covariance = cached_array(self.artifact(judge).folder / name, compute)
        return mean, np.stack(covariance)

    def _model_id(self, spec: Spec) -> str:
        """Names a trained model by its contents, for the names of what is computed from it."""
        return self.artifact(spec).model_sha256()[:16]
