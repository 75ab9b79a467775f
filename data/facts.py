"""What is known of a picture's file without its pixels: size, format, JPEG encoding, metadata."""

import functools
import hashlib
import io
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image, JpegImagePlugin

from gan_knowledge_gaps.data.picture import open_header

_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


@dataclass(frozen=True)
class PictureFacts:
    """Of one file, by its contents and whatever it is called.

    Attributes:
        width: In pixels, as stored.
        height: In pixels, as stored.
        format: As Pillow calls it: "JPEG", "PNG", ...
        mode: Pillow's name of its channels: "L", "RGB", "RGBA", ...
        quality: Of JPEG files, the libjpeg quality with the nearest brightness table; else None.
        tables: Of JPEG files, a short hash of the quantization tables; else "".
        subsampling: Of JPEG files, of their colours, such as "4:2:0"; else "".
        has_exif: Whether there are EXIF data.
        has_profile: Whether there is a colour profile.
    """

    width: int
    height: int
    format: str
    mode: str
    quality: int | None
    tables: str
    subsampling: str
    has_exif: bool
    has_profile: bool

    @property
    def side(self) -> int:
        """The side of the central square, in pixels."""
        return min(self.width, self.height)


def facts_of(contents: bytes) -> PictureFacts:
    """Reads a file's header.

    Raises:
        Exception: Whatever Pillow raises for a damaged one.
    """
    with open_header(contents) as image:
        tables, quality, subsampling = "", None, ""
        if image.format == "JPEG" and isinstance(image, JpegImagePlugin.JpegImageFile):
            listed = [list(table) for _, table in sorted(image.quantization.items())]
            tables = hashlib.sha256(repr(listed).encode()).hexdigest()[:8]
            quality = _quality(np.array(listed[0], float))
            subsampling = _SUBSAMPLING.get(JpegImagePlugin.get_sampling(image), "other")
        return PictureFacts(
            *image.size, image.format or "", image.mode, quality, tables, subsampling,
            bool(image.info.get("exif")), bool(image.info.get("icc_profile")),
        )  # fmt: skip


def _quality(table: np.ndarray) -> int:
    """Inverts libjpeg's scaling of the standard's table: 5000 / q % below 50, 200 - 2 q % above."""
    percent = 100 * np.median(table / _table_at_half_quality())
    quality = 5000 / percent if percent > 100 else (200 - percent) / 2
    return int(np.clip(round(quality), 1, 100))


@functools.cache
def _table_at_half_quality() -> np.ndarray:
    """The standard's brightness table itself, which is libjpeg's at quality 50."""
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG", quality=50)
    with cast(JpegImagePlugin.JpegImageFile, Image.open(file)) as image:
        return np.array(image.quantization[0], float)
