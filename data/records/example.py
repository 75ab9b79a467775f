"""A picture as a tf.train.Example, with the feature names of TensorFlow's image data sets."""

import hashlib
from dataclasses import dataclass

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.picture import decode, encode_png
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.data.sources import Source


@dataclass(frozen=True)
class Encoded:
    """An image as it goes into a shard.

    Attributes:
        contents: A PNG or JPEG file.
        format: "png" or "jpeg".
        kept: Whether `contents` are the source's own bytes.
        filename: The source's name for it.
        label: Its class, or None.
        pixels_sha256: Of its decoded pixels, uint8 [H, W, C].
        group: What it is kept together with by a split, or None.
    """

    contents: bytes
    format: str
    kept: bool
    filename: str
    label: int | None
    pixels_sha256: str
    group: str | None = None


@dataclass(frozen=True)
class Bad:
    """A picture that could not be read.

    Attributes:
        filename: The source's name for it.
        reason: One line, with its full name.
    """

    filename: str
    reason: str


def encode(
    source: Source, i: int, crop_resize: CropResize, groups: np.ndarray | None = None
) -> Encoded | Bad:
    """Makes a source's picture ready to be stored: its own bytes where they need no change.

    Otherwise it is stored as PNG, without loss. `groups` are of all pictures, str [N], or None.
    """
    name, where = source.names[i], source.where(i)
    try:
        contents = source.read(i)
        picture = decode(contents, where)
        image = crop_resize(picture.image, where)
    except InputError as error:
        return Bad(name, str(error))
    kind = None if crop_resize.changes(picture.image) else picture.plain
    return Encoded(
        contents=contents if kind else encode_png(image),
        format=kind or "png",
        kept=kind is not None,
        filename=name,
        label=None if source.labels is None else int(source.labels[i]),
        pixels_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
        group=None if groups is None else str(groups[i]),
    )


def serialize(encoded: Encoded, height: int, width: int) -> bytes:
    """Returns the tf.train.Example, serialized in the one canonical order.

    Features: image/encoded, image/format, image/filename (bytes); image/height, image/width, and
    image/label where the source has labels (int64); image/group (bytes) where there are groups.
    """
    import tensorflow as tf  # here, because reading needs no TensorFlow

    features = {
        "image/encoded": encoded.contents,
        "image/format": encoded.format.encode(),
        # A name that is not UTF-8 keeps its bytes.
        "image/filename": encoded.filename.encode("utf-8", "surrogateescape"),
        "image/height": height,
        "image/width": width,
    }
    if encoded.label is not None:
        features["image/label"] = encoded.label
    if encoded.group is not None:
        features["image/group"] = encoded.group.encode("utf-8", "surrogateescape")
    example = tf.train.Example()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        else:
            feature.int64_list.value.append(value)
    return example.SerializeToString(deterministic=True)
