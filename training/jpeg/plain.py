"""JPEG encoding and decoding in plain TensorFlow: batched, on any device, with a gradient.

The pixels are those of `exact`, and so the library's to the bit; the derivatives of its steps are
those of `soft`. Roundings of pixels pass the gradient on as it is; clipping passes nothing where
it clips.
"""

from collections.abc import Callable

import tensorflow as tf

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
    return _Encoding(quality, smooth).decoded(images)


class _Encoding:
    """The steps, each with its exact values and its soft derivative."""

    def __init__(self, quality: tf.Tensor, smooth: bool):
        self.quality, self.smooth = quality, smooth

    def step(self, name: str, *inputs: tf.Tensor):
        """A function of that name in `exact` and in `soft`."""
        formula = getattr(soft, name)
        return formula(*inputs) if self.smooth else _paired(getattr(exact, name), formula)(*inputs)

    def decoded(self, images: tf.Tensor) -> tf.Tensor:
        """[N, H, W, C] to the same."""
        height, width, channels = images.shape[1:]
        images = _clip(images)
        if not self.smooth:
            images = _paired(tf.round, tf.identity)(images)
        if channels == 1:
            return self.plane(images[..., 0], LUMINANCE)[..., None]
        y, cb, cr = tf.unstack(self.step("to_ycbcr", images), axis=-1)
        cb, cr = (
            self.doubled(self.chroma(each))[:, :height, :width] for each in (cb, cr)
        )  # fmt: skip
        ycbcr = tf.stack([self.plane(y, LUMINANCE), cb, cr], axis=-1)
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
        blocks = tf.reshape(padded - 128, [-1, rows, BLOCK, columns, BLOCK])
        steps = tf.cast(quantization(table, self.quality), plane.dtype)
        steps = tf.transpose(steps, [0, 2, 1])[:, None, None]
        blocks = self.step("restore", self.step("quantize", blocks, steps), steps)
        decoded = tf.reshape(blocks, [-1, rows * BLOCK, columns * BLOCK]) + 128
        return _clip(decoded[:, :height, :width])

    def doubled(self, plane: tf.Tensor) -> tf.Tensor:
        """Twice the size by the triangle filter: 3/4 of the nearer sample, 1/4 of the farther."""
        if plane.shape[2] <= 2:  # where the library takes the nearest
            return tf.repeat(tf.repeat(plane, 2, axis=1), 2, axis=2)
        above = tf.concat([plane[:, :1], plane[:, :-1]], axis=1)
        below = tf.concat([plane[:, 1:], plane[:, -1:]], axis=1)
        rows = _interleave(3 * plane + above, 3 * plane + below, axis=1)
        left = tf.concat([rows[:, :, :1], rows[:, :, :-1]], axis=2)
        right = tf.concat([rows[:, :, 1:], rows[:, :, -1:]], axis=2)
        return _interleave(*self.step("enlarge", 3 * rows + left, 3 * rows + right), axis=2)


def _paired(values: Callable, formula: Callable) -> Callable:
    """A function with the values of one, and the derivative of another."""

    @tf.custom_gradient
    def paired(*inputs: tf.Tensor):
        def gradient(*upstream: tf.Tensor):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = formula(*inputs)
            return tape.gradient(outputs, inputs, upstream if len(upstream) > 1 else upstream[0])

        return values(*inputs), gradient

    return paired


def _clip(x: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(x, 0, 255)


def _repeat_edge(plane: tf.Tensor, below: int, right: int) -> tf.Tensor:
    """More rows and columns, copies of the last."""
    if below:
        plane = tf.concat([plane, tf.repeat(plane[:, -1:], below, axis=1)], axis=1)
    if right:
        plane = tf.concat([plane, tf.repeat(plane[:, :, -1:], right, axis=2)], axis=2)
    return plane


def _interleave(even: tf.Tensor, odd: tf.Tensor, axis: int) -> tf.Tensor:
    shape = list(even.shape)
    shape[axis] *= 2
    return tf.reshape(tf.stack([even, odd], axis=axis + 1), [-1, *shape[1:]])
