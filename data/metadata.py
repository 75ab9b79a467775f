"""What image files hold beside their pixels: read where it is sound, ignored where it is not."""

import zlib
from collections.abc import Iterator

from PIL import ExifTags, Image

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_ADOBE, _COMMENT, _START_OF_SCAN = 0xEE, 0xFE, 0xDA
_EXIF = b"Exif\0\0"


def orientation(image: Image.Image) -> int | None:
    """How a picture is to be turned by EXIF, tag 0x0112: 1 ... 8; None if that cannot be read.

    Args:
        image: A loaded picture: a PNG file may hold its EXIF data behind the pixels.
    """
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow raises a dozen types
        return None
    return value if value in range(1, 9) else 1


def without_metadata(contents: bytes) -> bytes | None:
    """A PNG or JPEG file without texts, profiles and thumbnails; its EXIF data stay if whole.

    Args:
        contents: The file's bytes, from anywhere.

    Returns:
        A shorter file of the same pixels, or None where there is nothing to take away.
    """
    if contents.startswith(_PNG):
        bare = _PNG + b"".join(_png_chunks(contents))
    elif contents.startswith(_JPEG):
        bare = _JPEG + b"".join(_jpeg_segments(contents))
    else:
        return None
    return bare if len(bare) < len(contents) else None


def _png_chunks(contents: bytes) -> Iterator[bytes]:
    """The chunks that make the pixels: those in capitals, and tRNS. Also eXIf with its checksum."""
    start = len(_PNG)
    while start + 12 <= len(contents):
        end = start + 12 + int.from_bytes(contents[start : start + 4], "big")
        chunk, kind = contents[start:end], contents[start + 4 : start + 8]
        whole = zlib.crc32(chunk[4:-4]).to_bytes(4, "big") == chunk[-4:]
        if kind[:1].isupper() or kind == b"tRNS" or (kind == b"eXIf" and whole):
            yield chunk
        start = end


def _jpeg_segments(contents: bytes) -> Iterator[bytes]:
    """The segments that make the pixels, APP0 and Adobe's APP14 among them. Also EXIF data."""
    start = len(_JPEG)
    while start + 4 <= len(contents) and contents[start] == 0xFF:
        kind = contents[start + 1]
        if kind == _START_OF_SCAN:
            break
        end = start + 2 + int.from_bytes(contents[start + 2 : start + 4], "big")
        is_metadata = (0xE1 <= kind <= 0xEF and kind != _ADOBE) or kind == _COMMENT
        if not is_metadata or contents.startswith(_EXIF, start + 4):
            yield contents[start:end]
        start = end
    yield contents[start:]
