"""The fixed 80/20 split that every GAN and every classifier of every iteration shares."""

import hashlib

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.order import permutation

# An arbitrary constant (the paper's arXiv number): changing it changes every result.
SPLIT_KEY = 2303_15533
_EVALUATION = 0.2


def split(size: int, groups: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Splits by groups where there are any, else image by image."""
    return split_indices(size) if groups is None else split_groups(groups)


def split_indices(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits a data set: 80 % to train GANs and classifiers, 20 % to evaluate classifiers.

    It depends on the number of images alone: no flag or seed changes it. 70,000 images become
    56,000 and 14,000.

    Source: Pathak & Dufour, CVPR 2023, supplement 1.1.

    Args:
        size: Number of images in the whole data set.

    Returns:
        (train, evaluation): int64 [floor(0.8 * size)] and the rest; both sorted.

    Raises:
        InputError: Fewer than 5 images, so that a part would be empty.
    """
    if size < 5:
        raise InputError(f"the 80/20 split needs at least 5 images, here are {size}: add more")
    shuffled = permutation(size, SPLIT_KEY)
    train = size * 4 // 5
    return np.sort(shuffled[:train]), np.sort(shuffled[train:])


def split_groups(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Splits a data set so that no group stands on both sides.

    The side of a group depends on its name alone: it is the same in every set, and stays the same
    when images are added. About 80 % of the groups train; see `taken_groups`.

    Args:
        groups: str [N], of each image.

    Returns:
        (train, evaluation): int64, together N; both sorted.

    Raises:
        InputError: Fewer than two groups.
    """
    evaluation = taken_groups(groups, _EVALUATION, SPLIT_KEY)
    return np.flatnonzero(~evaluation), np.flatnonzero(evaluation)


def taken_groups(groups: np.ndarray, share: float, key: int) -> np.ndarray:
    """Takes about a share of the groups: those whose name's SHA-256 is lowest.

    Where that would be none of them, the first is taken; where all, all but the last.

    Args:
        groups: str [N], of each image.
        share: In (0, 1).
        key: Tells apart several choices.

    Returns:
        Which images are in the groups taken, bool [N].

    Raises:
        InputError: Fewer than two groups.
    """
    names, inverse = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError(
            f"all {len(groups):,} images are of one group; a split by --groups needs at least two"
        )
    draws = np.array([_draw(name, key) for name in names.tolist()])
    order = np.sort(draws)
    # Between the lowest draw and the highest, so that both sides get a group.
    taken = draws <= np.clip(share, order[0], order[-2])
    return taken[inverse]


def _draw(name: str, key: int) -> float:
    """A number in [0, 1)."""
    digest = hashlib.sha256(f"{key} {name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:7], "big") / 2**56
