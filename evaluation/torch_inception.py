"""The weights of the FID's Inception network in PyTorch's format, as pytorch-fid publishes them.

`pt_inception-2015-12-05-6726825d.pth` holds the weights of TensorFlow's graph of 2015-12-05 (see
`inception`), by PyTorch's names; torch-fidelity publishes the same file. It is a pickle, of which
nothing is run (`training.pickles`).
"""

import functools
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.inception import check_file, check_sha256
from gan_knowledge_gaps.evaluation.inception_network import (
    CLASSES,
    EPSILON,
    FEATURES,
    SIDE,
    inception_v3,
)
from gan_knowledge_gaps.training.keras_models import reading
from gan_knowledge_gaps.training.pickles.arrays import printable
from gan_knowledge_gaps.training.pickles.torch_files import is_one, state_dict

NAME = "inception-2015-12-05-pytorch"
_ENDINGS = (".pth", ".pt")
_WANTED = "as pytorch-fid's pt_inception-2015-12-05-6726825d.pth"
_FC = {"fc.weight": (CLASSES, FEATURES), "fc.bias": (CLASSES,)}  # of its classes, not used here
_NORMALIZATION = ("weight", "bias", "running_mean", "running_var")


def is_torch_file(path: Path) -> bool:
    """Whether a file is one of PyTorch, by its ending or its first bytes."""
    if path.suffix in _ENDINGS:
        return True
    with path.open("rb") as file:
        return is_one(file.read(16))


def torch_inception(path: Path, sha256: str | None = None) -> tuple[Callable[..., tf.Tensor], str]:
    """The network with the weights of a file, and the file's SHA-256.

    Images are resized and scaled as in TensorFlow's graph: to 299x299, bilinear, without
    antialiasing and from the corners of pixels; (x - 128) / 128. Grey ones become RGB.

    Args:
        path: a state dict that torch.save wrote, in either of its formats.
        sha256: what the file's SHA-256 must be, or None.

    Returns:
        a function of float32 images [N, H, W, 1 or 3] in [0, 255] to features, float32 [N, 2048],
        and the digest.

    Raises:
        InputError: the file is missing, damaged, of another SHA-256, or holds other weights.
    """
    check_file(path)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    check_sha256(path, digest, sha256)
    with reading(path, "--inception", _WANTED):
        _check_name(path, digest)
        tensors = state_dict(data)
        _check(tensors, _FC)  # Torchvision's weights differ here; a network takes a second.
        network = inception_v3()
        assign(network, tensors)
    # One graph for images of all sizes.
    signature = [tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32)]
    network = tf.function(functools.partial(network, training=False), signature, autograph=False)

    def features(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        if images.shape[-1] == 1:
            images = tf.repeat(images, 3, axis=-1)
        images = tf.raw_ops.ResizeBilinear(images=images, size=[SIDE, SIDE])  # [N, 299, 299, 3]
        return network((images - 128.0) / 128.0)

    return features, digest


def _check_name(path: Path, digest: str) -> None:
    """PyTorch's published files end in the first digits of their SHA-256."""
    found = re.search(r"-([0-9a-f]{8,64})$", path.stem)
    if found and not digest.startswith(found[1]):
        raise InputError(
            f"its SHA-256 begins with {digest[:8]}, not with {found[1]} as its name says: "
            "download it again"
        )


def assign(network: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Gives the network the tensors of a state dict; `InputError` unless they are just its own."""
    tensors = {
        name: tensor
        for name, tensor in tensors.items()
        if not name.endswith(".num_batches_tracked")  # by the training of the normalization
    }
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    shapes = dict(_FC)
    for layer in layers:
        height, width, inputs, filters = layer.kernel.shape
        shapes[f"{layer.name}.conv.weight"] = (filters, inputs, height, width)
        shapes |= {f"{layer.name}.bn.{name}": (filters,) for name in _NORMALIZATION}
    _check(tensors, shapes)
    more = sorted(tensors.keys() - shapes.keys())
    if more:
        raise InputError(f"it has {printable(more[0])}")
    for layer in layers:
        layer.set_weights(_folded(tensors, layer.name))


def _check(tensors: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> None:
    """Raises `InputError` unless there are tensors of these shapes, all finite."""
    for name, shape in shapes.items():
        if name not in tensors:
            raise InputError(f"it has no {name}")
        tensor = tensors[name]
        if tensor.shape != shape:
            raise InputError(f"its {name} is {list(tensor.shape)}, not {list(shape)}")
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise InputError(f"its {name} does not hold finite numbers")
        if name.endswith(".running_var") and tensor.min() < 0:
            raise InputError(f"its {name} is below 0")


def _folded(tensors: dict[str, np.ndarray], layer: str) -> tuple[np.ndarray, np.ndarray]:
    """A layer's kernel [h, w, inputs, filters] and bias [filters], normalization included."""
    kernel = tensors[f"{layer}.conv.weight"].astype(np.float64).transpose(2, 3, 1, 0)
    scale, shift, mean, variance = (
        tensors[f"{layer}.bn.{name}"].astype(np.float64) for name in _NORMALIZATION
    )
    factor = scale / np.sqrt(variance + EPSILON)
    return (kernel * factor).astype(np.float32), (shift - mean * factor).astype(np.float32)
