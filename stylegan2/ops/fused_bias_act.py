"""Bias and activation in one pass."""

import dataclasses
import math
import types

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import plain
from gan_knowledge_gaps.stylegan2.ops.arguments import check_floating
from gan_knowledge_gaps.training.native import library


@dataclasses.dataclass(frozen=True)
class _Usual:
    """What alpha and gain are where none is given; alpha is None where the activation has none."""

    gain: float = 1.0
    alpha: float | None = None


# Those that halve a normal input's second moment have the gain that restores it (He et al., 2015).
ACTIVATIONS = {
    "linear": _Usual(),
    "relu": _Usual(gain=math.sqrt(2)),
    "lrelu": _Usual(gain=math.sqrt(2), alpha=0.2),
    "tanh": _Usual(),
    "sigmoid": _Usual(),
    "elu": _Usual(alpha=1.0),
    "selu": _Usual(),
    "softplus": _Usual(),
    "swish": _Usual(gain=math.sqrt(2)),
}


def fused_bias_act(
    x: tf.Tensor,
    bias: tf.Tensor | None = None,
    activation: str = "linear",
    alpha: float | None = None,
    gain: float | None = None,
    axis: int = -1,
    implementation: str = "auto",
) -> tf.Tensor:
    """`gain * activation(x + bias)`.

    It has derivatives of any order with respect to `x` and `bias`. At a kink (of relu, lrelu, elu
    and selu), the derivative is that from the left.

    Args:
        x: of rank 1 at least; float16, bfloat16, float32 or float64.
        bias: [x.shape[axis]], cast to the dtype of `x`; None for 0.
        activation: "linear", "relu", "lrelu" (leaky), "tanh", "sigmoid", "elu", "selu", "softplus"
            or "swish".
        alpha: the slope below 0 of lrelu, 0.2 where None; the factor of elu's exponential, 1 where
            None. The others have no such number. It is rounded to float32.
        gain: where None, sqrt(2) for relu, lrelu and swish, and 1 for the others. It is rounded to
            float32.
        axis: that of the bias; negative numbers count from the last one.
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        A tensor of the shape and dtype of `x`. It is computed in float32, in float64 for float64;
        so is the bias's gradient.

    Raises:
        InputError: an argument is not as above, or `implementation` is "custom" and the custom
            operation cannot be had.
        tf.errors.InvalidArgumentError: bias does not fit, where shapes are only known when the
            operation runs.
    """
    x = tf.convert_to_tensor(x)
    check_floating("x", x)
    axis = _as_axis(x, axis)
    if bias is not None:
        bias = tf.cast(tf.convert_to_tensor(bias), x.dtype)
        if not bias.shape.is_compatible_with(x.shape[axis : axis + 1]):
            raise InputError(f"bias has shape {bias.shape}; it must be {x.shape[axis : axis + 1]}")
    alpha, gain = _as_numbers(activation, alpha, gain)
    module = library.load(implementation)
    if module is None or (x.dtype == tf.float64 and tf.config.get_visible_devices("GPU")):
        return plain.bias_act(x, bias, activation, alpha, gain, axis)
    return _Custom(module, activation, alpha, gain, axis, bias is not None).value(x, bias)


def _as_axis(x: tf.Tensor, axis: int) -> int:
    rank = x.shape.rank
    if rank is None:
        raise InputError("x must have a known rank")
    if not -rank <= axis < rank:
        raise InputError(f"axis is {axis}; x has {rank} dimensions")
    return axis % rank


def _as_numbers(activation: str, alpha: float | None, gain: float | None) -> tuple[float, float]:
    if activation not in ACTIVATIONS:
        raise InputError(
            f"activation is '{activation}'; it must be one of {', '.join(ACTIVATIONS)}"
        )
    usual = ACTIVATIONS[activation]
    if alpha is not None and usual.alpha is None:
        raise InputError(f"alpha is {alpha}, but {activation} has none")
    alpha = usual.alpha or 0.0 if alpha is None else alpha
    return float(np.float32(alpha)), float(np.float32(usual.gain if gain is None else gain))


@dataclasses.dataclass(frozen=True)
class _Custom:
    """The custom operation and its derivatives.

    With f the activation, the operation is `multiplier * gain * f^(order)(x + bias)` with order 0,
    1 or 2, and its sum over all axes but the bias's. So its gradient with respect to the multiplier
    is itself with the upstream gradient as the multiplier; that with respect to x has one order
    more and both as the multiplier; and that with respect to the bias is the sum of the latter.
    From order 3 on, plain TensorFlow differentiates.
    """

    module: types.ModuleType
    activation: str
    alpha: float
    gain: float
    axis: int
    has_bias: bool

    def value(self, x: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
        """`gain * f(x + bias)`."""

        @tf.custom_gradient
        def call(x: tf.Tensor, bias: tf.Tensor):
            output, _ = self._operation(0, tf.zeros([0], x.dtype), x, bias, False)
            return output, lambda upstream: self._derivative(1, upstream, x, bias, self.has_bias)

        return call(x, bias if self.has_bias else tf.zeros([0], x.dtype))

    def _operation(self, order: int, multiplier, x, bias, want_sum: bool):
        return self.module.gaps_bias_act(
            multiplier=multiplier,
            x=x,
            bias=bias,
            activation=self.activation,
            order=order,
            alpha=self.alpha,
            gain=self.gain,
            axis=self.axis,
            want_sum=want_sum,
        )

    def _derivative(self, order: int, multiplier, x, bias, want_sum: bool):
        """`multiplier * gain * f^(order)(x + bias)` and its sum, [C], or [0] if not wanted."""

        @tf.custom_gradient
        def call(multiplier: tf.Tensor, x: tf.Tensor, bias: tf.Tensor):
            outputs = self._operation(order, multiplier, x, bias, want_sum)

            def gradient(upstream: tf.Tensor, upstream_of_sum: tf.Tensor):
                if want_sum and not _is_zero(upstream_of_sum):
                    upstream += plain.along(upstream_of_sum, self.axis, x.shape.rank)
                by_multiplier, _ = self._derivative(order, upstream, x, bias, False)
                if self.activation in plain.PIECEWISE_LINEAR:
                    return by_multiplier, tf.zeros_like(x), tf.zeros_like(bias)
                product = multiplier * upstream
                if order == 2:
                    return by_multiplier, *self._third(product, x, bias)
                return by_multiplier, *self._derivative(order + 1, product, x, bias, self.has_bias)

            return outputs, gradient

        return call(multiplier, x, bias)

    def _third(self, multiplier, x, bias):
        """`multiplier * gain * f'''(x + bias)` and its sum, as TensorFlow differentiates f''."""
        with tf.GradientTape() as tape:
            tape.watch([x, bias])
            second = plain.bias_act_second(
                x,
                bias if self.has_bias else None,
                self.activation,
                self.alpha,
                self.gain,
                self.axis,
            )
        return tape.gradient(second, [x, bias], multiplier, tf.UnconnectedGradients.ZERO)


def _is_zero(upstream: tf.Tensor) -> bool:
    """Whether a gradient is known to be 0, as that of a result which is not used."""
    value = tf.get_static_value(upstream)
    return value is not None and not np.any(value)
