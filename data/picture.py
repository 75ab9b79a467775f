"""One encoded picture: untrusted bytes to an upright image, and an image to a PNG file."""

import contextlib
import io
import threading
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.metadata import orientation, without_metadata

SUFFIXES = (
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm",
    ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
JPEG_SUFFIXES = (".jfif", ".jpe", ".jpeg", ".jpg")
# A picture's file may not be larger: it is read into memory, and a zip's entry may expand to this.
MAX_BYTES = 2**29
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # Pillow's name by the number of channels
# A picture of more pixels is refused before it is decoded: a small file can hold a huge one. So
# many take half a GiB in Pillow (4 bytes each) and several GiB in an exported SavedModel. A phone's
# 108 megapixels are fewer.
MOST_PIXELS = 2**27
Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # Pillow's own bound, which is lower, must not come before
# Only these decoders run, whatever a file calls itself.
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# What they give. Of other modes (F, LAB) it is not known what is black and what is white.
_MODES = (
    "1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "I;16", "I;16B",
)  # fmt: skip
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS, _PHOTOMETRIC, _BLACK_IS_ZERO = 258, 262, 1  # TIFF 6.0
_PNG_DEPTH = 24  # the byte that holds the bits per channel
# Filters of warnings belong to the whole process, not to a thread.
_opening = threading.Lock()
# Pillow warns of metadata that it cannot make sense of; they change no pixel.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


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


def decode(contents: bytes, where: str) -> Picture:
    """Decodes an image file and turns it as its EXIF tag says; of several frames, the first.

    Metadata that cannot be read are ignored: texts, profiles, EXIF data.

    Args:
        contents: The file's bytes: AVIF, BMP, GIF, JPEG, PNG, PPM, TIFF or WebP, whatever its name.
        where: What to call it in an error.

    Raises:
        InputError: It is none of these, damaged, cut short, of a range of values that is not
            known, or of more than MOST_PIXELS pixels.
    """
    try:
        return _decode(contents)
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files
        bare = without_metadata(contents)
        with contextlib.suppress(Exception):
            if bare is not None:
                return Picture(_decode(bare).image, plain=None)
        raise InputError(
            f"cannot read {where} as an image ({_reason(error)}): repair it or remove it"
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


def _decode(contents: bytes) -> Picture:
    with open_header(contents) as image:
        _refuse(image)
        image.load()
        turn = orientation(image)
        plain = _plain_format(image, contents) if turn == 1 else None
        if image.format == "PNG" and "transparency" in image.info:
            pixels = _with_png_transparency(image, contents)
        else:
            pixels = image.copy()
        return Picture(pixels.transpose(_TURNS[turn]) if turn in _TURNS else pixels, plain)


def open_header(contents: bytes) -> ImageFile.ImageFile:
    """Reads the header of an image file; the pixels are decoded later, outside the lock.

    Raises:
        Exception: What Pillow raises where it is none, damaged, or of too many pixels.
    """
    with _opening, warnings.catch_warnings():
        # Pillow only warns of images up to twice its limit.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(contents), formats=_FORMATS)


def _refuse(image: Image.Image) -> None:
    """Raises a ValueError for pixels whose values have no known range."""
    mode, format = image.mode, image.format
    if mode not in _MODES and not (mode == "I" and format in ("PNG", "PPM")):  # up to 65,535
        raise ValueError(f"pixels of mode {mode}: save it with 8 or 16 bits per channel")
    if mode.startswith("I") and isinstance(image, TiffImagePlugin.TiffImageFile):
        tags = image.tag_v2
        if tags.get(_BITS) != (16,) or tags.get(_PHOTOMETRIC) != _BLACK_IS_ZERO:
            raise ValueError("grey of other than 16 bits from black to white: save it with 8 bits")


def _plain_format(image: Image.Image, contents: bytes) -> str | None:
    if (
        image.format not in ("PNG", "JPEG")
        or image.mode not in ("L", "RGB")
        or image.has_transparency_data
        or getattr(image, "n_frames", 1) > 1
        or (image.format == "PNG" and contents[_PNG_DEPTH] != 8)
    ):
        return None
    return image.format.lower()


def _with_png_transparency(image: Image.Image, contents: bytes) -> Image.Image:
    """Has the one transparent level or colour of a PNG file compared at the file's own depth."""
    value, depth, image = image.info["transparency"], contents[_PNG_DEPTH], image.copy()
    if image.mode == "L":
        most = 2**depth - 1
        image.info["transparency"] = (value & most) * (255 // most)
    elif image.mode == "RGB" and depth == 8:
        image.info["transparency"] = tuple(each & 255 for each in value)
    elif image.mode == "RGB":  # Pillow keeps the upper 8 of 16 bits
        with open_header(contents) as lower:
            lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
            deep = np.asarray(image, np.uint16) << 8 | np.asarray(lower)
        alpha = np.where((deep == value).all(axis=-1, keepdims=True), 0, 255)
        image = Image.fromarray(np.concatenate([deep >> 8, alpha], axis=-1).astype(np.uint8))
    return image


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):  # its own text holds a memory address
        return f"cannot identify it as {', '.join(_FORMATS)}"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has more than {MOST_PIXELS:,} pixels, half a GiB of memory"
    return brief(error)
