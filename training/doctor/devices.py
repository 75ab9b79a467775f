"""In a process of its own: TensorFlow starts, and every device computes what NumPy computes."""

import functools
import time
from collections.abc import Callable, Sequence

import numpy as np

from gan_knowledge_gaps.training.doctor.check import Check, guarded, problem
from gan_knowledge_gaps.training.doctor.gpus import gpus
from gan_knowledge_gaps.training.doctor.installation import (
    TENSORFLOWS,
    requirements_of,
    unmet,
    version_of,
)
from gan_knowledge_gaps.training.runtime import configure, prepare_import

# Relative to the largest number: float32 rounds at 6e-8, and sums here are of a few hundred terms.
TOLERANCE = 1e-5


def checks() -> list[Check]:
    """What this process finds once TensorFlow has started."""
    started = time.monotonic()
    prepare_import()
    import tensorflow as tf

    configure()
    devices = [device.name for device in tf.config.list_logical_devices()]
    wheels = {wheel: version for wheel in TENSORFLOWS if (version := version_of(wheel))}
    seconds = time.monotonic() - started
    found = [versions(tf.__version__, tf.__file__, [*wheels.values()], seconds)]
    seen = len(tf.config.list_physical_devices("GPU"))
    cuda = tf.sysconfig.get_build_info().get("cuda_version")  # None without CUDA
    missing = unmet(requirements_of(next(iter(wheels))), "and-cuda") if cuda and wheels else []
    found += guarded("GPUs", lambda: gpus(seen, cuda, missing))
    for device in devices:
        found += guarded("Arithmetic", functools.partial(arithmetic, device, convolve))
    return found


def versions(imported: str, file: str, installed: Sequence[str], seconds: float) -> Check:
    """Whether the TensorFlow that was imported, from a file, is the one that is installed."""
    if imported in installed:
        return Check("TensorFlow", f"{imported}, started in {seconds:.1f} s")
    found = f"{imported} is imported, from {file}; {', '.join(installed) or 'none'} is installed"
    advice = "move away what hides it: a folder on PYTHONPATH, or one named tensorflow here"
    return problem("TensorFlow", found, advice)


def arithmetic(
    device: str, compute: Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Check:
    """Whether a convolution and its gradient are those of NumPy in float64.

    Args:
        device: name of a TensorFlow device.
        compute: (device, images [N, H, W, C], kernel [3, 3, C, D]) to the convolution without
            padding, and to half the sum of its squares differentiated by the kernel.
    """
    random = np.random.default_rng(0)
    images = random.normal(size=(2, 8, 8, 3)).astype(np.float32)
    kernel = random.normal(size=(3, 3, 3, 4)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(np.float64(images), (3, 3), (1, 2))
    convolved = np.einsum("nhwcij,ijcd->nhwd", windows, kernel)
    gradient = np.einsum("nhwcij,nhwd->ijcd", windows, convolved)
    pairs = zip(compute(device, images, kernel), (convolved, gradient), strict=True)
    error = max(np.abs(each - exact).max() / np.abs(exact).max() for each, exact in pairs)
    found = f"{device}: a convolution and its gradient differ from NumPy's by {error:.0e}"
    if error <= TOLERANCE:  # false for NaN, too
        return Check("Arithmetic", found)
    advice = "do not trust results; install TensorFlow, and a GPU's driver, again"
    return problem("Arithmetic", found, advice)


def convolve(device: str, images: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """TensorFlow's convolution and its gradient on a device, in full float32; see `arithmetic`."""
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(False)
    with tf.device(device), tf.GradientTape() as tape:
        weights = tf.convert_to_tensor(kernel)
        tape.watch(weights)
        convolved = tf.nn.conv2d(images, weights, 1, "VALID")
        loss = tf.reduce_sum(convolved**2) / 2
    return convolved.numpy(), tape.gradient(loss, weights).numpy()
