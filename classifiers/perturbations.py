"""Perturbations that pictures meet in use: JPEG, blur, resizing, cropping."""

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from gan_knowledge_gaps.data import Images, InputError
from gan_knowledge_gaps.data.threads import map_in_order


def jpeg(image: np.ndarray, quality: float) -> np.ndarray:
    """JPEG encoding and decoding by Pillow, with 4:2:0 chroma.

    Args:
        image: uint8 [H, W, 1 or 3].
        quality: 1 ... 100, rounded to a whole number.
    """
    file = io.BytesIO()
    _to_pillow(image).save(file, "JPEG", quality=round(quality))
    return np.asarray(Image.open(file)).reshape(image.shape)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur, cut off at 4 sigma, the edges mirrored.

    Args:
        image: uint8 [H, W, C].
        sigma: standard deviation in pixels; 0 for none.
    """
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(image.astype(np.float32), (sigma, sigma, 0))
    return np.round(blurred).astype(np.uint8)


def resize(image: np.ndarray, factor: float) -> np.ndarray:
    """Resizes by Lanczos filter, and back to the size it had.

    Args:
        image: uint8 [H, W, 1 or 3].
        factor: size in between by the image's own, above 0.
    """
    between = [max(1, round(each * factor)) for each in image.shape[:2]]
    return resized(resized(image, between), image.shape[:2])


def crop(image: np.ndarray, share: float) -> np.ndarray:
    """The middle of an image, enlarged to its size by Lanczos filter.

    Args:
        image: uint8 [H, W, 1 or 3].
        share: of height and width that is kept, in (0, 1].
    """
    return resized(middle(image, share), image.shape[:2])


def middle(image: np.ndarray, share: float, least: int = 1) -> np.ndarray:
    """The middle of an image.

    Args:
        image: uint8 [H, W, C].
        share: of height and width that is kept, in (0, 1].
        least: pixels that are kept at least, where there are so many.
    """
    kept = [max(min(each, least), round(each * share)) for each in image.shape[:2]]
    top, left = ((each - part) // 2 for each, part in zip(image.shape, kept, strict=False))
    return np.ascontiguousarray(image[top : top + kept[0], left : left + kept[1]])


def resized(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """An image by Lanczos filter.

    Args:
        image: uint8 [H, W, 1 or 3].
        size: height and width that it gets.
    """
    new = _to_pillow(image).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(new).reshape(*size, image.shape[-1])


# name: (function, what its number is, the number that changes nothing or next to nothing)
PERTURBATIONS = {
    "jpeg": (jpeg, "quality", 100.0),
    "blur": (blur, "sigma in pixels", 0.0),
    "resize": (resize, "factor", 1.0),
    "crop": (crop, "share kept", 1.0),
}


def check_strength(name: str, strength: float) -> None:
    """Raises InputError unless a perturbation exists and takes such a number."""
    if name not in PERTURBATIONS:
        raise InputError(f"'{name}' is none of {', '.join(PERTURBATIONS)}")
    least, most = {"jpeg": (1, 100), "blur": (0, 100), "resize": (0.01, 16), "crop": (0.01, 1)}[
        name
    ]
    if not least <= strength <= most:
        raise InputError(f"{name} is {strength}; it must be within {least} ... {most}")


def _to_pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def perturbed_fingerprint(images: Images, name: str, strength: float) -> str:
    """SHA-256 in hexadecimal of the line "<name> <strength> of <fingerprint>\\n"."""
    return hashlib.sha256(f"{name} {strength!r} of {images.fingerprint}\n".encode()).hexdigest()


class Perturbed(Images):
    """Applies a perturbation to images as they are read, on all cores.

    Args:
        images: as they were.
        name: one of PERTURBATIONS.
        strength: its number.
    """

    def __init__(self, images: Images, name: str, strength: float):
        check_strength(name, strength)
        self._images, self._name, self._strength = images, name, strength

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._images.shape

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over the images' fingerprint and the perturbation."""
        return perturbed_fingerprint(self._images, self._name, self._strength)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images at the indices [n], uint8 [n, H, W, C]."""
        images = self._images.read(indices)
        perturbed = np.empty_like(images)
        function = PERTURBATIONS[self._name][0]
        done = map_in_order(lambda image: function(image, self._strength), images)
        for row, image in zip(perturbed, done, strict=True):
            row[:] = image
        return perturbed
