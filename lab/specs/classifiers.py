"""Classifiers: of natural against generated images, and of digits."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gan_knowledge_gaps.classifiers.config import validation_count
from gan_knowledge_gaps.classifiers.models import check_architecture
from gan_knowledge_gaps.data import Images, Joined
from gan_knowledge_gaps.lab.specs.base import ImageSource, Spec
from gan_knowledge_gaps.lab.streaming import StreamedImages
from gan_knowledge_gaps.training.config import to_json

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.classifiers import DigitConfig
    from gan_knowledge_gaps.lab.config import LabConfig
    from gan_knowledge_gaps.lab.workshop import Workshop
    from gan_knowledge_gaps.training.task import Task


class Classifier(Spec):
    """One classifier instance, natural against the generated images of a pool of sources.

    Args:
        seed: seed of its weights and data order.
        pool: the sources whose images it is trained on, of one family or of several.
        architecture: one of `classifiers.ARCHITECTURES`.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import GAN, Classifier
        >>> Classifier(0, pool=[GAN(0), GAN(1)], architecture="resnet50")
        Classifier(resnet50, seed 0, pool of 2)
    """

    kind = "classifier"

    def __init__(self, seed: int, pool: Iterable[ImageSource], architecture: str = "cnn"):
        self.seed, self.pool, self.architecture = seed, tuple(pool), architecture
        self.dependencies = self.pool
        super().__init__(seed=seed, architecture=architecture)

    def __repr__(self) -> str:
        return f"Classifier({self.architecture}, seed {self.seed}, pool of {len(self.pool)})"

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """The configuration of all classifiers, with their augmentation."""
        return config.classifier_configuration

    def check(self, config: "LabConfig", image_shape: tuple[int, int, int]) -> None:
        """Raises InputError where its architecture does not take them."""
        size = config.classifier
        check_architecture(self.architecture, image_shape, size.width, size.enlarge)

    def steps(self, config: "LabConfig", images: int) -> int:
        """Training steps; the most of them if it trains until it converges."""
        if config.converge:
            images -= validation_count(images)
        return config.classifier.steps(images, len(self.pool))

    def batch_size(self, config: "LabConfig") -> int:
        """Images of a step."""
        return config.classifier.batch_size

    def build(self, lab: "Workshop") -> "tuple[Task, dict[str, keras.Model]]":
        """Its training."""
        from gan_knowledge_gaps.classifiers import ClassifierTask

        natural, validation = lab.dataset.train, None
        generated = [lab.training_images(source) for source in self.pool]
        config = lab.config
        if config.converge:
            (natural, held_back), *parts = [_split(images) for images in (natural, *generated)]
            generated = [part for part, _ in parts]
            validation = held_back, Joined([part for _, part in parts])
        task = ClassifierTask(
            self.architecture, config.classifier, natural, generated, self.seed,
            config.augmentation, validation,
        )  # fmt: skip
        return task, {"model": task.model}

    @property
    def cost_class(self) -> "Classifier":
        """One of the architecture, trained on a GAN of the family of its pool's first source."""
        return Classifier(0, [self.pool[0].plain], self.architecture)

    @property
    def reads_generated(self) -> ImageSource:
        """The first source of its pool."""
        return self.pool[0]

    @property
    def cost_name(self) -> str:
        """Classifier, and its architecture."""
        return f"{self.kind} {self.architecture}"


def _split(images: Images) -> tuple[Images, Images]:
    """Training images, and those that are held back to tell when the training has converged."""
    from gan_knowledge_gaps.classifiers.training_inputs import held_back

    if not isinstance(images, StreamedImages):
        return held_back(images)
    # The last ones, so that both parts are of whole blocks; they are independent draws.
    first = len(images) - validation_count(len(images))
    return images.part(0, first), images.part(first, len(images) - first)


def _digits(config: "LabConfig") -> "DigitConfig":
    assert config.digits is not None  # see `quality.default_metric`
    return config.digits


class DigitClassifier(Spec):
    """A classifier of the ten digits, whose features measure the quality of generated digits.

    Args:
        seed: seed of its weights and data order.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import DigitClassifier
        >>> DigitClassifier() == DigitClassifier(seed=0)
        True
    """

    kind = "digits"

    def __init__(self, seed: int = 0):
        self.seed = seed
        super().__init__(seed=seed)

    def __repr__(self) -> str:
        return f"DigitClassifier(seed {self.seed})"

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """The configuration of digit classifiers."""
        return to_json(config.digits)

    def steps(self, config: "LabConfig", images: int) -> int:
        """Training steps."""
        return _digits(config).steps(images)

    def batch_size(self, config: "LabConfig") -> int:
        """Images of a step."""
        return _digits(config).batch_size

    def build(self, lab: "Workshop") -> "tuple[Task, dict[str, keras.Model]]":
        """Its training."""
        from gan_knowledge_gaps.classifiers import DigitTask

        natural, labels = lab.dataset.train, lab.dataset.train_labels
        assert labels is not None  # see `quality.default_metric`
        task = DigitTask(_digits(lab.config), natural, labels, self.seed)
        return task, {"model": task.model}

    @property
    def cost_class(self) -> "DigitClassifier":
        """The digit classifier of seed 0."""
        return DigitClassifier()
