"""How a detector's images are made of pictures."""

from typing import Any, Protocol

import numpy as np

from gan_knowledge_gaps.data import Images, InputError
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.resize import FILTERS, CropResize


class ReadsPictures(Protocol):
    """What is asked of a detector, or of an attributor, to give it pictures."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images that it takes."""

    @property
    def resize_filter(self) -> str:
        """The filter by which images were made to fit in its training."""

    @property
    def patches(self) -> Patches | None:
        """What is cut of pictures; None where they are resized."""

    @property
    def info(self) -> dict[str, Any]:
        """What else is known of it."""

    def logits(self, images: Images) -> np.ndarray:
        """The model's logits of images."""


def crop_resize_of(detector: ReadsPictures) -> CropResize | Patches:
    """What makes a detector's image of a picture.

    It takes the central square and resizes it, or cuts patches.

    Raises:
        InputError: The detector takes images that are not square, or of no fixed size, or names a
            filter that does not exist.
    """
    height, width, channels = detector.image_shape
    if height is None or height != width or channels not in (1, 3):
        raise InputError(
            f"the detector takes images of {height}x{width}x{channels}; it must be squares of "
            "one size, grey or RGB"
        )
    if detector.resize_filter not in FILTERS:
        raise InputError(
            f"the detector's resize_filter is {detector.resize_filter!r}; it must be one of "
            f"{', '.join(sorted(FILTERS))}"
        )
    if detector.patches is not None:
        return detector.patches
    common_size = detector.info.get("common_size")
    return CropResize(height, channels, detector.resize_filter, common_size=common_size)
