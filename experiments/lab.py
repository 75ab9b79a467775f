"""The lab: turns values into trained artifacts, each trained once, and measures them."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from scipy.special import softmax

from classifiers import predict, predict_each
from data import ArrayImages, Dataset, Images, InputError, Subset
from experiments import stages
from experiments.artifact import STALE, Artifact
from experiments.cache import DEFAULT_BYTES, IMAGES, Cache
from experiments.judge import DigitJudge, ExtractorJudge, Judge, open_judge
from experiments.settings import Setting
from experiments.specs import Classifier, DigitClassifier, GANImages, Spec, in_order
from experiments.storage.inventory import ARTIFACTS, STATISTICS, affected
from experiments.streaming import StreamedImages, is_streamed, watched
from metrics import DetectionMetrics, detection_metrics, frechet_distance, gaussian_statistics
from stylegan2.evaluation.extractors import RANDOM_VGG16
from training import custom_gradients
from training.keras_models import load_model
from training.loop import LoopConfig
from training.progress import Progress, say
from training.workers import Workers

# Part of every key: raised when the same value and configuration come to mean another training.
FORMAT = 3
# Images between two looks at the progress: whole blocks of every generator.
AT_ONCE = 1024
# Models that are kept in memory once they were loaded: those of the last measurements.
KEPT_MODELS = 16
# How often a process without work looks for some, while others train.
POLL_SECONDS = 0.2
_NOTHING = -1  # What the chief says when nothing is left.


class Lab:
    """Trains what is missing, keeps all of it in the workdir, and answers from there.

    Args:
        workdir: where artifacts are kept; experiments with one workdir share them.
        dataset: natural images.
        setting: training configurations.
        strategy: how a training spreads over devices; default: this process's current strategy.
        loop_config: how trainings are watched and saved.
        judge: what measures the images' quality; default: a digit classifier where the setting
            has one and the images have labels, else random-vgg16.
        cache_bytes: of the disk, for what is computed from models.

    Attributes:
        judge: the same.
        workers: those that train here together: the chief decides what, the others `follow`.
    """

    def __init__(
        self,
        workdir: Path,
        dataset: Dataset,
        setting: Setting,
        strategy: tf.distribute.Strategy | None = None,
        loop_config: LoopConfig | None = None,
        judge: ExtractorJudge | None = None,
        cache_bytes: int = DEFAULT_BYTES,
    ):
        self.workdir, self.dataset, self.setting = workdir, dataset, setting
        self.strategy = strategy or tf.distribute.get_strategy()
        self.loop_config = loop_config or LoopConfig()
        self.judge: Judge = judge or self._default_judge()
        self.workers = Workers(self.strategy)
        self._cache = Cache(workdir, cache_bytes, writes=self.workers.is_chief)
        self._order: list[Spec] = []  # of what is trained, the same in all workers
        self._keys: dict[Spec, str] = {}
        # By the weights they had when they were read: a model may be trained again meanwhile. The
        # one that was used last stands last.
        self._models: dict[Spec, tuple[str, keras.Model]] = {}
        self._detections: dict[tuple[str, str], DetectionMetrics] = {}
        self._natural_logits: dict[str, np.ndarray] = {}

    def _default_judge(self) -> Judge:
        digits = DigitClassifier()
        if self.dataset.train_labels is None or not self.setting.trains(digits):
            return open_judge(RANDOM_VGG16)
        return DigitJudge(
            lambda: self.model(digits), lambda: self.artifact(digits).weights_sha256()
        )

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
                "setting": self.setting.name,
                "configuration": self.setting.configuration(spec),
                "data": self.dataset.fingerprint,
            }
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            self._keys[spec] = f"{spec.kind}-{digest[:16]}"
        return self._keys[spec]

    def artifact(self, spec: Spec) -> Artifact:
        """The folder of a value, whether it is trained or not."""
        return Artifact(self.workdir / ARTIFACTS / self.key(spec), repr(spec))

    def missing(self, specs: Iterable[Spec]) -> list[Spec]:
        """What has to be trained for these values, in the order in which it can be.

        That is what was not trained yet, what is damaged, and what was trained on other models than
        there are now.
        """
        ordered = in_order(specs)
        weights = self._weights(ordered)
        return [
            spec
            for spec in ordered
            if spec not in weights or self._changed_dependency(spec, weights) is not None
        ]

    def state(self, spec: Spec) -> str:
        """What there is of a missing value: "" for nothing; started, damaged or stale."""
        artifact = self.artifact(spec)
        if self._changed_dependency(spec, self._weights(spec.dependencies)) is not None:
            return "stale"
        if artifact.is_done():
            return "damaged"
        return "started" if artifact.folder.exists() else ""

    def train(self, specs: Iterable[Spec]) -> list[Spec]:
        """Trains what is missing for these values, one after another.

        Other processes may do the same at the same time: each takes what is ready and free.

        An artifact that is damaged is made again: its training resumes at its last checkpoint, and
        ends with the same weights. Where it ends with others, what was trained on it is moved aside
        and trained again, and so on.

        Returns:
            What this process trained.
        """
        specs, trained = list(specs), []
        self._order = in_order(specs)
        total = left = 0
        waiting = False
        while missing := self.missing(specs):
            total += max(0, len(missing) - left)
            left = len(missing)
            spec = self._train_first_free(missing, f"[{total - len(missing) + 1}/{total}]")
            if spec is not None:
                trained.append(spec)
                left -= 1
            else:
                if not waiting:
                    say(f"{missing[0]!r}: another process is training it; waiting")
                time.sleep(POLL_SECONDS)
            waiting = spec is None
        return trained

    def call(self, spec: Spec) -> None:
        """Tells the other workers, if there are any, what all of them train now."""
        if self.workers.count > 1:
            self.workers.of_chief(self._order.index(spec))

    def dismiss(self) -> None:
        """Tells the other workers that nothing is left to train."""
        if self.workers.count > 1:
            self.workers.of_chief(_NOTHING)
            self.workers.part()

    def follow(self, specs: Iterable[Spec]) -> None:
        """In another worker than the chief: trains with it whatever it trains of these values."""
        ordered = in_order(specs)
        while (number := self.workers.of_chief(0)) != _NOTHING:
            spec = ordered[number]
            with custom_gradients.release_gradient_registry():
                stages.join(spec, self, self.artifact(spec), self.loop_config)
        self.workers.part()

    def _train_first_free(self, missing: list[Spec], position: str) -> Spec | None:
        """Trains the first value that needs nothing else and that no other process has."""
        waited_for = set(missing)
        for spec in missing:
            if not waited_for.isdisjoint(in_order(spec.dependencies)):
                continue
            with self.artifact(spec).lock() as held:
                # Looked at once more, with the lock: another process may have finished it.
                if held and self.missing([spec]) == [spec]:
                    repaired = self._clear(spec)
                    say(f"{position} {spec!r}  {self.key(spec)}")
                    if self._train(spec):
                        if repaired:
                            self._tell_dependants(spec)
                        return spec
        return None

    def _clear(self, spec: Spec) -> bool:
        """Makes way for a training where an artifact is damaged or its models have changed.

        Returns:
            Whether it is damaged, and will be rebuilt.
        """
        artifact = self.artifact(spec)
        changed = self._changed_dependency(spec, self._weights(spec.dependencies))
        if changed is not None:
            aside = artifact.set_aside(STALE)
            say(
                f"{spec!r} was trained on another {changed!r} than there is now: "
                f"moved aside to {aside}, and trained again"
            )
            return False
        damage = artifact.damage() if artifact.is_done() else None
        if damage is None:
            return False
        say(f"{spec!r}: {artifact.folder / damage} is missing or damaged: rebuilding it")
        artifact.reopen()
        return True

    def _tell_dependants(self, spec: Spec) -> None:
        """After a repair: names all in the workdir that was trained on other weights."""
        builds_on_it = affected(self.workdir, self.key(spec))
        for artifact in builds_on_it:
            say(
                f"{artifact.label}, {artifact.key}: it builds on the {spec!r} of before; "
                "it is trained again when an experiment needs it"
            )
        if not builds_on_it:
            say(f"{spec!r} is rebuilt; nothing was trained on other weights of it")

    def _train(self, spec: Spec) -> bool:
        """Trains a value; False where something it needs was found damaged meanwhile."""
        try:
            with custom_gradients.release_gradient_registry():
                stages.train(spec, self, self.artifact(spec), self.loop_config)
        except InputError as error:
            # The other workers are in the middle of this training, and could not go on to another.
            if self.workers.count > 1 or not self.missing(spec.dependencies):
                raise
            say(str(error))
            return False
        return True

    def _weights(self, specs: Iterable[Spec]) -> dict[Spec, str]:
        """The SHA-256 of the weights of those values whose artifacts are done and whole."""
        weights = ((spec, self.artifact(spec).sound_weights()) for spec in specs)
        return {spec: sha256 for spec, sha256 in weights if sha256 is not None}

    def _changed_dependency(self, spec: Spec, weights: dict[Spec, str]) -> Spec | None:
        """Something that a value's training, finished or not, used with other weights than now.

        Args:
            spec: the value.
            weights: the SHA-256 of the weights that there are now, as far as they are known.
        """
        trained_on = self.artifact(spec).trained_on()
        if trained_on is None:
            return None
        for each in spec.dependencies:
            if each in weights and trained_on.get(self.key(each)) != weights[each]:
                return each
        return None

    def lineage(self, spec: Spec) -> dict[str, str]:
        """The SHA-256 of the weights of each model that a value depends on, by key."""
        return {self.key(each): self.artifact(each).weights_sha256() for each in spec.dependencies}

    def model(self, spec: Spec) -> keras.Model:
        """The trained model of a value: a GAN's generator, or a classifier.

        Raises:
            InputError: it is not trained yet, or its file is damaged.
        """
        artifact = self.artifact(spec)
        if not artifact.is_done():
            raise InputError(f"{spec!r} is not trained yet in {self.workdir}")
        sha256 = artifact.weights_sha256()
        known, model = self._models.pop(spec, ("", None))
        if known != sha256:
            with self._scope():
                model = load_model(artifact.model_file())
        self._models[spec] = sha256, model
        while len(self._models) > KEPT_MODELS:
            del self._models[next(iter(self._models))]
        return model

    def _scope(self) -> AbstractContextManager:
        """Of the strategy; of several workers, none: all of them would have to enter it."""
        return self.strategy.scope() if self.workers.count == 1 else nullcontext()

    # Images. A GAN's images 0 ... N - 1 train classifiers; those after them evaluate them.

    def training_images(self, source: GANImages) -> Images:
        """As many images of a GAN as there are natural training images."""
        return self._images(source, 0, len(self.dataset.train))

    def evaluation_images(self, source: GANImages) -> Images:
        """As many images of a GAN as there are natural evaluation images; none of them trains."""
        return self._images(source, len(self.dataset.train), len(self.dataset.evaluation))

    def _images(self, source: GANImages, start: int, count: int) -> Images:
        shape = self.dataset.image_shape
        if is_streamed(count, shape):
            name, block = self._source_id(source), self.setting.block
            return StreamedImages(self._sampler(source), name, start, count, shape, block)

        def generate() -> np.ndarray:
            images = np.empty((count, *shape), np.uint8)
            sample = self._sampler(source)
            with Progress(f"images of {source!r}", count, unit="images") as progress:
                for first in range(0, count, AT_ONCE):
                    part = images[first : first + AT_ONCE]
                    part[:] = sample(start + np.arange(first, first + len(part)))
                    progress.advance(len(part))
            return images

        name = f"{IMAGES}{start}-{count}-{self._source_id(source)}.npz"
        return ArrayImages(self._cache.array(self.artifact(source).folder / name, generate))

    def _sampler(self, source: GANImages) -> Callable[[np.ndarray], np.ndarray]:
        """Images of a GAN by index, of the weights that it has now."""
        generator = self.model(source)
        return lambda indices: self.setting.sample(generator, indices, source.psi)

    # Measurements

    def natural_logits(self, classifier: Classifier) -> np.ndarray:
        """Logits [N] of the natural evaluation images."""
        model = self._model_id(classifier)
        if model not in self._natural_logits:
            self._natural_logits[model] = self._logits(classifier, None)
        return self._natural_logits[model]

    def generated_logits(self, classifier: Classifier, source: GANImages) -> np.ndarray:
        """Logits [N] of a GAN's evaluation images."""
        return self._logits(classifier, source)

    def _logits(self, classifier: Classifier, source: GANImages | None) -> np.ndarray:
        def score() -> np.ndarray:
            with self._evaluation(source) as images:
                return predict(self.model(classifier), images)[:, 0]

        return self._cache.array(self._logits_file(classifier, source), score)

    def _logits_file(self, classifier: Classifier, source: GANImages | None) -> Path:
        name = f"logits-{self._model_id(classifier)}-{self._source_id(source)}.npz"
        return self.artifact(classifier).folder / name

    def _evaluation(self, source: GANImages | None) -> AbstractContextManager[Images]:
        """The evaluation images of a GAN, the natural ones for None; to be read once, in order."""
        images = self.dataset.evaluation if source is None else self.evaluation_images(source)
        return watched(images, "natural images" if source is None else f"images of {source!r}")

    def detection(self, classifier: Classifier, source: GANImages) -> DetectionMetrics:
        """How well a classifier detects a GAN's evaluation images."""
        # Kept, because every metric of a pair stands in several tables.
        pair = self._model_id(classifier), self._source_id(source)
        if pair not in self._detections:
            self._detections[pair] = detection_metrics(
                self.generated_logits(classifier, source), self.natural_logits(classifier)
            )
        return self._detections[pair]

    def score(self, classifiers: Iterable[Classifier], source: GANImages) -> None:
        """Prepares `detection` by several classifiers: a GAN's images are made once for all.

        Where they are not kept, making them is most of the work.
        """
        images = self._source_id(source)
        new = [
            each
            for each in dict.fromkeys(classifiers)
            if (self._model_id(each), images) not in self._detections
            and not self._logits_file(each, source).exists()
        ]
        # As many at a time as stay in memory beside the generator.
        for first in range(0, len(new), KEPT_MODELS - 1):
            self._score_at_once(new[first : first + KEPT_MODELS - 1], source)

    def _score_at_once(self, classifiers: list[Classifier], source: GANImages) -> None:
        with self._evaluation(source) as images:
            outputs = predict_each([self.model(each) for each in classifiers], images)
        for classifier, output in zip(classifiers, outputs, strict=True):
            logits = self._cache.array(
                self._logits_file(classifier, source), lambda logits=output[:, 0]: logits
            )
            pair = self._model_id(classifier), self._source_id(source)
            self._detections[pair] = detection_metrics(logits, self.natural_logits(classifier))

    def frechet_distance(self, source: GANImages) -> float:
        """Frechet distance of a GAN's evaluation images to the natural ones.

        Over the judge's features: comparable only with figures of the same data set, number of
        images and judge.
        """
        return frechet_distance(*self._statistics(None), *self._statistics(source))

    def natural_frechet_distance(self) -> float:
        """The same of as many natural training images: what perfect images would reach."""
        count = min(len(self.dataset.train), len(self.dataset.evaluation))

        def training() -> AbstractContextManager[Images]:
            return watched(Subset(self.dataset.train, np.arange(count)), "natural images")

        training_statistics = self._cached_statistics("training", training)
        return frechet_distance(*self._statistics(None), *training_statistics)

    def digit_accuracy(self) -> float:
        """Fraction of natural evaluation images whose digit the digit classifier tells."""
        logits = predict(self.model(DigitClassifier()), self.dataset.evaluation)
        return float(np.mean(logits.argmax(axis=1) == self.dataset.evaluation_labels))

    def digit_confidence(self, source: GANImages | None) -> float:
        """Mean of the digit classifier's largest probability over the evaluation images.

        Args:
            source: whose images; None for the natural ones.
        """
        digits = DigitClassifier()

        def compute() -> np.ndarray:
            with self._evaluation(source) as images:
                logits = predict(self.model(digits), images)
            return softmax(logits, axis=1).max(axis=1)

        name = f"confidence-{self._model_id(digits)}-{self._source_id(source)}.npz"
        return float(np.mean(self._cache.array(self.artifact(digits).folder / name, compute)))

    def last_metrics(self, spec: Spec) -> dict[str, float]:
        """The training's metrics over its last steps, as they stand in its last line."""
        return self.artifact(spec).manifest()["metrics"]

    def _statistics(self, source: GANImages | None) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] of the features of evaluation images."""
        return self._cached_statistics(self._source_id(source), lambda: self._evaluation(source))

    def _cached_statistics(
        self, source: str, evaluation: Callable[[], AbstractContextManager[Images]]
    ) -> tuple[np.ndarray, np.ndarray]:
        def compute() -> np.ndarray:
            with evaluation() as images:
                return np.vstack(gaussian_statistics(self.judge.features(images)))

        # The natural images' too are named after the data: labs of several share the folder.
        name = f"{self.dataset.fingerprint[:16]}-{source}.npz"
        folder = self.workdir / STATISTICS / self.judge.sha256()[:16]
        mean, *covariance = self._cache.array(folder / name, compute)
        return mean, np.stack(covariance)

    def _source_id(self, source: GANImages | None) -> str:
        if source is None:
            return "natural"
        # One model has the images of several values: truncated ones, and as many as are asked for.
        psi = "" if source.psi == 1 else f"-psi-{source.psi:g}"
        return f"{self._model_id(source)}{psi}"

    def _model_id(self, spec: Spec) -> str:
        """Names a trained model by its weights, for the names of what is computed from it."""
        return self.artifact(spec).weights_sha256()[:16]
