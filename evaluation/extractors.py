"""Images to features, by the name or file of what makes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError, sha256_file
from gan_knowledge_gaps.evaluation.config import INCEPTION, RANDOM_VGG16
from gan_knowledge_gaps.evaluation.inception import PUBLISHED, Inception, check_file
from gan_knowledge_gaps.evaluation.random_vgg import random_vgg16
from gan_knowledge_gaps.evaluation.torch_inception import NAME as TORCH_NAME
from gan_knowledge_gaps.evaluation.torch_inception import is_torch_file, torch_inception
from gan_knowledge_gaps.training.keras_models import load_model, shapes


class Extractor(Protocol):
    """A network that turns images into features.

    Attributes:
        name: stands in the names of scores.
        sha256: of its weights, in hexadecimal.
        is_inception: whether it is the standard network, whose scores alone are called FID and KID.
    """

    name: str
    sha256: str
    is_inception: bool

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 [n, H, W, 1 or 3] to features, float32 [n, D]."""


def open_extractor(
    name: str, inception: str | None = None, inception_sha256: str | None = None
) -> Extractor:
    """Opens an extractor by its name or file.

    Args:
        name: inception, random-vgg16, or the path of a Keras model from images in [0, 255] to
            features [N, D].
        inception: path of the standard graph, of its archive or of its weights in PyTorch's
            format; for inception only.
        inception_sha256: what its SHA-256 must be, or None.

    Raises:
        InputError: there is no extractor of that name, or its file cannot be used.
    """
    if name == INCEPTION:
        if not inception:
            raise InputError(
                f"--inception is missing: give the path of {Path(PUBLISHED).name} or of the "
                f"classify_image_graph_def.pb in it, published at {PUBLISHED} (nothing is "
                "downloaded by itself), or another extractor by --features=random-vgg16"
            )
        return _open_inception(Path(inception), inception_sha256)
    if name == RANDOM_VGG16:
        model, sha256 = random_vgg16()
        return KerasExtractor(RANDOM_VGG16, sha256, model)
    path = Path(name)
    if path.suffix != ".keras" or not path.is_file():
        raise InputError(
            f"--features is '{name}'; it must be {INCEPTION}, {RANDOM_VGG16} or a .keras file"
        )
    model = load_model(path, "--features")
    takes, gives = shapes(model)
    if takes is not None and (len(takes), len(gives)) != (4, 2):
        raise InputError(
            f"--features: {path} maps {takes} to {gives}, not images [N, H, W, C] to features "
            "[N, D]"
        )
    return KerasExtractor(path.name, sha256_file(path), model)


def _open_inception(path: Path, sha256: str | None) -> Extractor:
    check_file(path)
    if not is_torch_file(path):
        return Inception(path, sha256)
    model, digest = torch_inception(path, sha256)
    return KerasExtractor(TORCH_NAME, digest, model, is_inception=True)


class KerasExtractor:
    """Features of a Keras model.

    Args:
        name: stands in the names of scores.
        sha256: of its weights.
        model: float32 images [N, H, W, C] in [0, 255] to features [N, D].
        is_inception: whether it is the standard network of the FID.
    """

    def __init__(self, name: str, sha256: str, model: Callable, is_inception: bool = False):
        self.name, self.sha256, self.is_inception = name, sha256, is_inception
        self._model = model
        self._graphs: dict[tuple, Callable] = {}

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 [n, H, W, C] to features, float32 [n, D].

        Raises:
            InputError: the model takes other images, or gives no features.
        """
        try:
            features = self._graph(images.shape[1:])(tf.constant(images)).numpy()
        except (ValueError, TypeError, AttributeError, tf.errors.InvalidArgumentError) as error:
            raise InputError(
                f"{self.name} takes no images of {images.shape[1:]}: {first_line(error)}"
            ) from error
        if features.ndim != 2 or len(features) != len(images):
            raise InputError(
                f"{self.name} gives {features.shape} for {len(images)} images, not features [N, D]"
            )
        if not np.isfinite(features).all():
            raise InputError(f"{self.name} gives features that are not finite: its weights are bad")
        return features.astype(np.float32, copy=False)

    def _graph(self, shape: tuple[int, int, int]) -> Callable[[tf.Tensor], tf.Tensor]:
        """The features of batches of any size."""
        if shape not in self._graphs:
            self._graphs[shape] = tf.function(
                lambda images: self._model(tf.cast(images, tf.float32), training=False),
                input_signature=[tf.TensorSpec([None, *shape], tf.uint8)],
                autograph=False,
            )
        return self._graphs[shape]


def first_line(error: Exception) -> str:
    """The first line of a library's message that says something."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line), type(error).__name__)
