"""Images of patches: random ones that train, and all patches of each picture that is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from PIL import Image

from gan_knowledge_gaps.classifiers.perturbations import (
    PERTURBATIONS,
    Perturbed,
    check_strength,
    middle,
    perturbed_fingerprint,
)
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.data.images import PicturedImages, checked_indices
from gan_knowledge_gaps.data.patches import PLACES, PatchAt, Patches


class RandomPatches(Images):
    """A patch of each picture, which lies elsewhere each time that it is read.

    Args:
        pictures: strips of `Patches`, read from files.
        patches: the kind of patches.
        seed: of the places. A patch depends on it, its picture and its position in the training.
    """

    def __init__(self, pictures: Images, patches: Patches, seed: int):
        self._pictures, self._patches, self._seed = pictures, patches, seed

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one patch: (H, W, C)."""
        return self._patches.resolution, self._patches.resolution, self._patches.channels

    @property
    def fingerprint(self) -> str:
        """That of the pictures."""
        return self._pictures.fingerprint

    def read(self, indices: np.ndarray) -> np.ndarray:
        """As `read_at`, at the positions 0, 1, ..."""
        return self.read_at(indices, np.arange(len(indices)))

    def read_at(self, indices: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """A patch of each picture.

        Args:
            indices: integers [n], of pictures.
            positions: integers [n], where in the endless order of a training they are seen.

        Returns:
            uint8 [n, H, W, C].
        """
        pictures = cast(PicturedImages, self._pictures)
        return pictures.read_each(indices, [self._patch_at(each) for each in positions])

    def _patch_at(self, position: int) -> PatchAt:
        random = np.random.default_rng([self._seed, int(position)])
        return PatchAt(self._patches, *random.integers(0, PLACES, 2).tolist())


def random_patches(sets: Sequence[Images], patches: Patches, seed: int) -> list[RandomPatches]:
    """Training images of several sets, each with places of its own.

    Args:
        sets: strips of `Patches`, read from files.
        patches: the kind of patches.
        seed: of the training.
    """
    from gan_knowledge_gaps.training.randomness import derive_seed

    return [
        RandomPatches(each, patches, derive_seed(seed, "patches", number))
        for number, each in enumerate(sets)
    ]


class EachPatch(Images):
    """All patches of each picture as images of their own, those of a picture in a row.

    Args:
        strips: pictures as `Patches` makes them, [N, count * H, W, C].
        count: patches of a picture.
    """

    def __init__(self, strips: Images, count: int):
        self._strips, self._count = strips, count

    def __len__(self) -> int:
        return self._count * len(self._strips)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one patch: (H, W, C)."""
        height, width, channels = self._strips.shape
        return height // self._count, width, channels

    @property
    def fingerprint(self) -> str:
        """That of the pictures."""
        return self._strips.fingerprint

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Patches at the indices [n], uint8 [n, H, W, C]; each picture is read once."""
        pictures, patches = np.divmod(checked_indices(indices, len(self)), self._count)
        needed, rows = np.unique(pictures, return_inverse=True)
        strips = self._strips.read(needed).reshape(len(needed), self._count, *self.shape)
        return strips[rows, patches]


def each_image(images: Images, patches: Patches | None) -> Images:
    """What a network takes one by one: the images, or all patches of pictures.

    Args:
        images: as they were opened.
        patches: that were cut of pictures; None where there are none.
    """
    return images if patches is None else EachPatch(images, patches.count)


def mean_of_patches(
    score: Callable[[Images], np.ndarray], images: Images, patches: Patches | None
) -> np.ndarray:
    """A score [N] of each image; of pictures, the mean of their patches' scores.

    Args:
        score: of images of the network's size, [n].
        images: as they were opened.
        patches: that were cut of pictures; None where there are none.
    """
    scores = score(each_image(images, patches))
    return scores if patches is None else scores.reshape(-1, patches.count).mean(axis=1)


def perturbed(images: Images, name: str, strength: float, patches: Patches | None) -> Images:
    """Images after a perturbation; pictures of patches are perturbed before they are cut.

    Args:
        images: as they were opened.
        name: one of PERTURBATIONS.
        strength: its number.
        patches: that are cut of pictures; None where there are none.
    """
    if patches is None:
        return Perturbed(images, name, strength)
    return PerturbedPictures(images, patches, name, strength)


class PerturbedPictures(Images):
    """Strips of patches of pictures that were perturbed as a whole, in their own pixels.

    A crop stays as it is cut, where `Perturbed` enlarges it, but is no smaller than a patch.

    Args:
        pictures: strips of `Patches`, read from files.
        patches: that are cut.
        name: one of PERTURBATIONS.
        strength: its number.
    """

    def __init__(self, pictures: Images, patches: Patches, name: str, strength: float):
        check_strength(name, strength)
        self._pictures, self._patches = pictures, patches
        self._name, self._strength = name, strength

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one strip: (count * H, W, C)."""
        return self._pictures.shape

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over the pictures' fingerprint and the perturbation."""
        return perturbed_fingerprint(self._pictures, self._name, self._strength)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Strips at the indices [n], uint8 [n, count * H, W, C]."""
        pictures = cast(PicturedImages, self._pictures)
        return pictures.read_each(indices, [self._strip] * len(indices))

    def _strip(self, image: Image.Image, where: str) -> np.ndarray:
        pixels = self._patches.own_pixels(image)
        if self._name == "crop":
            pixels = middle(pixels, self._strength, self._patches.resolution)
        else:
            pixels = PERTURBATIONS[self._name][0](pixels, self._strength)
        return self._patches.cut(pixels, self._patches.places, where)
