"""What the page says of a picture's file beside its pixels."""

import contextlib
import hashlib
from collections.abc import Iterator

from PIL import ExifTags

from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.data.facts import facts_of
from gan_knowledge_gaps.data.picture import open_header

MOST_TEXTS, MOST_CHARACTERS = 12, 300
_MODES = {"1": "black and white", "L": "grey", "LA": "grey with transparency", "P": "indexed",
          "PA": "indexed with transparency", "RGBA": "RGB with transparency"}  # fmt: skip
_EXIF = (
    "Make", "Model", "Software", "DateTime", "Artist", "Copyright", "ImageDescription",
    "HostComputer",
)  # fmt: skip
_PHOTOGRAPH = ("DateTimeOriginal", "LensModel", "ExposureTime", "FNumber", "ISOSpeedRatings")


def file_facts(contents: bytes) -> list[tuple[str, str]]:
    """Names and values for people; what cannot be read is left out.

    Args:
        contents: of a file that was decoded.
    """
    found = []
    for part in (_encoding, _exif, _texts):
        with contextlib.suppress(Exception):  # Pillow raises a dozen types on damaged metadata
            found += [(_short(name), _short(value)) for name, value in part(contents)]
    return [*found, ("SHA-256", hashlib.sha256(contents).hexdigest())]


def _encoding(contents: bytes) -> Iterator[tuple[str, str]]:
    facts = facts_of(contents)
    yield "Format", f"{facts.format}, {_MODES.get(facts.mode, facts.mode)}, {len(contents):,} bytes"
    yield "Size", f"{facts.width:,} x {facts.height:,} pixels"
    if facts.quality is not None:
        words = f"quality {facts.quality} or near it, tables {facts.tables}"
        yield "JPEG", words + (f", colours {facts.subsampling}" if facts.mode != "L" else "")
    yield "EXIF data", "yes" if facts.has_exif else "none"
    yield "Colour profile", "yes" if facts.has_profile else "none"
    with open_header(contents) as image:
        if getattr(image, "is_animated", False):
            yield "Frames", f"{getattr(image, 'n_frames', 1):,}; the first is looked at"


def _exif(contents: bytes) -> Iterator[tuple[str, str]]:
    with open_header(contents) as image:
        data = image.getexif()
        photograph = data.get_ifd(ExifTags.IFD.Exif)
        has_place = bool(data.get_ifd(ExifTags.IFD.GPSInfo))
    for names, values in ((_EXIF, data), (_PHOTOGRAPH, photograph)):
        known = ((name, values.get(ExifTags.Base[name])) for name in names)
        yield from ((name, str(value)) for name, value in known if value not in (None, ""))
    if has_place:
        yield "GPS position", "in the file"


def _texts(contents: bytes) -> Iterator[tuple[str, str]]:
    """Comments: generators' programs write their prompts and names there."""
    with open_header(contents) as image:
        info = dict(image.info)
    if isinstance(comment := info.get("comment"), bytes):
        info["comment"] = comment.decode("utf-8", "replace")
    texts = [(str(name), each) for name, each in info.items() if isinstance(each, str) and each]
    yield from texts[:MOST_TEXTS]


def _short(text: str) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
