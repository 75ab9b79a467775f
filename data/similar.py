"""Near-duplicates: pictures that were rescaled, encoded again or changed a little."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from gan_knowledge_gaps.data.images import Images

_SIDE = 16  # the hash has _SIDE**2 bits
# Of 256 bits. Scaled or encoded copies of faces differ in 0 ... 12, the same photograph from two
# sources in up to 36; of 4.5 million pairs of other faces none differs in less than 52, but of as
# many pairs of MNIST's digits 3 differ in 24 or less, and 17 in 32 or less.
MOST_BITS = 24
_AT_ONCE = 512
_PAIRS_AT_ONCE = 2**21


def perceptual_hashes(images: Images) -> np.ndarray:
    """The signs of the 256 lowest frequencies of each image, against their median (pHash).

    Args:
        images: Any number.

    Returns:
        uint64 [N, 4].
    """
    bits = np.empty((len(images), _SIDE**2), bool)
    for start in range(0, len(images), _AT_ONCE):
        part = images.read(np.arange(start, min(start + _AT_ONCE, len(images))))
        bits[start : start + len(part)] = [_hash(image) for image in part]
    return np.packbits(bits, axis=1).view(np.uint64)


def near_pairs(hashes: np.ndarray, most: int = MOST_BITS) -> Iterator[np.ndarray]:
    """All pairs of hashes that differ in few bits. The time grows with the square of their number.

    Args:
        hashes: uint64 [N, 4].
        most: Bits in which a pair may differ.

    Yields:
        int64 [P, 2], the smaller index first: up to two million pairs, or N, at a time, for images
        that are all alike have N (N - 1) / 2.
    """
    rows = max(1, _PAIRS_AT_ONCE // max(1, len(hashes)))
    for start in range(0, len(hashes), rows):
        block, rest = hashes[start : start + rows], hashes[start:]
        # Most pairs differ too much in the first quarter already.
        first = np.bitwise_count(block[:, None, 0] ^ rest[None, :, 0]) <= most
        i, j = np.nonzero(np.triu(first, 1))
        near = np.bitwise_count(block[i] ^ rest[j]).sum(axis=1) <= most
        if near.any():
            yield start + np.stack([i[near], j[near]], axis=1)


def joined(pairs: np.ndarray, count: int) -> np.ndarray:
    """Which images belong together, directly or by others between them.

    Args:
        pairs: Integers [P, 2], each below `count`.
        count: N.

    Returns:
        Integers [N]; images that belong together have the same.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), (count, count))
    return connected_components(edges, directed=False)[1]


def _hash(image: np.ndarray) -> np.ndarray:
    from imagehash import phash  # Here, because few commands look for duplicates.

    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    return phash(picture, hash_size=_SIDE).hash.ravel()
