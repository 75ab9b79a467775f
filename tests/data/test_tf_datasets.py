"""Images as a `tf.data.Dataset`, out of one, and through a detector."""

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import ArrayImages, InputError, Subset

PIXELS = np.random.default_rng(0).integers(0, 256, (11, 12, 12, 3), np.uint8)
IMAGES = Subset(ArrayImages(PIXELS.copy()), np.arange(10, -1, -1))  # in another order
LABELS = np.arange(11)


def test_a_dataset_holds_the_images_in_their_order():
    dataset = data.as_dataset(IMAGES, 4)
    assert dataset.cardinality() == 3
    assert (dataset.element_spec.dtype, dataset.element_spec.shape[1:]) == (tf.uint8, (12, 12, 3))
    assert [len(batch) for batch in dataset] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate(list(dataset)), PIXELS[::-1])
    pairs = list(data.as_dataset(IMAGES, 4, LABELS).repeat(2))
    np.testing.assert_array_equal(np.concatenate([y for _, y in pairs]), [*LABELS, *LABELS])
    np.testing.assert_array_equal(pairs[3][0], PIXELS[:6:-1])
    with pytest.raises(ValueError, match="each image a label"):
        data.as_dataset(IMAGES, 4, LABELS[1:])


def test_images_come_back_from_a_dataset():
    for dataset in (
        data.as_dataset(IMAGES, 4),
        data.as_dataset(IMAGES, 4, LABELS),
        tf.data.Dataset.from_tensor_slices(PIXELS[::-1]),  # one by one
    ):
        again = data.from_dataset(dataset)
        assert again.fingerprint == ArrayImages(PIXELS[::-1].copy()).fingerprint


def test_a_detector_takes_a_dataset():
    detector = Detector(build("cnn", (12, 12, 3), seed=4, jpeg_quality=75), 2.5)
    expected = detector.logits(IMAGES)
    for dataset in (
        data.as_dataset(IMAGES, 4),
        data.as_dataset(IMAGES, 4, LABELS).map(lambda images, labels: (images, labels)),
        tf.data.Dataset.from_tensor_slices(PIXELS[::-1]),
    ):
        np.testing.assert_allclose(detector.logits(dataset), expected, rtol=1e-5)
    assert detector.logits(data.as_dataset(IMAGES, 4).take(0)).shape == (0,)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (tf.data.Dataset.from_tensor_slices(PIXELS.astype("f")), "uint8"),
        (tf.data.Dataset.from_tensor_slices(LABELS), "uint8"),
        (data.as_dataset(IMAGES, 4).repeat(), "never ends"),
        (tf.data.Dataset.from_tensor_slices(PIXELS[:, :8]), "8x12x3; the model takes 12x12x3"),
    ],
)
def test_other_datasets_are_one_line(dataset, message):
    detector = Detector(build("cnn", (12, 12, 3), seed=4))
    with pytest.raises(InputError, match=message):
        detector.logits(dataset)
