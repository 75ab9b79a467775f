"""The DCGAN's configuration."""

import dataclasses

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import (
    PRECISIONS,
    check_at_least,
    check_at_most,
    check_choices,
)

IMAGE_SHAPE = (28, 28, 1)
BATCH = 256  # images that `dcgan.sampling` makes at once


@dataclasses.dataclass(frozen=True)
class DCGANConfig:
    """Configuration of a DCGAN's training, apart from data, seed and classifiers to fool.

    The paper fixes the generator's layers (supplement 1.2) and nothing of the training. All other
    defaults are choices of this project, made so that MNIST digits come out clean.

    Attributes:
        latent_dim: Dimensions of the noise vector z; 100 in the paper.
        width: Multiplier of every hidden layer's channels, in both networks; 1 is the paper's
            generator, smaller is faster and no longer the paper's (not fixed: discriminator).
        discriminator_width: A further multiplier of the discriminator's channels (not fixed by the
            paper).
        epochs: Passes over the natural training images (not fixed by the paper).
        batch_size: Images of each kind in a step (not fixed by the paper).
        generator_learning_rate: Adam's learning rate for the generator at the start; it falls
            linearly to 0 (not fixed by the paper).
        discriminator_learning_rate: Adam's learning rate for the discriminator at the start; it
            falls linearly to 0 (not fixed by the paper).
        beta_1: Adam's first moment decay; 0.5 as in Radford et al. (not fixed by the paper).
        beta_2: Adam's second moment decay (not fixed by the paper).
        precision: Arithmetic of the hidden layers: float32, or mixed_bfloat16, which is faster
            on some processors that have bfloat16 (not fixed by the paper).

    Example:
        >>> from gan_knowledge_gaps.dcgan import DCGANConfig
        >>> DCGANConfig(epochs=2, batch_size=16).steps(images=56_000)
        7000
    """

    latent_dim: int = 100
    width: float = 1.0
    discriminator_width: float = 1.0
    epochs: int = 50
    batch_size: int = 16
    generator_learning_rate: float = 1e-3
    discriminator_learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.999
    precision: str = "float32"

    def __post_init__(self):
        check_at_least(
            self, latent_dim=1, width=1 / 32, discriminator_width=1 / 32, epochs=1, batch_size=2,
            generator_learning_rate=0, discriminator_learning_rate=0, beta_1=0, beta_2=0,
        )  # fmt: skip
        check_at_most(self, latent_dim=1_000_000, width=64, discriminator_width=64)
        check_choices(self, precision=PRECISIONS)
        for name in ("beta_1", "beta_2"):
            if getattr(self, name) >= 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be below 1")

    def steps(self, images: int) -> int:
        """Training steps for a data set of `images` training images."""
        return max(1, self.epochs * images // self.batch_size)


PRESETS = {
    "quick": DCGANConfig(
        width=0.25,
        epochs=8,
        batch_size=16,
        generator_learning_rate=2e-3,
        discriminator_learning_rate=2e-3,
    ),
    "reduced": DCGANConfig(epochs=2),
    "node": DCGANConfig(epochs=10),
    "paper": DCGANConfig(),
}
