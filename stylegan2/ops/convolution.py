"""Convolutions, by an operation of their own where images are few and small.

There, TensorFlow's takes longer to rearrange its input than to compute.
"""

from __future__ import annotations

import dataclasses
import math
import types

import tensorflow as tf

from stylegan2.ops.arguments import Pair
from training.native import library

# Elements up to which the operation is the faster: of the images, which then stay in a processor's
# cache, and of a kernel.
_MOST = {"images": 2**19, "kernel": 9 * 64 * 64}


def conv_2d(
    images: tf.Tensor, kernel: tf.Tensor, stride: int = 1, implementation: str = "auto"
) -> tf.Tensor:
    """`tf.nn.conv2d`, with zero padding ("SAME") at a stride of 1 and without ("VALID") else.

    It has derivatives of any order.

    Args:
        images: [N, H, W, C].
        kernel: [height, width, C, F], of the images' dtype.
        stride: of the kernel's places.
        implementation: "auto", "custom" or "tensorflow"; see `training.native`. The custom
            operation serves small float32 images of known shapes on CPUs alone.

    Returns:
        [N, H', W', F].
    """
    if kernel.shape[:2] == (1, 1) and stride == 1:
        # The convolution's two gradients are many times as slow where there are few channels.
        return tf.tensordot(images, kernel[0, 0], 1)
    module = _load(images, kernel, implementation)
    if module is None:
        return tf.nn.conv2d(images, kernel, stride, "SAME" if stride == 1 else "VALID")
    size, kernel_size = images.shape[1:3].as_list(), kernel.shape[:2].as_list()
    padding, output = (
        (0, 0),
        [(a - b) // stride + 1 for a, b in zip(size, kernel_size, strict=True)],
    )
    if stride == 1:
        padding, output = [(each - 1) // 2 for each in kernel_size], size
    return _Small(module, stride, padding, size, output, kernel_size).output(images, kernel)


def conv_2d_transpose(
    images: tf.Tensor, kernel: tf.Tensor, size: Pair, stride: int, implementation: str = "auto"
) -> tf.Tensor | None:
    """`tf.nn.conv2d_transpose` without padding by the operation, or None where that is not for it.

    Args:
        images: [N, H, W, C].
        kernel: [height, width, F, C].
        size: height and width of the result, [N, *size, F].
        stride: of the kernel's places.
        implementation: as in `conv_2d`.
    """
    module = _load(images, kernel, implementation)
    if module is None:
        return None
    output, kernel_size = images.shape[1:3].as_list(), kernel.shape[:2].as_list()
    return _Small(module, stride, (0, 0), size, output, kernel_size).images(images, kernel)


def _load(images: tf.Tensor, kernel: tf.Tensor, implementation: str) -> types.ModuleType | None:
    """The operations' module, where they are for such images."""
    if images.dtype != tf.float32 or tf.config.get_visible_devices("GPU"):
        return None
    if not (images.shape[1:].is_fully_defined() and kernel.shape.is_fully_defined()):
        return None
    count = (images.shape[0] or 1) * math.prod(images.shape[1:])
    if count > _MOST["images"] or math.prod(kernel.shape) > _MOST["kernel"]:
        return None
    return library.load(implementation)


@dataclasses.dataclass(frozen=True)
class _Small:
    """The operation and its gradients, each of which is linear in both of its inputs.

    So the gradient of each is made of the other two.
    """

    module: types.ModuleType
    stride: int
    padding: Pair  # top and left
    images_size: Pair  # height and width of each
    output_size: Pair
    kernel_size: Pair

    def output(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The convolution."""

        @tf.custom_gradient
        def call(images, kernel):
            def gradient(upstream):
                return self.images(upstream, kernel), self.kernel(images, upstream)

            return self._run("gaps_conv2d", images, kernel, self.output_size), gradient

        return call(images, kernel)

    def images(self, output: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Its gradient with respect to the images, of an output's gradient."""

        @tf.custom_gradient
        def call(output, kernel):
            def gradient(upstream):
                return self.output(upstream, kernel), self.kernel(upstream, output)

            name = "gaps_conv2d_images_gradient"
            return self._run(name, output, kernel, self.images_size), gradient

        return call(output, kernel)

    def kernel(self, images: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        """Its gradient with respect to the kernel, of images and an output's gradient."""

        @tf.custom_gradient
        def call(images, output):
            def gradient(upstream):
                return self.images(output, upstream), self.output(images, upstream)

            name = "gaps_conv2d_kernel_gradient"
            return self._run(name, images, output, self.kernel_size), gradient

        return call(images, output)

    def _run(self, name: str, first: tf.Tensor, second: tf.Tensor, size: Pair) -> tf.Tensor:
        operation = getattr(self.module, name)
        return operation(first, second, stride=self.stride, padding=self.padding, size=size)
