"""Sliced Wasserstein distance between patches of images (Karras et al. 2018, section 5).

It compares images at every scale without a network: the levels of a Laplacian pyramid show the
structure (16x16) to the finest detail (the full resolution).
"""

from collections.abc import Iterator

import numpy as np

COARSEST = 16
PATCH = 7
PATCHES_PER_IMAGE = 128
DIRECTIONS = 512
# The binomial filter of order 4, with which pyramids are built (Burt & Adelson 1983).
_FILTER = np.array([1, 4, 6, 4, 1], np.float32) / 16


def sliced_wasserstein_distances(
    generated: np.ndarray, natural: np.ndarray, seed: int = 0
) -> dict[int, float]:
    """Distances of patches at every level of a Laplacian pyramid, by the level's resolution.

    From each image and level 128 random patches of 7x7 pixels are taken; each colour is normalized
    to zero mean and unit deviation over the set; the distance is the mean over 512 random
    projections. It falls with the number of images even between equal distributions, so that only
    distances of as many images can be compared. The paper prints them times 1,000.

    Args:
        generated: uint8 [N, H, W, C], square, H a power of two, at least 16.
        natural: as many images of the same shape.
        seed: seed of the patches and projections.

    Returns:
        For each resolution H, H / 2 ... 16 a distance of at least 0.

    Raises:
        ValueError: the images differ in number or shape, or are not square powers of two.
    """
    size = generated.shape[1]
    if generated.shape != natural.shape:
        raise ValueError(f"images of {generated.shape} and of {natural.shape} cannot be compared")
    if generated.shape[2] != size or size < COARSEST or size & (size - 1):
        raise ValueError(f"images must be square, a power of two from 16, not {generated.shape}")
    random = np.random.default_rng(seed)
    distances = {}
    for ours, theirs in zip(laplacian_pyramid(generated), laplacian_pyramid(natural), strict=True):
        a, b = (_normalized_patches(level, random) for level in (ours, theirs))
        distances[ours.shape[1]] = sliced_wasserstein(a, b, random)
    return distances


def sliced_wasserstein(
    first: np.ndarray, second: np.ndarray, random: np.random.Generator, directions: int = DIRECTIONS
) -> float:
    """The mean over random directions of the Wasserstein-1 distance between projections.

    Args:
        first: [N, D].
        second: [N, D].
        random: draws the directions, uniform on the sphere.
        directions: how many.
    """
    drawn = random.normal(size=(first.shape[1], directions)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=0)
    total = 0.0
    for part in np.array_split(drawn, max(1, directions // 32), axis=1):
        # In one dimension the optimal transport pairs the sorted values.
        projected = (np.sort(each @ part, axis=0) for each in (first, second))
        total += np.abs(np.subtract(*projected)).mean(axis=0, dtype=np.float64).sum()
    return total / directions


def laplacian_pyramid(images: np.ndarray) -> Iterator[np.ndarray]:
    """What each resolution adds to the next lower one, and at last the images at 16x16.

    Args:
        images: [N, H, W, C].

    Yields:
        float32 [N, h, w, C] for h = H, H / 2 ... 16.
    """
    current = images.astype(np.float32)
    while current.shape[1] > COARSEST:
        lower = _filtered(current)[:, ::2, ::2]
        yield current - enlarged(lower)
        current = lower
    yield current


def enlarged(images: np.ndarray) -> np.ndarray:
    """Images at twice their size: [N, H, W, C] to [N, 2 H, 2 W, C]."""
    count, height, width, channels = images.shape
    larger = np.zeros((count, 2 * height, 2 * width, channels), np.float32)
    larger[:, ::2, ::2] = images
    return 4 * _filtered(larger)


def _filtered(images: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    rows = ndimage.convolve1d(images, _FILTER, axis=1, mode="mirror")
    return ndimage.convolve1d(rows, _FILTER, axis=2, mode="mirror")


def _normalized_patches(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Random patches as rows, each colour normalized: [N, H, W, C] to [N * 128, 7 * 7 * C]."""
    count, height, width, _ = images.shape
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
    which = np.repeat(np.arange(count), PATCHES_PER_IMAGE)
    tops = random.integers(height - PATCH + 1, size=len(which))
    lefts = random.integers(width - PATCH + 1, size=len(which))
    patches = windows[which, tops, lefts]  # [N * 128, C, 7, 7]
    mean = patches.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    deviation = patches.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    normalized = (patches - mean) / np.maximum(deviation, 1e-8)
    return normalized.reshape(len(patches), -1).astype(np.float32)
