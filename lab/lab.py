"""The lab: turns values into trained artifacts, each trained once, and gives their images."""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar, cast

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import ArrayImages, Dataset, Images, InputError
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.lab.config import KEPT_MODELS, LabConfig
from gan_knowledge_gaps.lab.quality import ExtractorMetric, QualityMetric, default_metric
from gan_knowledge_gaps.lab.specs import GAN, Classifier, ImageSource, Spec, in_order
from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.lab.store.cache import DEFAULT_BYTES, IMAGES, Cache
from gan_knowledge_gaps.lab.store.inventory import ARTIFACTS
from gan_knowledge_gaps.lab.streaming import StreamedImages, is_streamed
from gan_knowledge_gaps.lab.trainings import Trainings
from gan_knowledge_gaps.training.compiling import CompiledSteps
from gan_knowledge_gaps.training.family import GANFamily
from gan_knowledge_gaps.training.keras_models import load_model
from gan_knowledge_gaps.training.loop import LoopConfig
from gan_knowledge_gaps.training.progress import Progress
from gan_knowledge_gaps.training.task import copy_values, flat_variables
from gan_knowledge_gaps.training.workers import Workers

Value = TypeVar("Value")

# Part of every key: raised when the same value and configuration come to mean another training.
FORMAT = 4
# Images between two looks at the progress: whole blocks of every generator.
AT_ONCE = 1024


class Lab:
    """Trains values, keeps the trained artifacts in a workdir, and gives their models and images.

    Args:
        workdir: where artifacts are kept; experiments with one workdir share them.
        dataset: natural images.
        config: how everything is trained.
        strategy: how a training spreads over devices; default: this process's current strategy.
        loop_config: how trainings are watched and saved.
        quality: what measures the images' quality; default: the features of a digit classifier
            where the configuration has one and the images have labels, else random-vgg16.
        cache_bytes: of the disk, for what is computed from models.

    Attributes:
        quality: the metric of the images' quality.
        workers: the processes that train together.
        trainings: trains missing values.
        steps: compiled steps of trainings.
        watchers: a classifier that each GAN does not fool, whose detection rate is logged while the
            GAN trains, once it is there; none for GANs that are not named.

    Raises:
        InputError: a family of GANs makes images of another shape than the natural ones.

    Example:
        >>> from gan_knowledge_gaps.data import load
        >>> from gan_knowledge_gaps.lab import Lab, presets
        >>> from gan_knowledge_gaps.lab.specs import GAN, Classifier
        >>> lab = Lab("runs", load("digits"), presets("dcgan")["quick"])
        >>> classifier = Classifier(0, pool=[GAN(0), GAN(1)])
        >>> fooling = GAN(1000, fools=[classifier], phi=1.0)
        >>> for each in lab.missing([fooling]):  # `lab.train([fooling])` trains these
        ...     print(each)
        GAN(dcgan, seed 0)
        GAN(dcgan, seed 1)
        Classifier(cnn, seed 0, pool of 2)
        GAN(dcgan, seed 1000, fools 1, phi 1)
    """

    def __init__(
        self,
        workdir: str | Path,
        dataset: Dataset,
        config: LabConfig,
        strategy: tf.distribute.Strategy | None = None,
        loop_config: LoopConfig | None = None,
        quality: ExtractorMetric | None = None,
        cache_bytes: int = DEFAULT_BYTES,
    ):
        self.workdir, self.dataset, self.config = Path(workdir), dataset, config
        self.strategy = strategy or tf.distribute.get_strategy()
        self.loop_config = loop_config or LoopConfig()
        self.quality: QualityMetric = quality or default_metric(self)
        self.workers = Workers(self.strategy)
        self.trainings, self.steps = Trainings(self), CompiledSteps(self.strategy)
        self.watchers: Mapping[GAN, Classifier] = {}
        self._cache = Cache(self.workdir, cache_bytes, writes=self.workers.is_chief)
        self._keys: dict[Spec, str] = {}
        # By the weights they had when they were read: a model may be trained again meanwhile. The
        # one that was used last stands last.
        self._models: dict[Spec, tuple[str, keras.Model]] = {}
        self._remembered: dict[Hashable, object] = {}
        for family in config.families:
            if family.image_shape != dataset.image_shape:
                raise InputError(
                    f"{family.name} makes images of {family.image_shape}, "
                    f"the natural ones are {dataset.image_shape}"
                )

    # Artifacts

    def key(self, spec: Spec) -> str:
        """The name of a value's artifact.

        A hash over the value, its training configuration, the data's fingerprint, and the keys of
        all it depends on. If any of them changes, the value has another artifact.
        """
        if spec not in self._keys:
            content = {
                "format": FORMAT,
                "kind": spec.kind,
                **spec.fields,
                "depends_on": [self.key(dependency) for dependency in spec.dependencies],
                "configuration": spec.configuration(self.config),
                "data": self.dataset.fingerprint,
            }
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            self._keys[spec] = f"{spec.kind}-{digest[:16]}"
        return self._keys[spec]

    def artifact(self, spec: Spec) -> Artifact:
        """The folder of a value, whether it is trained or not."""
        return Artifact(self.workdir / ARTIFACTS / self.key(spec), repr(spec))

    def missing(self, specs: Iterable[Spec]) -> list[Spec]:
        """The values that have to be trained for these, in the order of training.

        These are the values that were not trained yet, that are damaged, or that were trained on
        other models than there are now.
        """
        ordered = in_order(specs)
        weights = self.weights(ordered)
        return [
            spec
            for spec in ordered
            if spec.has_artifact
            and (spec not in weights or self.changed_dependency(spec, weights) is not None)
        ]

    def state(self, spec: Spec) -> str:
        """The state of a missing value: started, damaged, stale, or "" for not begun."""
        artifact = self.artifact(spec)
        if self.changed_dependency(spec, self.weights(spec.dependencies)) is not None:
            return "stale"
        if artifact.is_done():
            return "damaged"
        return "started" if artifact.folder.exists() else ""

    def train(self, specs: Iterable[Spec]) -> list[Spec]:
        """Trains what is missing for these values; see `Trainings.train`."""
        return self.trainings.train(specs)

    def weights(self, specs: Iterable[Spec]) -> dict[Spec, str]:
        """The SHA-256 of the weights of those values whose artifacts are done and whole.

        Of images from outside, which have no artifact, it is their fingerprint.
        """
        weights = (
            (spec, spec.fingerprint or self.artifact(spec).sound_weights()) for spec in specs
        )
        return {spec: sha256 for spec, sha256 in weights if sha256 is not None}

    def changed_dependency(self, spec: Spec, weights: dict[Spec, str]) -> Spec | None:
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
        return {self.key(each): self.sha256(each) for each in spec.dependencies}

    def sha256(self, spec: Spec) -> str:
        """The SHA-256 of a value's weights, or the fingerprint of images from outside."""
        return spec.fingerprint or self.artifact(spec).weights_sha256()

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

    def copy_networks(self, source: ImageSource, networks: dict[str, keras.Model]) -> None:
        """Gives networks the weights of those of a GAN or a starting point, averages included."""
        start = self.artifact(source)
        files = [start.model_file(), *(start.folder / f"{name}.keras" for name in [*networks][1:])]
        for network, file in zip(networks.values(), files, strict=True):
            try:
                theirs = load_model(file)
            except InputError as error:
                raise InputError(
                    f"{file} is missing or damaged; run its experiment again, which rebuilds it"
                ) from error
            copy_values(flat_variables(network), flat_variables(theirs))

    # Images. A generator's images 0 ... N - 1 train classifiers; those after them evaluate them.

    def training_images(self, source: ImageSource) -> Images:
        """The images of a source that train classifiers."""
        return source.images(self, evaluation=False)

    def evaluation_images(self, source: ImageSource) -> Images:
        """The images of a source that evaluate classifiers; none of them trains."""
        return source.images(self, evaluation=True)

    def generated(self, source: ImageSource, evaluation: bool) -> Images:
        """As many images of a generator as there are natural ones in the part."""
        start = len(self.dataset.train) if evaluation else 0
        count = len(self.dataset.evaluation if evaluation else self.dataset.train)
        shape = self.dataset.image_shape
        if is_streamed(count, shape):
            name, block = self.source_id(source), self._family(source).block
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

        name = f"{IMAGES}{start}-{count}-{self.source_id(source)}.npz"
        return ArrayImages(self.cached(self.artifact(source).folder / name, generate))

    def _family(self, source: ImageSource) -> type[GANFamily]:
        assert source.family is not None  # all that come here are made by a generator of a family
        return families.find(source.family)

    def _sampler(self, source: ImageSource) -> Callable[[np.ndarray], np.ndarray]:
        """Images of a generator by index, of the weights that it has now."""
        generator, family = self.model(source), self._family(source)
        return lambda indices: family.sample(generator, indices, source.psi)

    # What is computed of them is kept: under names that say of which weights it is.

    def source_id(self, source: ImageSource | None) -> str:
        """Names the images of a source as they are now; None for the natural ones."""
        if source is None:
            return "natural"
        # One model has the images of several values: truncated ones, and as many as are asked for.
        psi = "" if source.psi == 1 else f"-psi-{source.psi:g}"
        return f"{self.model_id(source)}{psi}"

    def model_id(self, spec: Spec) -> str:
        """Names a trained model by its weights, for the names of what is computed from it."""
        return self.sha256(spec)[:16]

    def cached(self, path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """An array of the workdir's cache, see `Cache.array`."""
        return self._cache.array(path, compute)

    def has_remembered(self, key: Hashable) -> bool:
        """Whether `remembered` needs to compute nothing."""
        return key in self._remembered

    def remembered(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """A value that this process computes once."""
        if key not in self._remembered:
            self._remembered[key] = compute()
        return cast("Value", self._remembered[key])
