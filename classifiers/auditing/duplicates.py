"""Near-duplicates among all sets, and on which sides of the split they stand."""

import dataclasses
from collections.abc import Sequence

import numpy as np

import data
from data import Opened, Subset
from data.similar import joined, near_pairs, perceptual_hashes

ORDER = 2  # key of the random order in which a set's images are looked at


@dataclasses.dataclass(frozen=True, eq=False)
class Related:
    """Images of several sets that were compared, and which belong together.

    Attributes:
        indices: Of each set, which images of its `whole` were compared.
        owner: The set of each image compared, integers [M]; natural images are set 0.
        trains: Whether each is on the training side, bool [M].
        has_near: Whether each has a near-duplicate, bool [M].
        near_training: Whether each has a near-duplicate that trains, bool [M].
        near_other_kind: Whether each has one among the images of the other kind: of a natural image
            a generated one, and of a generated a natural one; bool [M].
        belongs: The same number for images that belong together by groups or as near-duplicates.
    """

    indices: list[np.ndarray]
    owner: np.ndarray
    trains: np.ndarray
    has_near: np.ndarray
    near_training: np.ndarray
    near_other_kind: np.ndarray
    belongs: np.ndarray

    def is_complete(self, opened: Sequence[Opened]) -> bool:
        """Whether all images of all sets were compared."""
        return all(
            len(chosen) == len(each.dataset.whole)
            for chosen, each in zip(self.indices, opened, strict=True)
        )

    def of(self, number: int) -> dict[str, int]:
        """Counts of a set, as the audit's table shows them."""
        mine = self.owner == number
        evaluates = mine & ~self.trains
        return {
            "compared": int(mine.sum()),
            "with a near-duplicate": int((mine & self.has_near).sum()),
            "evaluating": int(evaluates.sum()),
            "evaluating, near one that trains": int((evaluates & self.near_training).sum()),
            "near one of the other kind": int((mine & self.near_other_kind).sum()),
        }


def find_related(opened: Sequence[Opened], limit: int) -> Related:
    """Compares up to `limit` images of each set, at random, with those of all sets.

    Args:
        opened: Natural images, then those of each generator, of one size.
        limit: Most images of each set; the time grows with the square of their number.
    """
    indices, hashes, trains = [], [], []
    for each in opened:
        whole = each.dataset.whole
        chosen = np.sort(data.permutation(len(whole), ORDER)[:limit])
        indices.append(chosen)
        hashes.append(perceptual_hashes(Subset(whole, chosen)))
        trains.append(np.isin(chosen, each.dataset.parts[0]))
    owner = np.repeat(np.arange(len(opened)), [len(each) for each in indices])
    trains, pairs = np.concatenate(trains), near_pairs(np.concatenate(hashes))
    both = np.concatenate([pairs, pairs[:, ::-1]])  # each pair seen from either end
    crossing = both[(owner[both] == 0).sum(axis=1) == 1]
    return Related(
        indices, owner, trains,
        _marked(both[:, 0], len(owner)),
        _marked(both[trains[both[:, 1]], 0], len(owner)),
        _marked(crossing[:, 0], len(owner)),
        joined(np.concatenate([pairs, _same_group(opened, indices)]), len(owner)),
    )  # fmt: skip


def _marked(places: np.ndarray, count: int) -> np.ndarray:
    found = np.zeros(count, bool)
    found[places] = True
    return found


def _same_group(opened: Sequence[Opened], indices: Sequence[np.ndarray]) -> np.ndarray:
    """Pairs of images that link all of a group, over all sets, integers [P, 2]."""
    names, count = [], 0
    for each, chosen in zip(opened, indices, strict=True):
        groups = each.dataset.groups
        alone = [f"/{count + i}" for i in range(len(chosen))]  # no path begins so
        names.append(np.array(alone) if groups is None else groups[chosen])
        count += len(chosen)
    names = np.concatenate(names)
    _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    return np.stack([first[inverse], np.arange(len(names))], axis=1)
