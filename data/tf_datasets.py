"""Images as a `tf.data.Dataset`, and out of one. TensorFlow is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.images import ArrayImages, Images

if TYPE_CHECKING:
    import tensorflow as tf


def as_dataset(
    images: Images, batch_size: int = 32, labels: np.ndarray | None = None
) -> tf.data.Dataset:
    """Batches of images in their order, each read when its turn comes.

        dataset = data.as_dataset(data.load("digits").train, 64)

    Args:
        images: N of them; `Subset(images, data.permutation(N, seed))` gives another order.
        batch_size: images of a batch; the last may have fewer.
        labels: [N], or None.

    Returns:
        A dataset of known cardinality, of images, uint8 [n, H, W, C], or of pairs of them and of
        labels [n], of the dtype that these have.

    Raises:
        ValueError: there are not as many labels as images, or the batch size is below 1.
    """
    import tensorflow as tf

    if batch_size < 1 or (labels is not None and len(labels) != len(images)):
        raise ValueError("a batch has an image or more, and each image a label")
    starts = range(0, len(images), batch_size)

    def batches() -> Iterator:
        for start in starts:
            indices = np.arange(start, min(start + batch_size, len(images)))
            part = images.read(indices)
            yield part if labels is None else (part, labels[indices])

    spec = tf.TensorSpec([None, *images.shape], tf.uint8)
    if labels is not None:
        labels = np.asarray(labels)
        spec = (spec, tf.TensorSpec([None], labels.dtype))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=spec)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(starts)))


def from_dataset(dataset: tf.data.Dataset) -> ArrayImages:
    """The images of a dataset, in memory.

    Args:
        dataset: as for `batches_of`, with an image or more.

    Raises:
        InputError: as `batches_of`, or there is no image.
    """
    parts = list(batches_of(dataset))
    if not parts:
        raise InputError("the dataset has no images")
    return ArrayImages(np.concatenate(parts))


def batches_of(dataset: tf.data.Dataset) -> Iterator[np.ndarray]:
    """The batches of images of a finite dataset, uint8 [n, H, W, C], the caller's own.

    Args:
        dataset: of images, uint8 [H, W, C] or batches of them; or of tuples, of which the first is
            that, such as images and labels.

    Raises:
        InputError: its elements are something else, or it never ends.
    """
    import tensorflow as tf

    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    if (
        not isinstance(spec, tf.TensorSpec)
        or spec.dtype != tf.uint8
        or spec.shape.rank not in (3, 4)
    ):
        raise InputError(
            f"the dataset has elements of {spec}; they must be images, uint8 [n, H, W, C] in "
            "0 ... 255: map them with tf.cast(tf.round(images), tf.uint8)"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise InputError("the dataset never ends: give it without repeat()")
    for element in dataset:
        images = (element[0] if isinstance(element, tuple) else element).numpy()
        yield images.reshape(-1, *images.shape[-3:])
