"""Pictures through the model in batches, while the next ones are being decoded."""

from collections.abc import Iterable, Iterator

import numpy as np

from classifiers.detection.fitting import crop_resize_of
from classifiers.detection.pictures import Pictures, Reading
from classifiers.detection.predictions import Prediction, classify, unread
from classifiers.detector import Detector
from data import ArrayImages
from data.ahead import ahead


def detect(
    detector: Detector, pictures: Pictures, threshold: float = 0.5, batch_size: int = 32
) -> Iterator[list[Prediction]]:
    """A detector's predictions for pictures, in their order, a batch at a time.

    Args:
        detector: whose `resize_filter` and size the pictures are fitted to, as in its training.
        pictures: any number; only three batches are in memory at a time.
        threshold: P(generated) above which a picture is called generated.
        batch_size: pictures through the model at once.

    Yields:
        Predictions, also for pictures that cannot be read.

    Raises:
        InputError: the detector takes no squares of one size.
    """
    crop_resize = crop_resize_of(detector)
    for batch in ahead(batched(pictures.readings(crop_resize), batch_size)):
        images = [reading.image for reading in batch if reading.image is not None]
        probabilities = iter(_probabilities(detector, images))
        yield [
            unread(reading.path, reading.error)
            if reading.image is None
            else classify(reading.path, float(next(probabilities)), threshold)
            for reading in batch
        ]


def _probabilities(detector: Detector, images: list[np.ndarray]) -> np.ndarray:
    """P(generated) [n] of images, uint8 [R, R, C] each; there may be none."""
    array = np.array(images, np.uint8).reshape(-1, *detector.image_shape)
    return detector.probability(detector.logits(ArrayImages(array)))


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
