"""The classifiers' configuration."""

import dataclasses

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import (
    PRECISIONS,
    check_at_least,
    check_at_most,
    check_choices,
)

# Of the small CNN: the smallest height and width, and the layer whose features are used.
CNN_LEAST_SIZE, CNN_FEATURES = 10, "features"
MOST_VALIDATION = 2000  # images of each kind, at most a tenth of those that train


@dataclasses.dataclass(frozen=True)
class ClassifierConfig:
    """Configuration of a classifier's training, apart from its architecture, pool and seed.

    The paper fixes the layers, the balance and the threshold (supplement 1.3), and that training
    runs "till convergence" without pretraining. All defaults are choices of this project.

    Attributes:
        epochs: Passes over the pool: each generated image once, each natural one once per
            generator in the pool (not fixed by the paper).
        batch_size: Images in a step, half of them natural; even (not fixed by the paper).
        learning_rate: Adam's learning rate at the start; it falls linearly to 0 (not fixed by the
            paper).
        precision: Arithmetic of the hidden layers: float32, or mixed_bfloat16, which is faster
            on some processors that have bfloat16 (not fixed by the paper).
        width: Factor of the hidden channels; 1 is the architecture that the name stands for.
        jpeg_quality: Quality of the JPEG encoding that natural and generated images both pass
            through first; 0 for none, as in the paper's MNIST setting. In its StyleGAN2 setting
            images are encoded; it does not fix the quality.
        enlarge: Whether images below the smallest size that an architecture takes are enlarged to
            it, instead of refused; for runs at a small scale.
        patience: Steps without a lower validation loss after which a training that has validation
            images stops, and at least three epochs ("till convergence" in the paper, which does not
            say how that is told). Others, such as a lab's, train all epochs.

    Example:
        >>> from gan_knowledge_gaps.classifiers import ClassifierConfig
        >>> config = ClassifierConfig(epochs=2, batch_size=64, jpeg_quality=75)
        >>> config.steps(images=3200, generators=3)
        600
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    precision: str = "float32"
    width: float = 1.0
    jpeg_quality: int = 0
    enlarge: bool = False
    patience: int = 5

    def __post_init__(self):
        check_at_least(
            self, epochs=1, batch_size=2, learning_rate=0, width=0.01, jpeg_quality=0, patience=1
        )
        check_choices(self, precision=PRECISIONS)
        check_at_most(self, jpeg_quality=100, width=16)
        if self.batch_size % 2:
            raise InputError(f"batch_size is {self.batch_size}; it must be even, half of each kind")

    def steps(self, images: int, generators: int) -> int:
        """Training steps for `generators` generators and `images` natural training images."""
        return max(1, self.epochs * 2 * images * generators // self.batch_size)


def validation_count(images: int) -> int:
    """How many of so many training images are held back to tell when a training has converged."""
    return min(MOST_VALIDATION, images // 10)


# Of detectors for a user's own images.
DETECTOR = ClassifierConfig(epochs=50, jpeg_quality=75, patience=2000)
# Of detectors whose training begins with weights of other images: a higher rate forgets these.
FINE_TUNED = dataclasses.replace(DETECTOR, learning_rate=1e-4)

PRESETS = {
    "quick": ClassifierConfig(epochs=4),
    "reduced": ClassifierConfig(epochs=2),
    "node": ClassifierConfig(),
    "paper": ClassifierConfig(),
}


@dataclasses.dataclass(frozen=True)
class DigitConfig:
    """Configuration of a digit classifier's training. The paper has none: our choices.

    Attributes:
        epochs: Passes over the natural training images.
        batch_size: Images in a step.
        learning_rate: Adam's learning rate at the start; it falls linearly to 0.

    Example:
        >>> from gan_knowledge_gaps.classifiers import DigitConfig
        >>> DigitConfig(epochs=2, batch_size=100).steps(images=5000)
        100
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3

    def __post_init__(self):
        check_at_least(self, epochs=1, batch_size=1, learning_rate=0)

    def steps(self, images: int) -> int:
        """Training steps for `images` natural training images."""
        return max(1, self.epochs * images // self.batch_size)


DIGIT_PRESETS = {
    "quick": DigitConfig(epochs=20, batch_size=64),
    "reduced": DigitConfig(epochs=5),
    "node": DigitConfig(),
    "paper": DigitConfig(),
}
