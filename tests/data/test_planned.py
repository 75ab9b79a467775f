"""A data set of noise in place of one that is not here."""

import numpy as np

from gan_knowledge_gaps.data import planned, split_indices


def test_it_has_the_counts_shapes_and_split_of_the_real_one():
    found = planned(70_000, 32, 3)
    assert (len(found.train), len(found.evaluation)) == (56_000, 14_000)
    assert found.image_shape == (32, 32, 3)
    for labels, indices in zip(
        (found.train_labels, found.evaluation_labels), split_indices(70_000), strict=True
    ):
        np.testing.assert_array_equal(labels, indices % 10)
        assert not labels.flags.writeable


def test_reading_makes_noise_that_is_the_same_every_time():
    images = planned(1000, 8, 1).train
    some = images.read(np.array([0, 5, 799]))
    assert some.shape == (3, 8, 8, 1) and some.dtype == np.uint8
    np.testing.assert_array_equal(some, images.read(np.array([0, 5, 799])))
    assert abs(images.read(np.arange(800)).mean() - 127.5) < 3
    some[:] = 0  # The caller's own.
    assert images.read(np.array([0])).max() > 0


def test_no_two_plans_share_a_fingerprint():
    assert len({planned(*of).fingerprint for of in ((10, 8, 1), (11, 8, 1), (10, 8, 3))}) == 3
