"""The operations by their definition, in float64 and without TensorFlow; which one to test."""

import functools

import numpy as np
import pytest
import scipy.signal
import scipy.special

from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.toolchain import find_compiler

# Half of the distance between neighbouring numbers, relative to them: the error of one rounding.
ROUNDING = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}


@functools.cache
def _no_compiler() -> str | None:
    try:
        find_compiler()
    except BuildError as error:
        return str(error)
    return None


def custom_module():
    """The module of custom operations; skips the test where there is no compiler."""
    if _no_compiler():
        pytest.skip(f"no custom operations without a compiler: {_no_compiler()}")
    return library.load("custom")


def upfirdn_2d(images, kernel, up=(1, 1), down=(1, 1), padding=(0, 0, 0, 0)) -> np.ndarray:
    """[N, H, W, C], by zero insertion, padding, cropping, SciPy's convolution, and decimation."""
    images, kernel = np.float64(images), np.float64(kernel)
    n, h, w, c = images.shape
    inserted = np.zeros((n, h * up[0], w * up[1], c))
    inserted[:, :: up[0], :: up[1]] = images
    wide = [(max(padding[0], 0), max(padding[1], 0)), (max(padding[2], 0), max(padding[3], 0))]
    padded = np.pad(inserted, [(0, 0), *wide, (0, 0)])
    top, bottom, left, right = (max(-each, 0) for each in padding)
    padded = padded[:, top : padded.shape[1] - bottom, left : padded.shape[2] - right]
    out = [padded.shape[i + 1] - kernel.shape[i] + 1 for i in (0, 1)]
    filtered = np.zeros((n, *out, c))
    for i in range(n):
        for j in range(c):
            filtered[i, :, :, j] = scipy.signal.convolve2d(padded[i, :, :, j], kernel, "valid")
    return filtered[:, :: down[0], :: down[1]]


def activation(name: str, x: np.ndarray, alpha: float) -> np.ndarray:
    """An activation's values in float64."""
    x = np.float64(x)
    elu = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return {
        "linear": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "lrelu": lambda: np.where(x > 0, x, alpha * x),
        "tanh": lambda: np.tanh(x),
        "sigmoid": lambda: scipy.special.expit(x),
        "elu": lambda: np.where(x > 0, x, alpha * elu),
        "selu": lambda: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * elu),
        "softplus": lambda: np.logaddexp(x, 0),
        "swish": lambda: x * scipy.special.expit(x),
    }[name]()
