"""Pictures through the model in batches, while the next ones are being decoded."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gan_knowledge_gaps.classifiers.detection.fitting import ReadsPictures, crop_resize_of
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures, Reading
from gan_knowledge_gaps.classifiers.detection.predictions import (
    EVEN,
    Prediction,
    Thresholds,
    classify,
    unread,
)
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.data.ahead import ahead
from gan_knowledge_gaps.metrics.prior import BALANCED


def detect(
    detector: Detector,
    pictures: Pictures,
    thresholds: Thresholds = EVEN,
    batch_size: int = 32,
    prior: float = BALANCED,
    qualities: Sequence[int] = (),
) -> Iterator[list[Prediction]]:
    """A detector's predictions for pictures, in their order, a batch at a time.

    Args:
        detector: whose `resize_filter` and size the pictures are fitted to, as in its training.
        pictures: any number; only three batches are in memory at a time.
        thresholds: where verdicts change.
        batch_size: pictures through the model at once, each with its re-encodings.
        prior: share of generated pictures among those that come in, above 0 and below 1.
        qualities: of JPEG, with which each picture is encoded again, to see whether its verdict
            stays.

    Yields:
        Predictions, also for pictures that cannot be read.

    Raises:
        InputError: the detector takes no squares of one size.
    """
    for batch in scored(detector, pictures, batch_size, qualities):
        yield [predicted(detector, reading, logits, thresholds, prior) for reading, logits in batch]


def predicted(
    detector: Detector,
    reading: Reading,
    logits: np.ndarray,
    thresholds: Thresholds = EVEN,
    prior: float = BALANCED,
) -> Prediction:
    """What a detector says of a picture by the model's logits of its images, see `scored`."""
    if not reading.images:
        return unread(reading.path, reading.error)
    probabilities = detector.probability(logits, prior).tolist()
    return classify(reading.path, probabilities, thresholds, reading.provenance)


def scored(
    detector: ReadsPictures, pictures: Pictures, batch_size: int = 32, qualities: Sequence[int] = ()
) -> Iterator[list[tuple[Reading, np.ndarray]]]:
    """What was read of each picture, and the model's logits of its images [n], by the batch.

    Arguments and errors are those of `detect`.
    """
    crop_resize = crop_resize_of(detector)
    for batch in ahead(batched(pictures.readings(crop_resize, qualities), batch_size)):
        images = [image for reading in batch for image in reading.images]
        array = np.array(images, np.uint8).reshape(-1, *crop_resize.shape)
        ends = np.cumsum([len(reading.images) for reading in batch])
        parts = np.split(detector.logits(ArrayImages(array)), ends[:-1])
        yield list(zip(batch, parts, strict=True))


def batched(readings: Iterable[Reading], batch_size: int) -> Iterator[list[Reading]]:
    """Consecutive readings with at most `batch_size` images among them, and as many failures."""
    batch, images = [], 0
    for reading in readings:
        batch.append(reading)
        images += bool(reading.images)
        if images == batch_size or len(batch) == 2 * batch_size:
            yield batch
            batch, images = [], 0
    if batch:
        yield batch
