"""Both operations in plain TensorFlow: by their definition, for any device, compiler and order.

Half-precision numbers are computed with in float32 and rounded once.
"""

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops.arguments import Pair, sizes

PIECEWISE_LINEAR = ("linear", "relu", "lrelu")

# Klambauer et al., 2017: the scale and alpha that keep mean 0 and variance 1.
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


def upfirdn_2d(
    images: tf.Tensor,
    kernel: np.ndarray,
    up: Pair,
    down: Pair,
    padding: tuple[int, int, int, int],
    data_format: str,
) -> tf.Tensor:
    """Zero insertion, padding, convolution and decimation, one after the other."""
    if data_format == "NCHW":  # for which CPUs have no convolution
        images = tf.transpose(images, [0, 2, 3, 1])
        images = upfirdn_2d(images, kernel, up, down, padding, "NHWC")
        return tf.transpose(images, [0, 3, 1, 2])
    x = tf.cast(images, _computed_in(images))
    x = _insert_zeros(x, up)
    x = _pad_or_crop(x, padding)
    x = _convolve(x, kernel[::-1, ::-1], down)
    return tf.cast(x, images.dtype)


def bias_act(
    x: tf.Tensor, bias: tf.Tensor | None, activation: str, alpha: float, gain: float, axis: int
) -> tf.Tensor:
    """`gain * activation(x + bias)`, the bias along `axis`, at least 0."""
    computed = _activate(_biased(x, bias, axis), activation, alpha) * gain
    return tf.cast(computed, x.dtype)


def bias_act_second(
    x: tf.Tensor, bias: tf.Tensor | None, activation: str, alpha: float, gain: float, axis: int
) -> tf.Tensor:
    """`bias_act` with the activation's second derivative in its place."""
    computed = _second_derivative(_biased(x, bias, axis), activation, alpha) * gain
    return tf.cast(computed, x.dtype)


def _computed_in(tensor: tf.Tensor) -> tf.DType:
    return tf.float64 if tensor.dtype == tf.float64 else tf.float32


def _insert_zeros(x: tf.Tensor, up: Pair) -> tf.Tensor:
    """[N, H, W, C] to [N, H * up, W * up, C]."""
    if up == (1, 1):
        return x
    n, h, w, c = sizes(x)
    x = tf.reshape(x, [n, h, 1, w, 1, c])
    x = tf.pad(x, [[0, 0], [0, 0], [0, up[0] - 1], [0, 0], [0, up[1] - 1], [0, 0]])
    return tf.reshape(x, [n, h * up[0], w * up[1], c])


def _pad_or_crop(x: tf.Tensor, padding: tuple[int, int, int, int]) -> tf.Tensor:
    top, bottom, left, right = (max(each, 0) for each in padding)
    if any((top, bottom, left, right)):
        x = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]])
    top, bottom, left, right = (max(-each, 0) for each in padding)
    if any((top, bottom, left, right)):
        x = x[:, top : -bottom or None, left : -right or None]
    return x


def _convolve(x: tf.Tensor, weights: np.ndarray, down: Pair) -> tf.Tensor:
    """Correlates each channel with `weights`."""
    channels = sizes(x)[3]
    weights = tf.constant(weights[:, :, None, None], x.dtype)
    weights = tf.tile(weights, tf.stack([1, 1, channels, 1]))
    if down[0] == down[1]:
        return tf.nn.depthwise_conv2d(x, weights, [1, *down, 1], "VALID")
    x = tf.nn.depthwise_conv2d(x, weights, [1, 1, 1, 1], "VALID")  # TensorFlow's strides are equal.
    return x[:, :: down[0], :: down[1]]


def _biased(x: tf.Tensor, bias: tf.Tensor | None, axis: int) -> tf.Tensor:
    computed = tf.cast(x, _computed_in(x))
    if bias is None:
        return computed
    return computed + along(tf.cast(bias, computed.dtype), axis, x.shape.rank)


def along(vector: tf.Tensor, axis: int, rank: int) -> tf.Tensor:
    """A vector in a shape that broadcasts along `axis` of a tensor of some rank."""
    return tf.reshape(vector, [1] * axis + [-1 if rank else 1] + [1] * (rank - 1 - axis))


def _activate(x: tf.Tensor, activation: str, alpha: float) -> tf.Tensor:
    if activation == "lrelu":
        return tf.nn.leaky_relu(x, alpha)
    if activation == "elu":
        return _elu(x, alpha)
    if activation == "selu":
        return _SELU_SCALE * _elu(x, _SELU_ALPHA)
    functions = {
        "linear": tf.identity,
        "relu": tf.nn.relu,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "softplus": tf.nn.softplus,
        "swish": lambda value: value * tf.sigmoid(value),
    }
    return functions[activation](x)


def _elu(x: tf.Tensor, alpha: float) -> tf.Tensor:
    # The exponential of a large number, though not chosen, would make the gradient NaN.
    return tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))


def _second_derivative(x: tf.Tensor, activation: str, alpha: float) -> tf.Tensor:
    if activation in PIECEWISE_LINEAR:
        return tf.zeros_like(x)
    if activation in ("elu", "selu"):
        scale = alpha if activation == "elu" else _SELU_SCALE * _SELU_ALPHA
        return tf.where(x > 0, tf.zeros_like(x), scale * tf.exp(tf.minimum(x, 0)))
    if activation == "tanh":
        value = tf.tanh(x)
        return -2 * value * (1 - value) * (1 + value)
    value, other = tf.sigmoid(x), tf.sigmoid(-x)
    slope = value * other
    return {
        "sigmoid": slope * (other - value),
        "softplus": slope,
        "swish": slope * (2 + x * (other - value)),
    }[activation]
