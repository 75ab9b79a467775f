"""JPEG encoding and decoding in Keras' operations: batched, on any device, with a gradient.

The pixels are those of `exact`, and so the library's to the bit; the derivatives of its steps are
those of `soft`. Roundings of pixels pass the gradient on as it is; clipping passes nothing where
it clips.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from keras import ops

from gan_knowledge_gaps.training.jpeg import exact, soft
from gan_knowledge_gaps.training.jpeg.tables import CHROMINANCE, LUMINANCE, quantization

BLOCK = 8


def encode_decode(images: tf.Tensor, quality: tf.Tensor, smooth: bool = False) -> tf.Tensor:
    """Images as they come back from JPEG, with 4:2:0 chroma and the standard tables.

    Args:
        images: [N, H, W, 1 or 3] in [0, 255], float32 or float64; H and W known.
        quality: integers [N], 1 ... 100.
        smooth: whether the values are those of the soft steps, too, which tests differentiate.

    Returns:
        The same shape and dtype, whole numbers unless smooth.
    """
    return _Encoding(quality, _soft if smooth else _exact_with_gradient).decoded(images)


def encode_decode_exactly(images: tf.Tensor, quality: int) -> tf.Tensor:
    """The same without a gradient, also of symbolic tensors of Keras.

    Args:
        images: [N, H, W, 1 or 3] in [0, 255], float32; H and W known.
        quality: of all images, 1 ... 100.
    """
    return _Encoding(np.array([quality], np.int32), _exact).decoded(images)


def _exact(name: str) -> Callable:
    return getattr(exact, name)


def _soft(name: str) -> Callable:
    return getattr(soft, name)


def _exact_with_gradient(name: str) -> Callable:
    """A step with the values of `exact`, and the derivative of `soft`."""
    values, formula = _exact(name), _soft(name)

    @tf.custom_gradient
    def paired(*inputs: tf.Tensor):
        def gradient(*upstream: tf.Tensor):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = formula(*inputs)
            return tape.gradient(outputs, inputs, upstream if len(upstream) > 1 else upstream[0])

        return values(*inputs), gradient

    return paired


class _Encoding:
    """The order of the steps, and what is done to planes between them.

    Args:
        quality: integers [N], or [1] of all images.
        step: gives the function of a step by its name in `exact` and `soft`.
    """

    def __init__(self, quality: tf.Tensor | np.ndarray, step: Callable[[str], Callable]):
        self.quality, self._step = quality, step

    def step(self, name: str, *inputs: tf.Tensor):
        """What a step makes of its inputs."""
        return self._step(name)(*inputs)

    def decoded(self, images: tf.Tensor) -> tf.Tensor:
        """[N, H, W, C] to the same."""
        height, width, channels = images.shape[1:]
        images = self.step("nearest", _clip(images))
        if channels == 1:
            return self.plane(images[..., 0], LUMINANCE)[..., None]
        y, cb, cr = ops.unstack(self.step("to_ycbcr", images), axis=-1)
        cb, cr = (
            self.doubled(self.chroma(each))[:, :height, :width] for each in (cb, cr)
        )  # fmt: skip
        ycbcr = ops.stack([self.plane(y, LUMINANCE), cb, cr], axis=-1)
        return _clip(self.step("to_rgb", ycbcr))

    def chroma(self, plane: tf.Tensor) -> tf.Tensor:
        """Decoded chroma of half the size."""
        height, width = plane.shape[1:]
        # To whole blocks across: the library repeats columns before it takes means, and rows after.
        plane = _repeat_edge(plane, height % 2, -width % (2 * BLOCK))
        rows = plane[:, ::2] + plane[:, 1::2]
        halved = self.step("halve", rows[:, :, ::2] + rows[:, :, 1::2])
        return self.plane(halved, CHROMINANCE)[:, :, : (width + 1) // 2]

    def plane(self, plane: tf.Tensor, table) -> tf.Tensor:
        """A plane [N, H, W] through transform, quantization and back."""
        height, width = plane.shape[1:]
        padded = _repeat_edge(plane, -height % BLOCK, -width % BLOCK)
        rows, columns = padded.shape[1] // BLOCK, padded.shape[2] // BLOCK
        blocks = ops.reshape(padded - 128, [-1, rows, BLOCK, columns, BLOCK])
        steps = tf.cast(quantization(table, self.quality), plane.dtype)
        steps = tf.transpose(steps, [0, 2, 1])[:, None, None]
        if isinstance(self.quality, np.ndarray):  # known when a network is made
            steps = steps.numpy()
        blocks = self.step("restore", self.step("quantize", blocks, steps), steps)
        decoded = ops.reshape(blocks, [-1, rows * BLOCK, columns * BLOCK]) + 128
        return _clip(decoded[:, :height, :width])

    def doubled(self, plane: tf.Tensor) -> tf.Tensor:
        """Twice the size by the triangle filter: 3/4 of the nearer sample, 1/4 of the farther."""
        if plane.shape[2] <= 2:  # where the library takes the nearest
            return ops.repeat(ops.repeat(plane, 2, axis=1), 2, axis=2)
        above = ops.concatenate([plane[:, :1], plane[:, :-1]], axis=1)
        below = ops.concatenate([plane[:, 1:], plane[:, -1:]], axis=1)
        rows = _interleave(3 * plane + above, 3 * plane + below, axis=1)
        left = ops.concatenate([rows[:, :, :1], rows[:, :, :-1]], axis=2)
        right = ops.concatenate([rows[:, :, 1:], rows[:, :, -1:]], axis=2)
        first, second = self.step("enlarge", 3 * rows + left, 3 * rows + right)
        return _interleave(first, second, axis=2)


def _clip(x: tf.Tensor) -> tf.Tensor:
    return ops.clip(x, 0, 255)


def _repeat_edge(plane: tf.Tensor, below: int, right: int) -> tf.Tensor:
    """More rows and columns, copies of the last."""
    if below:
        plane = ops.concatenate([plane, ops.repeat(plane[:, -1:], below, axis=1)], axis=1)
    if right:
        plane = ops.concatenate([plane, ops.repeat(plane[:, :, -1:], right, axis=2)], axis=2)
    return plane


def _interleave(even: tf.Tensor, odd: tf.Tensor, axis: int) -> tf.Tensor:
    shape = list(even.shape)
    shape[axis] *= 2
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), [-1, *shape[1:]])
