"""Pictures through the model in batches of one shape, while the next batch is being decoded."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import tensorflow as tf

from classifiers.detection.findings import Finding, judge, unread
from classifiers.detection.fitting import squaring_of
from classifiers.detection.pictures import Pictures, Reading
from classifiers.detector import Detector

Item = TypeVar("Item")


def detect(
    detector: Detector, pictures: Pictures, threshold: float = 0.5, batch_size: int = 32
) -> Iterator[list[Finding]]:
    """A detector's findings on pictures, in their order, a batch at a time.

    Args:
        detector: whose `resize_filter` and size the pictures are fitted to, as in its training.
        pictures: any number; only two batches are in memory at a time.
        threshold: P(generated) above which a picture is called generated.
        batch_size: pictures through the model at once. All batches have this size; a last one of
            fewer is filled up.

    Yields:
        Findings, also on pictures that cannot be read.

    Raises:
        InputError: the detector takes no squares of one size.
    """
    squaring = squaring_of(detector)
    batch_size = min(batch_size, max(1, len(pictures)))
    logits = fixed_size_logits(detector, batch_size)
    for batch in ahead(batched(pictures.readings(squaring), batch_size)):
        images = [reading.image for reading in batch if reading.image is not None]
        probabilities = iter(detector.probability(logits(images)) if images else [])
        yield [
            unread(reading.path, reading.error)
            if reading.image is None
            else judge(reading.path, float(next(probabilities)), threshold)
            for reading in batch
        ]


def fixed_size_logits(detector: Detector, batch_size: int):
    """A function from up to `batch_size` images, uint8 [R, R, C] each, to logits float32 [n].

    The model is traced once, for the full size; what is missing is filled with zeros.
    """
    spec = tf.TensorSpec([batch_size, *detector.image_shape], tf.uint8)

    @tf.function(input_signature=[spec])
    def forward(images):
        return detector.model(tf.cast(images, tf.float32), training=False)[:, 0]

    def logits(images: list[np.ndarray]) -> np.ndarray:
        full = np.zeros(spec.shape, np.uint8)
        full[: len(images)] = images
        return forward(full).numpy()[: len(images)]

    return logits


def batched(readings: Iterable[Reading], batch_size: int) -> Iterator[list[Reading]]:
    """Consecutive readings with at most `batch_size` images among them, and as many failures."""
    batch, images = [], 0
    for reading in readings:
        batch.append(reading)
        images += reading.image is not None
        if images == batch_size or len(batch) == 2 * batch_size:
            yield batch
            batch, images = [], 0
    if batch:
        yield batch


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next of which is made in a thread while one is in use."""
    nothing = object()
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(next, items, nothing)
        while (item := future.result()) is not nothing:
            future = thread.submit(next, items, nothing)
            yield item
