"""Square resizing and channels, by Pillow, whose integer arithmetic is the same everywhere."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_knowledge_gaps.data.errors import InputError

FILTERS = {"box": Image.Resampling.BOX, "lanczos": Image.Resampling.LANCZOS}
CROPS = ("center", "none")
MODES = {1: "L", 3: "RGB"}  # Pillow's names by the number of channels


def resize_gray(images: np.ndarray, resolution: int) -> np.ndarray:
    """Resizes grey images, each on its own, with Pillow's bicubic filter (antialiased).

    Args:
        images: uint8 [N, H, W].
        resolution: New height and width.

    Returns:
        uint8 [N, resolution, resolution], clipped to 0 ... 255; the input itself if it has that
        size.
    """
    if images.shape[1:] == (resolution, resolution):
        return images
    resized = np.empty((len(images), resolution, resolution), np.uint8)
    for i, image in enumerate(images):
        picture = Image.fromarray(image)
        resized[i] = np.asarray(picture.resize((resolution,) * 2, Image.Resampling.BICUBIC))
    return resized


def add_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Repeats grey images uint8 [N, H, W] into uint8 [N, H, W, channels]."""
    return np.repeat(images[..., None], channels, axis=-1)


@dataclass(frozen=True)
class CropResize:
    """Crops any picture to its central square, and resizes it.

    Transparent parts are laid over white. Grey is ITU-R 601 luma. CMYK becomes RGB by Pillow's
    plain formula, without colour profiles. 16 bits keep their upper 8. Then come the crop and the
    filter, whose support grows with the factor of reduction (antialiased).

    Attributes:
        resolution: Height and width.
        channels: 1 (grey) or 3 (RGB).
        resize_filter: "lanczos" (as for FFHQ's thumbnails) or "box" (the mean of each block).
        crop: "center" takes the central square; "none" accepts only square pictures.
        common_size: Height and width to which every picture is brought first, by the same filter,
            so that pictures of several sizes come to the resolution by one path; None for none.

    Raises:
        InputError: A value is none of these.

    Example:
        >>> from PIL import Image
        >>> from gan_knowledge_gaps.data.resize import CropResize
        >>> to_square = CropResize(resolution=64, channels=3)
        >>> to_square(Image.new("L", (640, 480))).shape
        (64, 64, 3)
    """

    resolution: int
    channels: int
    resize_filter: str = "lanczos"
    crop: str = "center"
    common_size: int | None = None

    def __post_init__(self):
        if self.resolution < 1:
            raise InputError(f"--resolution must be 1 or more, not {self.resolution}")
        if self.common_size is not None and self.common_size < 1:
            raise InputError(f"--common_size must be 1 or more, not {self.common_size}")
        if self.channels not in (1, 3):
            raise InputError(f"--channels must be 1 (grey) or 3 (RGB), not {self.channels}")
        if self.resize_filter not in FILTERS:
            raise InputError(f"--filter must be box or lanczos, not {self.resize_filter!r}")
        if self.crop not in CROPS:
            raise InputError(f"--crop must be center or none, not {self.crop!r}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the result: (H, W, C)."""
        return self.resolution, self.resolution, self.channels

    @property
    def mode(self) -> str:
        """Pillow's name for the result's channels."""
        return MODES[self.channels]

    def changes(self, image: Image.Image) -> bool:
        """Whether the result has other pixels than an opaque 8-bit image."""
        is_direct = self.common_size in (None, self.resolution)
        is_sized = image.size == (self.resolution, self.resolution)
        return image.mode != self.mode or not (is_direct and is_sized)

    def own_pixels(self, image: Image.Image) -> np.ndarray:
        """The central square in its own size, uint8 [S, S, C]."""
        side = min(image.size)
        return CropResize(side, self.channels, self.resize_filter)(image)

    def __call__(self, image: Image.Image, where: str = "a picture") -> np.ndarray:
        """Crops and resizes.

        Args:
            image: Any mode and size.
            where: What to call it in an error.

        Returns:
            uint8 [resolution, resolution, channels].

        Raises:
            InputError: It is not square, with `crop` "none".
        """
        width, height = image.size
        if self.crop == "none" and width != height:
            raise InputError(f"{where} is not square ({width}x{height}): use --crop=center")
        image = converted(image, self.channels)
        if self.common_size is not None:
            image = _square(image, self.common_size, self.resize_filter)
        image = _square(image, self.resolution, self.resize_filter)
        return np.asarray(image).reshape(self.shape)


def square_with_alpha(image: Image.Image, resolution: int, channels: int) -> np.ndarray:
    """The central square of any picture by the Lanczos filter, its transparency kept.

    Args:
        image: Any mode and size.
        resolution: Height and width.
        channels: 2 (grey and alpha) or 4 (RGB and alpha).

    Returns:
        uint8 [resolution, resolution, channels].
    """
    image = _square(_eight_bits(image).convert("RGBA"), resolution, "lanczos")
    return np.asarray(image.convert({2: "LA", 4: "RGBA"}[channels]))


def _square(image: Image.Image, resolution: int, resize_filter: str) -> Image.Image:
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    image = image.crop((left, top, left + side, top + side))
    return image.resize((resolution, resolution), FILTERS[resize_filter])


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip
        deep = np.asarray(image)
        grey = (deep >> 8).astype(np.uint8)
        if "transparency" in image.info:  # one of 65,536 levels
            grey[deep == image.info["transparency"]] = 255
        return Image.fromarray(grey)
    return image


def converted(image: Image.Image, channels: int) -> Image.Image:
    """A picture of any mode as 8-bit grey (1 channel) or RGB (3), as `CropResize` says."""
    image = _eight_bits(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(MODES[channels])
