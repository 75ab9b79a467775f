"""A folder of image files, at any depth."""

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from data.errors import InputError
from data.resize import square_image

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
# Only these decoders run, whatever a file calls itself.
_FORMATS = ("BMP", "JPEG", "PNG", "WEBP")


def read_folder(data_dir: str | None, resolution: int, channels: int) -> tuple[np.ndarray, None]:
    """Reads every PNG, JPEG, WebP and BMP file below a folder, in the order of relative paths.

    Hidden files and folders (a leading dot) and links to folders are passed over. Each image is
    turned as its EXIF tag says, cropped to its central square and resized; see
    `data.resize.square_image`. All of them are held in memory.

    Args:
        data_dir: The folder.
        resolution: Height and width.
        channels: 1 or 3.

    Returns:
        Images uint8 [N, resolution, resolution, channels], and None for the labels.

    Raises:
        InputError: A folder is missing, unreadable or without images, or a file is damaged or
            too large for Pillow's limit against decompression bombs.
    """
    if data_dir is None:
        raise InputError("folder needs --data_dir, a folder of PNG, JPEG, WebP or BMP images")
    paths = _image_paths(existing_folder(data_dir))
    if not paths:
        raise InputError(f"no images in {data_dir}: --data_dir needs {', '.join(SUFFIXES)} files")
    images = np.empty((len(paths), resolution, resolution, channels), np.uint8)
    for i, path in enumerate(paths):
        images[i] = square_image(_decode(path), resolution, channels)
    return images, None


def existing_folder(data_dir: str) -> Path:
    """Returns the folder as a path, or raises an InputError if it is missing or none."""
    if not str(data_dir):
        raise InputError("--data_dir is empty: give a folder")
    try:
        folder = Path(data_dir).expanduser()
        if not folder.exists():
            raise InputError(f"--data_dir {folder} does not exist: give an existing folder")
        if not folder.is_dir():
            raise InputError(f"--data_dir {folder} is not a folder: give the folder it is in")
    except (OSError, RuntimeError) as error:  # a name too long, ~ of an unknown user, ...
        raise InputError(f"cannot use --data_dir {data_dir} ({error}): give another") from error
    return folder


def _image_paths(folder: Path) -> list[Path]:
    paths = []
    for parent, subfolders, names in os.walk(folder, onerror=_unreadable):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        paths += [Path(parent, name) for name in names if _is_image_name(name)]
    # As text with forward slashes, so that the order is the same on every system.
    return sorted(paths, key=lambda path: path.relative_to(folder).as_posix())


def _is_image_name(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _unreadable(error: OSError) -> None:
    raise InputError(f"cannot read {error.filename}: {error.strerror}") from error


def _decode(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of images up to twice its limit.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files
        raise InputError(
            f"cannot read {path} as an image ({error}): repair it or take it away"
        ) from error
