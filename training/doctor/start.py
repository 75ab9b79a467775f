"""In a process of its own: TensorFlow starts, and every device computes what NumPy computes."""

import os
import time
from collections.abc import Callable, Sequence

import numpy as np

from training.doctor.finding import Finding, guarded, ok, problem
from training.doctor.graphics import View, driver_gpus, gpus, hardware_gpus
from training.doctor.installation import TENSORFLOWS, installed_version, requirements_of, unmet
from training.runtime import configure, import_quietly

# Relative to the largest number: float32 rounds at 6e-8, and sums here are of a few hundred terms.
TOLERANCE = 1e-5


def findings() -> list[Finding]:
    """What this process finds once TensorFlow has started."""
    started = time.monotonic()
    import_quietly()
    import keras
    import tensorflow as tf

    configure()
    devices = [device.name for device in tf.config.list_logical_devices()]
    seconds = time.monotonic() - started
    wheels = {name: installed_version(name) for name in TENSORFLOWS if installed_version(name)}
    found = guarded(
        "TensorFlow",
        lambda: versions(
            tf.__version__, list(wheels.values()), tf.__file__, keras.backend.backend(), seconds
        ),
    )
    found += guarded("GPUs", lambda: gpus(driver_gpus, _view(tf, next(iter(wheels), ""))))
    for device in devices:
        found += guarded("Arithmetic", lambda device=device: arithmetic(device, convolve))
    return found


def versions(
    imported: str, installed: Sequence[str], file: str, backend: str, seconds: float
) -> Finding:
    """Whether the TensorFlow that is imported is the one that is installed, and Keras uses it.

    Args:
        imported: its version, as it says itself.
        installed: versions of the installed wheels.
        file: where it was imported from.
        backend: of Keras.
        seconds: how long the start took.
    """
    check = "TensorFlow"
    if imported not in installed:
        return problem(
            check,
            f"{imported} is imported, from {file}; {', '.join(installed) or 'none'} is installed",
            "move away what hides it: a folder on PYTHONPATH, or one named tensorflow here",
        )
    if backend != "tensorflow":
        return problem(check, f"Keras computes with {backend}", "unset KERAS_BACKEND")
    return ok(check, f"{imported}, started in {seconds:.1f} s")


def arithmetic(
    device: str, compute: Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Finding:
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
    errors = [np.abs(each - exact).max() / np.abs(exact).max() for each, exact in pairs]
    found = f"{device}: a convolution and its gradient differ from NumPy's by {max(errors):.0e}"
    if max(errors) <= TOLERANCE:  # false for NaN, too
        return ok("Arithmetic", found)
    return problem(
        "Arithmetic", found, "do not trust results; install TensorFlow, and a GPU's driver, anew"
    )


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


def _view(tf, wheel: str) -> View:
    build = tf.sysconfig.get_build_info()
    cuda = build.get("cuda_version", "unknown") if tf.test.is_built_with_cuda() else None
    return View(
        hardware=hardware_gpus(),
        seen=len(tf.config.list_physical_devices("GPU")),
        cuda=cuda,
        unmet=unmet(requirements_of(wheel), extra="and-cuda") if cuda and wheel else [],
        environment=os.environ,
    )
