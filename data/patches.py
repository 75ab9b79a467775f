"""Patches of pictures in their own pixels: resizing would take the traces of a generator away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.resize import converted

PLACES = 2**16  # along each side; whole numbers, so that every program cuts the same pixels
# The additive sequence that fills a square most evenly (Roberts 2018): powers of 1 / 1.3247...
_STEP = 0.7548776662466927, 0.5698402909980532


@dataclass(frozen=True)
class Patches:
    """Cuts square patches out of a picture, and resizes nothing.

    They lie at fixed places, spread evenly over whatever size the picture has; the first is the
    central one. Channels are those of `data.resize.CropResize`.

    Attributes:
        resolution: Height and width of a patch.
        channels: 1 (grey) or 3 (RGB).
        count: Of patches of a picture.
    """

    resolution: int
    channels: int
    count: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the result: (count * H, W, C)."""
        return self.count * self.resolution, self.resolution, self.channels

    @property
    def places(self) -> np.ndarray:
        """Where patches lie in the room that they have, down and to the right, in 1 / PLACES.

        Returns:
            int64 [count, 2], 0 ... PLACES - 1.
        """
        places = (0.5 + np.arange(self.count)[:, None] * _STEP) % 1
        return (places * PLACES).astype(np.int64)

    def __call__(self, image: Image.Image, where: str = "a picture") -> np.ndarray:
        """Cuts all patches.

        Args:
            image: Any mode; at least as large as a patch.
            where: What to call it in an error.

        Returns:
            uint8 [count * H, W, C], one below the other.

        Raises:
            InputError: It is smaller than a patch.
        """
        return self.cut(self.own_pixels(image), self.places, where)

    def own_pixels(self, image: Image.Image) -> np.ndarray:
        """A picture in its own size, uint8 [h, w, C]."""
        pixels = np.asarray(converted(image, self.channels))
        return pixels.reshape(*pixels.shape[:2], self.channels)

    def cut(self, pixels: np.ndarray, places: np.ndarray, where: str = "a picture") -> np.ndarray:
        """Patches of a picture at any places.

        Args:
            pixels: uint8 [h, w, C], at least as large as a patch.
            places: Integers [n, 2] of the kind of `places`.
            where: What to call it in an error.

        Returns:
            uint8 [n * H, W, C].

        Raises:
            InputError: It is smaller than a patch.
        """
        size, (height, width) = self.resolution, pixels.shape[:2]
        if min(height, width) < size:
            raise InputError(
                f"{where} has {width}x{height} pixels, fewer than a patch of {size}x{size}, and is "
                "not enlarged: give a larger picture"
            )
        corners = places * [height - size + 1, width - size + 1] // PLACES
        return np.concatenate(
            [pixels[top : top + size, left : left + size] for top, left in corners]
        )


@dataclass(frozen=True)
class PatchAt:
    """Cuts a single patch, at a place of one's own.

    Attributes:
        patches: What kind of patches.
        down: In the room that a patch has, 0 ... PLACES - 1.
        right: Likewise.
    """

    patches: Patches
    down: int
    right: int

    def __call__(self, image: Image.Image, where: str = "a picture") -> np.ndarray:
        """As `Patches`, uint8 [H, W, C]."""
        place = np.array([[self.down, self.right]])
        return self.patches.cut(self.patches.own_pixels(image), place, where)
