"""One encoded picture: untrusted bytes to an upright image, and an image to a PNG file."""

import io
import threading
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from data.errors import InputError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
# A picture's file may not be larger: it is read into memory, and a zip's entry may expand to this.
MAX_BYTES = 2**29
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # Pillow's name by the number of channels
# Only these decoders run, whatever a file calls itself.
_FORMATS = ("BMP", "JPEG", "PNG", "WEBP")
_PNG_DEPTH = 24  # the byte that holds the bits per channel
# Filters of warnings belong to the whole process, not to a thread.
_opening = threading.Lock()


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        image: Upright, all of its pixels decoded.
        plain: "png" or "jpeg" if the encoded bytes say the same to any reader: 8 bits per channel,
            grey or RGB without transparency, one frame, no turning by EXIF; else None.
    """

    image: Image.Image
    plain: str | None


def is_image_name(path: str) -> bool:
    """Whether a relative path ends as images do and no part of it is hidden (a leading dot)."""
    return path.lower().endswith(SUFFIXES) and not any(
        part.startswith(".") for part in path.split("/")
    )


def decode(contents: bytes, where: str) -> Picture:
    """Decodes a PNG, JPEG, WebP or BMP file and turns it as its EXIF tag says.

    Args:
        contents: The file's bytes.
        where: What to call it in an error.

    Raises:
        InputError: It is none of these, damaged, cut short, or larger than Pillow's limit
            against decompression bombs.
    """
    try:
        with _open(contents) as image:
            plain = _plain_format(image, contents)
            return Picture(ImageOps.exif_transpose(image), plain)
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files
        reason = str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):  # its own text holds a memory address
            reason = f"cannot identify it as {', '.join(_FORMATS)}"
        raise InputError(
            f"cannot read {where} as an image ({reason}): repair it or take it away"
        ) from error


def encode_png(image: np.ndarray) -> bytes:
    """Encodes uint8 [H, W, 1 ... 4] as a PNG file, without loss; 2 and 4 channels have alpha.

    Run-length compression: on photographs within a few percent of zlib's default, and up to five
    times as fast.

    Raises:
        ValueError: `image` is anything else.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] not in MODES:
        raise ValueError(f"Need uint8 [H, W, 1 ... 4], got {image.dtype} {image.shape}.")
    file = io.BytesIO()
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", compress_type=zlib.Z_RLE)
    return file.getvalue()


def _open(contents: bytes) -> Image.Image:
    """Reads the header; the pixels are decoded later, outside the lock."""
    with _opening, warnings.catch_warnings():
        # Pillow only warns of images up to twice its limit.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(contents), formats=_FORMATS)


def _plain_format(image: Image.Image, contents: bytes) -> str | None:
    image.load()  # before the rest: a PNG may hold some of its description behind the pixels
    if (
        image.format not in ("PNG", "JPEG")
        or image.mode not in ("L", "RGB")
        or image.has_transparency_data
        or getattr(image, "n_frames", 1) > 1
        or image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
        or (image.format == "PNG" and contents[_PNG_DEPTH] != 8)
    ):
        return None
    return image.format.lower()
