"""Square resizing and channels, by Pillow, whose integer arithmetic is the same everywhere."""

import numpy as np
from PIL import Image


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
        resized[i] = Image.fromarray(image).resize((resolution,) * 2, Image.Resampling.BICUBIC)
    return resized


def add_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Repeats grey images uint8 [N, H, W] into uint8 [N, H, W, channels]."""
    return np.repeat(images[..., None], channels, axis=-1)


def square_image(image: Image.Image, resolution: int, channels: int) -> np.ndarray:
    """Turns any picture into a square one: centre crop, then Lanczos (antialiased), as for FFHQ.

    Transparent parts are laid over white. Grey is ITU-R 601 luma. 16-bit grey keeps its upper
    8 bits.

    Args:
        image: Any mode and size.
        resolution: New height and width.
        channels: 1 or 3.

    Returns:
        uint8 [resolution, resolution, channels].
    """
    image = _convert(image, "L" if channels == 1 else "RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    image = image.resize((resolution, resolution), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(resolution, resolution, channels)


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(mode)
