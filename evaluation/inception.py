"""The Inception network of the FID: TensorFlow's graph of 2015-12-05 (Heusel et al. 2017).

The archive is published at `PUBLISHED`; it has 88,931,400 bytes by the log of TensorFlow's own
tutorial. No SHA-256 of it has been published by its authors as far as we could find out, so that
none is built in: every score names the SHA-256 of its graph, and `--inception_sha256` requires one.
That the graph is built as the published one is always checked: the input by its name, the resize
to 299x299, 2,048 features behind `pool_3`.
"""

import hashlib
import tarfile
from pathlib import Path
from typing import IO, cast

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from gan_knowledge_gaps.data import InputError

PUBLISHED = "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"
GRAPH = "classify_image_graph_def.pb"
NAME = "inception-2015-12-05"
FEATURES = 2048
# What follows the first is fed in batches; what comes before it decodes one JPEG file.
_INPUT, _RESIZED, _OUTPUT = "ExpandDims", "ResizeBilinear", "pool_3"
_SHAPES = {_RESIZED: [299, 299, 3], _OUTPUT: [1, 1, FEATURES]}
_MOST_BYTES = 2**29


class Inception:
    """The graph as an extractor: uint8 images of any size to its layer `pool_3`.

    The graph itself resizes (bilinear, without antialiasing) and scales. It was made for one image
    at a time; the shapes in it that say so are removed.

    Args:
        path: the published archive (.tgz), or the graph in it (.pb).
        sha256: what the graph's SHA-256 must be, or None.

    Raises:
        InputError: the file is missing, damaged, another graph, or of another SHA-256.
    """

    name, is_inception = NAME, True

    def __init__(self, path: Path, sha256: str | None = None):
        contents = read_graph(path)
        self.sha256 = hashlib.sha256(contents).hexdigest()
        check_sha256(path, self.sha256, sha256)
        # A graph and session of TensorFlow 1: it refuses the batch normalization of 2015 in newer
        # graphs.
        graph = tf.Graph()
        with graph.as_default():
            self._images = tf.compat.v1.placeholder(tf.float32, [None, None, None, 3])
            self._features = _features(_parse(contents, path), self._images, path)
        options = tf.compat.v1.ConfigProto()
        options.gpu_options.allow_growth = True
        self._session = tf.compat.v1.Session(graph=graph, config=options)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 [n, H, W, 1 or 3] to features, float32 [n, 2048]; grey images become RGB."""
        images = np.asarray(images, np.float32)
        if images.shape[-1] == 1:
            images = np.repeat(images, 3, axis=-1)
        return self._session.run(self._features, {self._images: images})


def check_file(path: Path) -> None:
    """Raises `InputError` where there is no file, or one that no network of this kind fills."""
    if not path.is_file():
        raise InputError(f"--inception: there is no file {path}; it is published at {PUBLISHED}")
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"--inception: {path} is too large to be the network")


def check_sha256(path: Path, found: str, wanted: str | None) -> None:
    """Raises `InputError` for a network of another SHA-256 than the one that is wanted, if any."""
    if wanted is not None and wanted.lower() != found:
        raise InputError(
            f"--inception: the network in {path} has the SHA-256 {found}, not {wanted}"
        )


def read_graph(path: Path) -> bytes:
    """The graph's bytes, of its own file or of the archive."""
    check_file(path)
    try:
        if not tarfile.is_tarfile(path):
            return path.read_bytes()
        with tarfile.open(path) as archive:
            for member in archive:
                if Path(member.name).name == GRAPH and member.isfile():
                    if member.size > _MOST_BYTES:
                        raise InputError(f"--inception: {GRAPH} in {path} is too large")
                    return cast(IO[bytes], archive.extractfile(member)).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"--inception: {path} is damaged ({error}): download it again") from error
    raise InputError(f"--inception: there is no {GRAPH} in {path}; give the archive of {PUBLISHED}")


def _parse(contents: bytes, path: Path) -> tf.compat.v1.GraphDef:
    """The graph, without the shapes for one image."""
    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(contents)
    except DecodeError:
        raise InputError(
            f"--inception: {path} is neither a graph nor an archive of one: give the archive of "
            f"{PUBLISHED}, or pytorch-fid's .pth file"
        ) from None
    for node in definition.node:
        node.attr.pop("_output_shapes", None)
    return definition


def _features(definition: tf.compat.v1.GraphDef, images: tf.Tensor, path: Path) -> tf.Tensor:
    """Adds the graph to the current one, and checks that it is built as the published one."""
    names = [f"{name}:0" for name in _SHAPES]
    try:
        tensors = tf.graph_util.import_graph_def(
            definition, {f"{_INPUT}:0": images}, names, name=""
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"--inception: {path} is another graph: {error}") from error
    for (name, expected), tensor in zip(_SHAPES.items(), tensors, strict=True):
        if tensor.shape.rank != 4 or tensor.shape.as_list()[1:] != expected:
            raise InputError(
                f"--inception: {path} is another graph: its {name} is {tensor.shape}, not "
                f"images of {expected}"
            )
    return tf.reshape(tensors[-1], [-1, FEATURES])
