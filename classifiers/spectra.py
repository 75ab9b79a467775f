"""Averaged power spectra: at which frequencies a generator leaves artefacts."""

from collections.abc import Iterator

import numpy as np

from gan_knowledge_gaps.data import Images

BATCH = 256
FLOOR = 1e-8  # of the power; about that of an image which is one grey level off in one pixel


def log_power_spectrum(images: Images, residual: bool = False, sigma: float = 1.0) -> np.ndarray:
    """The mean of log10 of the power of each image's luminance.

    Power is |DFT|^2 / (H W)^2 of grey levels scaled to [0, 1], the mean grey left out, under a Hann
    window, which keeps the edges of an image from making a cross. Spectra like these show the
    traces of upsampling as peaks and as a wrong slope at high frequencies (Durall et al. 2020).

    Args:
        images: square or not.
        residual: take the spectrum of the image less its Gaussian blur, which leaves out most of
            what the image shows.
        sigma: of that blur, in pixels.

    Returns:
        float64 [H, W], frequency 0 in the middle (at H // 2, W // 2).
    """
    total = sum(each.sum(axis=0) for each in _log_powers(images, residual, sigma))
    return np.fft.fftshift(total / len(images))


def radial_profiles(images: Images) -> np.ndarray:
    """The `radial_profile` of each image's log power spectrum, float64 [N, R]."""
    return np.concatenate(
        [
            [radial_profile(np.fft.fftshift(power))[1] for power in powers]
            for powers in _log_powers(images)
        ]
    )


def _log_powers(images: Images, residual: bool = False, sigma: float = 1.0) -> Iterator[np.ndarray]:
    """Log10 of the power of each image, frequency 0 at the corner; float64 [n, H, W] each."""
    height, width = images.shape[:2]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    window /= np.sqrt(np.mean(window**2))
    for start in range(0, len(images), BATCH):
        batch = images.read(np.arange(start, min(start + BATCH, len(images))))
        grey = batch.mean(axis=-1, dtype=np.float64) / 255  # [N, H, W]
        if residual:
            from scipy import ndimage

            grey -= ndimage.gaussian_filter(grey, (0, sigma, sigma))
        grey -= grey.mean(axis=(1, 2), keepdims=True)
        power = np.abs(np.fft.fft2(grey * window)) ** 2 / (height * width) ** 2
        yield np.log10(power + FLOOR)


def radial_profile(spectrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of a spectrum [H, W] over rings of equal frequency.

    Returns:
        Frequencies in cycles per pixel, [R], from one cycle per image to 1/2, and means, [R].
    """
    height, width = spectrum.shape
    y = (np.arange(height) - height // 2)[:, None] / height
    x = (np.arange(width) - width // 2)[None] / width
    rings = np.round(np.hypot(y, x) * min(height, width)).astype(int)
    count = min(height, width) // 2
    sums = np.bincount(rings.ravel(), spectrum.ravel())[1 : count + 1]
    sizes = np.bincount(rings.ravel())[1 : count + 1]
    return np.arange(1, count + 1) / min(height, width), sums / sizes
