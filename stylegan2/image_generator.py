"""Makes pictures from seeds or from w, for all commands that make pictures."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.picture import MODES
from gan_knowledge_gaps.stylegan2.config import BLOCK
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.sampling import to_pixels
from gan_knowledge_gaps.stylegan2.saved import load_network
from gan_knowledge_gaps.training.keras_models import reading
from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.randomness import derive_seed, normal


class ImageGenerator:
    """Makes pictures by a StyleGAN2 generator, from seeds or from w.

    Args:
        generator: trained or imported.
        truncation: psi of the truncation trick; 1 for none.
        noise: "constant", "none", or "random": that of a picture's seed.
        label: class of all pictures, where the network has classes.
        labelled: whether the label is needed: for w of latents, and not for pictures of w.

    Raises:
        InputError: the network has classes and label is none of them, or it has none.

    Example:
        >>> from gan_knowledge_gaps.stylegan2 import load_network
        >>> from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator
        >>> generator = load_network("faces.keras")  # or a run's folder, or a published .pkl file
        >>> images = ImageGenerator(generator, truncation=0.7)
        >>> w = images.w(images.z(seeds=[85, 100]))
        >>> images.pictures(w).shape
        (2, 32, 32, 3)
    """

    def __init__(
        self,
        generator: Generator,
        truncation: float = 1.0,
        noise: str = "constant",
        label: int | None = None,
        labelled: bool = True,
    ):
        self.generator, self.truncation, self.noise = generator, truncation, noise
        self.label = _one_hot(label, generator.config.label_dim) if labelled else None

    @classmethod
    def from_flags(cls, labelled: bool = True) -> "ImageGenerator":
        """The image generator that the flags describe."""
        values = flags.FLAGS
        library.prefer(values.ops)
        generator = load_network(values.network)
        if generator.config.channels not in MODES:
            raise InputError(
                f"the network's images have {generator.config.channels} channels; pictures have "
                "1 (grey), 2 (with alpha), 3 (RGB) or 4 (RGBA)"
            )
        return cls(generator, values.truncation, values.noise, values.label, labelled)

    def z(self, seeds: Iterable[int]) -> np.ndarray:
        """Latents of seeds, float32 [n, latent_dim].

        NumPy's `RandomState(seed).randn`, as in the published StyleGAN2: its seeds give the same
        pictures with its weights.
        """
        dimensions = self.generator.config.latent_dim
        rows = [np.random.RandomState(seed).randn(dimensions) for seed in seeds]
        return np.asarray(rows, np.float32).reshape(-1, dimensions)

    def w(self, z: np.ndarray) -> np.ndarray:
        """Latents to truncated w, float32 [n, num_layers, w_dim]."""
        labels = None if self.label is None else np.repeat(self.label, len(z), axis=0)
        return self.truncated(self.generator.mapping(z, labels=labels))

    def truncated(self, w: tf.Tensor | np.ndarray) -> np.ndarray:
        """w [n, num_layers, w_dim] after the truncation trick."""
        return np.asarray(self.generator.truncate(w, self.truncation))

    def pictures(self, w: np.ndarray, seeds: Iterable[int] | None = None) -> np.ndarray:
        """Pictures of w, uint8 [n, H, W, C].

        Args:
            w: [n, num_layers, w_dim].
            seeds: of each picture's noise, where the noise is random.
        """
        seeds = [0] * len(w) if seeds is None else list(seeds)
        parts = []
        for start in range(0, len(w), BLOCK):
            part = slice(start, start + BLOCK)
            noise = _seeded_noise(seeds[part]) if self.noise == "random" else self.noise
            images = self.generator.synthesis(w[part], noise=noise)
            parts.append(to_pixels(images.numpy()))
        return np.concatenate(parts)


def read_w(path: str, generator: Generator) -> np.ndarray:
    """w from a file, float32 [n, num_layers, w_dim].

    Args:
        path: of an .npy file, or of an .npz file with the array `w`, which the original's projector
            writes (projected_w.npz).
        generator: whose w it must be.

    Raises:
        InputError: the file can't be read, or doesn't hold finite w of this generator.
    """
    layers, w_dim = generator.config.num_layers, generator.config.w_dim
    with reading(path, "--w", "as w in an .npy or .npz file"):
        w = np.load(Path(path), allow_pickle=False)
        if not isinstance(w, np.ndarray):
            with w as arrays:
                if "w" not in arrays:
                    raise InputError(f"it holds {', '.join(arrays) or 'nothing'}, and no array w")
                w = arrays["w"]
    if w.shape[1:] != (layers, w_dim) or not len(w) or w.dtype.kind != "f":
        raise InputError(
            f"{path} holds {w.dtype} {w.shape}; w of this network is [n, {layers}, {w_dim}]"
        )
    with np.errstate(over="ignore"):
        w = w.astype(np.float32)
    if not np.isfinite(w).all():
        raise InputError(f"{path} holds w that are not finite: project the picture again")
    return w


def _one_hot(label: int | None, classes: int) -> np.ndarray | None:
    if not classes:
        if label is not None:
            raise InputError("--label: the network has no classes")
        return None
    if label is None or not 0 <= label < classes:
        raise InputError(f"--label must be 0 ... {classes - 1}: the network has classes")
    return np.eye(classes, dtype=np.float32)[[label]]


def _seeded_noise(seeds: list[int]):
    """Noise whose row depends on (layer, seed) alone."""

    def noise(layer: int, size: tuple) -> tf.Tensor:
        shape = (*size[1:], 1)
        return tf.stack([normal(shape, derive_seed(seed, "noise", layer), 0) for seed in seeds])

    return noise
