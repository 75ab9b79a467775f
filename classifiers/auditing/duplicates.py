"""Near-duplicates among all sets, and on which sides of the split they stand."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import Opened, Subset
from gan_knowledge_gaps.data.similar import joined, near_pairs, perceptual_hashes
from gan_knowledge_gaps.training.progress import Progress

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
    indices, hashes, parts = [], [], []
    with Progress("looking for duplicates", len(opened), unit="sets") as progress:
        for each in opened:
            whole = each.dataset.whole
            chosen = np.sort(data.permutation(len(whole), ORDER)[:limit])
            indices.append(chosen)
            hashes.append(perceptual_hashes(Subset(whole, chosen)))
            parts.append(np.isin(chosen, each.dataset.parts[0]))
            progress.advance()
    owner = np.repeat(np.arange(len(opened)), [len(each) for each in indices])
    trains, links = np.concatenate(parts), _same_group(opened, indices)
    has_near, near_training, near_other = (np.zeros(len(owner), bool) for _ in range(3))
    for pairs in near_pairs(np.concatenate(hashes)):
        both = np.concatenate([pairs, pairs[:, ::-1]])  # each pair seen from either end
        has_near[both[:, 0]] = True
        near_training[both[trains[both[:, 1]], 0]] = True
        near_other[both[(owner[both] == 0).sum(axis=1) == 1, 0]] = True
        belongs = joined(np.concatenate([links, pairs]), len(owner))
        links = _links(belongs)  # as few as join the same
    belongs = joined(links, len(owner))
    return Related(indices, owner, trains, has_near, near_training, near_other, belongs)


def _links(belongs: np.ndarray) -> np.ndarray:
    """Pairs of the first image of those that belong together and each of them, [N, 2]."""
    _, first, inverse = np.unique(belongs, return_index=True, return_inverse=True)
    return np.stack([first[inverse], np.arange(len(belongs))], axis=1)


def _same_group(opened: Sequence[Opened], indices: Sequence[np.ndarray]) -> np.ndarray:
    """Pairs of images that link all of a group, over all sets, integers [P, 2]."""
    names, count = [], 0
    for each, chosen in zip(opened, indices, strict=True):
        groups = each.dataset.groups
        alone = [f"/{count + i}" for i in range(len(chosen))]  # no path begins so
        names.append(np.array(alone) if groups is None else groups[chosen])
        count += len(chosen)
    return _links(np.concatenate(names))
