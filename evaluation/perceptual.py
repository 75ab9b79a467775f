"""Perceptual distances of pairs of images, by a model that the user gives."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError, sha256_file
from gan_knowledge_gaps.training.keras_models import load_model, reading

LARGEST = 256  # height and width at which a perceptual network looks at larger images


def seen(images: tf.Tensor, crop: bool) -> tf.Tensor:
    """What a perceptual network is given of images.

    Args:
        images: [N, H, W, C], H = W a power of two, 8 at least.
        crop: whether to take only the part that holds the face in FFHQ and CelebA-HQ: rows 3/8 ...
            7/8, columns 2/8 ... 6/8 (Karras et al. 2019).

    Returns:
        [N, h, w, C]: above 256x256 the means of the square blocks that make it 256x256.
    """
    images = tf.convert_to_tensor(images)
    if crop:
        eighth = images.shape[1] // 8
        images = images[:, 3 * eighth : 7 * eighth, 2 * eighth : 6 * eighth]
    factor = images.shape[1] // LARGEST
    if factor <= 1:
        return images
    count, height, width, channels = images.shape
    blocks = [count, height // factor, factor, width // factor, factor, channels]
    return tf.reduce_mean(tf.reshape(images, blocks), axis=[2, 4])


class Perceptual:
    """A perceptual distance that names the model behind it.

    Args:
        path: as `load_distance` takes it: a model from two batches of float32 images [N, H, W, 3]
            as `seen` gives them, about [0, 255], to distances [N] that grow with the square of a
            small change, as LPIPS does. A SavedModel is code: give only one that you trust.

    Attributes:
        name: of the file or folder.
        sha256: of its contents.

    Raises:
        InputError: there is no such model.
    """

    def __init__(self, path: str | None):
        if not path:
            raise InputError(
                "--perceptual is missing: path lengths need a Keras model or SavedModel from pairs "
                "of images to distances (LPIPS with VGG16, for scores like the published ones)"
            )
        found = Path(path)
        if not found.exists():
            raise InputError(f"--perceptual: there is neither a file nor a folder {path}")
        self.name = found.name
        self.sha256 = _sha256_folder(found) if found.is_dir() else sha256_file(found)
        self._distance = load_distance(path)

    def __call__(self, first: tf.Tensor, second: tf.Tensor) -> np.ndarray:
        """Distances [N] of two batches of images [N, H, W, 1 or 3]; grey ones become RGB."""
        pair = [
            tf.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
            for images in map(tf.convert_to_tensor, (first, second))
        ]
        distances = np.asarray(self._distance(*pair))
        if not np.isfinite(distances).all():
            raise InputError(f"--perceptual: {self.name} gives distances that are not finite")
        return distances


def _sha256_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()} {sha256_file(path)}\n".encode())
    return digest.hexdigest()


def load_distance(path: str) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A distance between images, such as LPIPS with weights that the user has.

    Args:
        path: a `.keras` file or a SavedModel (its `serving_default`, or the model itself) that
            takes two batches of images, float32 [N, H, W, C] in [0, 255].

    Returns:
        A function of two such batches to distances, float32 [N], differentiable.

    Raises:
        InputError: the path holds no such model.
    """
    if Path(path).suffix == ".keras":
        model = load_model(path, "--perceptual")
    else:
        with reading(path, "--perceptual", "as a SavedModel"):
            model = tf.saved_model.load(path)
    call = _pair(model)

    def distance(images: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
        try:
            return tf.reshape(tf.cast(call(images, others), tf.float32), [len(images)])
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            reason = " ".join(str(error).split())[:200]
            problem = f"{path} gives no distances of two batches: {reason}"
            raise InputError(f"--perceptual: {problem}") from error

    return distance


def _pair(model) -> Callable:
    """The model as a function of two batches."""
    if isinstance(model, keras.Model):
        return lambda images, others: model([images, others], training=False)
    if callable(model):
        return model
    signature = getattr(model, "signatures", {}).get("serving_default")
    if signature is None:
        raise InputError("--perceptual: the SavedModel has neither a call nor serving_default")
    names = sorted(signature.structured_input_signature[1])
    if len(names) != 2:
        raise InputError(f"--perceptual: the model takes {len(names)} inputs; it must take two")
    return lambda *pair: next(iter(signature(**dict(zip(names, pair, strict=True))).values()))
