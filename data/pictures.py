"""Image files read as they are: decoded and resized each time they are asked for."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.files import read_file
from gan_knowledge_gaps.data.images import Images, checked_indices
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.picture import MAX_BYTES, decode
from gan_knowledge_gaps.data.resize import CropResize, square_with_alpha
from gan_knowledge_gaps.data.sources import Source, open_images
from gan_knowledge_gaps.data.threads import map_in_order


def read_picture(path: Path, resolution: int, channels: int) -> np.ndarray:
    """The central square of a picture by the Lanczos filter, uint8 [resolution, ..., channels].

    Args:
        path: Of the file.
        resolution: Height and width.
        channels: 1 or 3, transparent parts being laid over white; 2 or 4 with alpha.

    Raises:
        InputError: There is no such file, or it cannot be decoded.
    """
    image = decode(read_file(path, MAX_BYTES), str(path)).image
    if channels in (2, 4):
        return square_with_alpha(image, resolution, channels)
    return CropResize(resolution, channels)(image, str(path))


class PictureImages(Images):
    """The pictures of a source as images of one shape, without holding them in memory.

    Args:
        source: Encoded pictures.
        crop_resize: Makes an image of each.
    """

    def __init__(self, source: Source, crop_resize: CropResize | Patches):
        self._source, self._crop_resize = source, crop_resize

    def __len__(self) -> int:
        return len(self._source.names)

    @property
    def paths(self) -> list[str]:
        """Relative paths of the files, with forward slashes."""
        return self._source.paths

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._crop_resize.shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over what makes the pixels: files, in order, crop and size.

        Of the files it takes sizes and CRC-32 sums, which a zip file lists; those of a folder are
        read once. A folder and a zip of the same files have the same fingerprint.
        """
        # "Squaring" was the class's name: fingerprints are part of keys, and outlive names.
        fields = {name: each for name, each in vars(self._crop_resize).items() if each is not None}
        made = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        digest = hashlib.sha256(f"pictures {len(self)} Squaring({made})\n".encode())
        for size, crc in map_in_order(self._source.checksum, range(len(self))):
            digest.update(f"{size} {crc:08x}\n".encode())
        return digest.hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Decodes and resizes pictures, on all cores.

        Args:
            indices: Integers [n], each from 0 to len(self) - 1.

        Returns:
            uint8 [n, H, W, C].

        Raises:
            IndexError: As `ArrayImages.read`.
            InputError: A picture is damaged; the message names it.
        """
        if not len(checked_indices(indices, len(self))):
            return np.empty((0, *self.shape), np.uint8)
        return self.read_each(indices, [self._crop_resize] * len(indices))

    def read_each(self, indices: np.ndarray, makers: Sequence[Callable]) -> np.ndarray:
        """The same pictures, of each of which something else is made.

        Args:
            indices: Integers [n], n above 0.
            makers: Of each, from a decoded picture (`PIL.Image.Image`) and what to call it in an
                error to uint8 [h, w, C]; one shape for all.

        Returns:
            uint8 [n, h, w, C].

        Raises:
            As `read`.
        """
        chosen = zip(checked_indices(indices, len(self)), makers, strict=True)
        images = map_in_order(lambda each: self._read_one(*each), chosen)
        first = next(images)
        made = np.empty((len(indices), *first.shape), np.uint8)
        made[0] = first
        for row, image in zip(made[1:], images, strict=True):
            row[:] = image
        return made

    def _read_one(self, i: int, make: Callable) -> np.ndarray:
        where = self._source.where(i)
        return make(decode(self._source.read(i), where).image, where)


def open_folder(
    data_dir: str | None,
    resolution: int,
    channels: int,
    resize_filter: str = "lanczos",
    labels: str | None = None,
    common_size: int | None = None,
    patches: int | None = None,
) -> tuple[PictureImages, np.ndarray | None]:
    """Opens every image file of a folder or zip, sorted by path, 2 before 10.

    Each is turned as its EXIF tag says, cropped to its central square and resized; see
    `data.resize.CropResize`. With patches it is cut instead; see `data.patches.Patches`.

    Args:
        data_dir: The folder, or a zip file.
        resolution: Height and width.
        channels: 1 or 3.
        resize_filter: "lanczos" or "box".
        labels: As for `data.labels.labels_of`.
        common_size: As for `CropResize`.
        patches: How many are cut of each picture; None for its central square, resized.

    Returns:
        The images, and labels int64 [N] or None.

    Raises:
        InputError: It is missing, unreadable or without images, or the labels do not fit.
    """
    if data_dir is None:
        raise InputError("folder needs --data_dir, a folder or zip file of images")
    crop_resize: CropResize | Patches = CropResize(
        resolution, channels, resize_filter, common_size=common_size
    )
    if patches is not None:
        crop_resize = Patches(resolution, channels, patches)
    source = open_images(data_dir, labels=labels)
    return PictureImages(source, crop_resize), source.labels
