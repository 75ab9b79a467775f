"""Traces of resampling in a picture's own pixels: what its highest frequencies hold."""

import numpy as np
from PIL import Image

BANDS = 16  # of frequency, from 0 to half a cycle per pixel
LEAST, MOST = 32, 128  # pixels of the square that is looked at
FALL = 3.0  # powers of ten below the lower bands, where detail ends


def band_powers(image: Image.Image) -> np.ndarray | None:
    """Log10 of the mean power of grey levels in bands of frequency, from low to high.

    The frequency is the larger one of the horizontal and the vertical. An enlarged picture has next
    to nothing in the bands above the ones it had before.

    Args:
        image: Any mode and size; the middle of it is looked at, not resized.

    Returns:
        float64 [BANDS], or None where it is smaller than LEAST pixels.
    """
    side = min(*image.size, MOST)
    if side < LEAST:
        return None
    left, top = ((length - side) // 2 for length in image.size)
    grey = np.asarray(image.crop((left, top, left + side, top + side)).convert("L"), float)
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2 / side**2
    frequency = np.abs(np.fft.fftfreq(side))
    frequency = np.maximum(frequency[:, None], frequency[None])
    band = np.minimum((frequency * 2 * BANDS).astype(int), BANDS - 1).ravel()
    mean = np.bincount(band, power.ravel(), BANDS) / np.bincount(band, minlength=BANDS)
    return np.log10(mean + 1e-6)


def reach(bands: np.ndarray) -> np.ndarray:
    """Up to which share of the highest frequency pictures hold detail.

    Args:
        bands: Of `band_powers`, float [n, BANDS]; NaN where there are none.

    Returns:
        float64 [n], in (0, 1]; NaN likewise.
    """
    below = bands < bands[:, 2:4].mean(axis=1, keepdims=True) - FALL
    first = np.where(below.any(axis=1), np.argmax(below, axis=1), BANDS)
    return np.where(np.isfinite(bands).all(axis=1), first / BANDS, np.nan)
