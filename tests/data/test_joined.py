"""Lists of images one after the other."""

import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages, Joined

PARTS = [np.random.default_rng(n).integers(0, 256, (n, 2, 3, 1), dtype=np.uint8) for n in (3, 1, 4)]


def joined() -> Joined:
    return Joined([ArrayImages(part.copy()) for part in PARTS])


def test_it_reads_as_one_list():
    whole = np.concatenate(PARTS)
    assert len(joined()) == 8 and joined().shape == (2, 3, 1)
    for indices in ([0, 7, 3, 3, 2, 4], [], range(8)):
        np.testing.assert_array_equal(joined().read(np.array(indices, int)), whole[list(indices)])
    for index in (-1, 8):
        with pytest.raises(IndexError):
            joined().read(np.array([index]))


def test_its_fingerprint_tells_contents_and_order():
    other = Joined([ArrayImages(part.copy()) for part in PARTS[::-1]])
    assert joined().fingerprint == joined().fingerprint != other.fingerprint


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one shape"):
        Joined([ArrayImages(PARTS[0].copy()), ArrayImages(np.zeros((1, 2, 2, 1), np.uint8))])
    with pytest.raises(ValueError, match="one shape"):
        Joined([])
