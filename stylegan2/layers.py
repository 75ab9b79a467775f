"""StyleGAN2's layers: equalized learning rate, modulated convolution, noise.

Every weight is drawn from N(0, 1) (N(0, 1 / lr_multiplier) in the mapping network) and scaled by
lr_multiplier / sqrt(fan_in) when it is used (Karras et al. 2018, section 4.1), so that Adam moves
all of them at one relative speed. The gain of the activation is part of `fused_bias_act`.
"""

import keras
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops import (
    conv_downsample_2d,
    downsample_2d,
    fused_bias_act,
    upsample_2d,
    upsample_conv_2d,
)
from gan_knowledge_gaps.training.randomness import derive_seed

DEMODULATION_EPSILON = 1e-8


class Seeds:
    """Seeds of the initial weights, one for each name."""

    def __init__(self, seed: int, *network: str):
        self._seed, self._network = seed, network

    def __call__(self, name: str) -> int:
        return derive_seed(self._seed, *self._network, name)

    def under(self, name: str) -> "Seeds":
        """Seeds of the weights of a part, by their names in it."""
        return Seeds(self._seed, *self._network, name)


class EqualizedLayer(keras.layers.Layer):
    """A layer with a kernel at an equalized learning rate.

    It computes in the dtype that it is given and casts by itself: styles, biases and demodulation
    stay float32 where the convolution does not.

    Args:
        compute: dtype of the convolution or the product.
        lr_multiplier: learning-rate multiplier of all weights.
        name: the layer's name.
    """

    def __init__(self, name: str, compute: str = "float32", lr_multiplier: float = 1.0):
        super().__init__(name=name, dtype="float32", autocast=False)
        self.compute, self.lr_multiplier = compute, lr_multiplier
        self.built = True

    def add_kernel(self, shape: tuple[int, ...], seed: int, name: str = "weight"):
        """A kernel whose fan-in is the product of all its axes but the last."""
        initializer = keras.initializers.RandomNormal(stddev=1 / self.lr_multiplier, seed=seed)
        return self.add_weight(shape=shape, initializer=initializer, name=name)

    def add_bias(self, units: int, name: str = "bias"):
        """A bias of zeros."""
        return self.add_weight(shape=(units,), initializer="zeros", name=name)

    def equalized(self, kernel) -> tf.Tensor:
        """A kernel as it is used, float32."""
        fan_in = 1
        for size in kernel.shape[:-1]:
            fan_in *= size
        return kernel * (self.lr_multiplier / fan_in**0.5)


class Dense(EqualizedLayer):
    """A dense layer with bias and activation: [N, inputs] to [N, units], float32.

    Args:
        inputs: length of the input.
        units: length of the output.
        seed: seed of the initial weights.
        activation: of `fused_bias_act`.
        lr_multiplier: learning-rate multiplier of weights and bias.
        name: the layer's name.
    """

    def __init__(
        self, name: str, inputs: int, units: int, seed: int, activation: str = "linear",
        lr_multiplier: float = 1.0,
    ):  # fmt: skip
        super().__init__(name, lr_multiplier=lr_multiplier)
        self.activation = activation
        self.weight = self.add_kernel((inputs, units), seed)
        self.bias = self.add_bias(units)

    def call(self, x):
        """[N, ...] to [N, units]; all but the first axis are flattened."""
        x = tf.reshape(tf.cast(x, tf.float32), [-1, self.weight.shape[0]])
        product = tf.matmul(x, self.equalized(self.weight))
        return fused_bias_act(product, self.bias * self.lr_multiplier, self.activation)


class Conv2D(EqualizedLayer):
    """A convolution, with bias and activation unless it has none: [N, H, W, C] to [N, H', W', F].

    Args:
        inputs: channels of the input.
        filters: channels of the output.
        kernel_size: 1 or 3.
        seed: seed of the initial weights.
        resample: "up" doubles, "down" halves height and width, with the filter [1, 3, 3, 1].
        activation: of `fused_bias_act`; None for neither bias nor activation.
        compute: dtype of the convolution and of the output.
        clamp: see `clamp`; not without an activation.
        name: the layer's name.
    """

    def __init__(
        self, name: str, inputs: int, filters: int, kernel_size: int, seed: int,
        resample: str | None = None, activation: str | None = "lrelu", compute: str = "float32",
        clamp: float = 0.0,
    ):  # fmt: skip
        super().__init__(name, compute)
        self.resample, self.activation, self.clamp = resample, activation, clamp
        self.weight = self.add_kernel((kernel_size, kernel_size, inputs, filters), seed)
        self.bias = self.add_bias(filters) if activation else None

    def call(self, x):
        """[N, H, W, C] to [N, H', W', F] in the compute dtype."""
        kernel = tf.cast(self.equalized(self.weight), self.compute)
        x = convolve(tf.cast(x, self.compute), kernel, self.resample)
        if self.activation is None:
            return x
        x = fused_bias_act(x, tf.cast(self.bias, self.compute), self.activation)
        return clamp(x, self.clamp)


class ModulatedConv2D(EqualizedLayer):
    """A convolution whose input channels are scaled by a style (Karras et al. 2020, section 2.2).

    The kernel is the same for the whole batch: scaling the input's channels by the style, and the
    output's by the demodulation, is the same as a kernel for each image, and many times as fast as
    a grouped convolution on CPUs.

    Args:
        inputs: channels of the input.
        filters: channels of the output.
        kernel_size: 1 or 3.
        w_dim: dimensions of w.
        seeds: seeds of the initial weights, by name.
        demodulate: whether each output channel is scaled back to unit variance.
        resample: "up" doubles height and width; None.
        compute: dtype of the convolution and of the output.
        name: the layer's name.
    """

    def __init__(
        self, name: str, inputs: int, filters: int, kernel_size: int, w_dim: int, seeds: Seeds,
        demodulate: bool = True, resample: str | None = None, compute: str = "float32",
    ):  # fmt: skip
        super().__init__(name, compute)
        self.demodulate, self.resample = demodulate, resample
        shape = (kernel_size, kernel_size, inputs, filters)
        self.weight = self.add_kernel(shape, seeds("weight"))
        self.mod_weight = self.add_kernel((w_dim, inputs), seeds("mod_weight"), "mod_weight")
        self.mod_bias = self.add_bias(inputs, "mod_bias")

    def call(self, x, w):
        """x [N, H, W, C], w [N, w_dim] float32 to [N, H', W', F] in the compute dtype."""
        style = tf.matmul(w, self.equalized(self.mod_weight)) + self.mod_bias + 1.0  # [N, C]
        kernel = self.equalized(self.weight)
        if self.demodulate and self.compute == "float16":
            # Demodulation undoes any scale of the style; without it, float16 can overflow.
            style /= tf.reduce_max(tf.abs(style), axis=1, keepdims=True)
        scale = tf.cast(style[:, None, None, :], self.compute)
        x = convolve(tf.cast(x, self.compute) * scale, tf.cast(kernel, self.compute), self.resample)
        if not self.demodulate:
            return x
        energy = tf.reduce_sum(tf.square(kernel), axis=[0, 1])  # [C, F]
        demodulation = tf.math.rsqrt(tf.matmul(tf.square(style), energy) + DEMODULATION_EPSILON)
        return x * tf.cast(demodulation[:, None, None, :], self.compute)


def convolve(x: tf.Tensor, kernel: tf.Tensor, resample: str | None) -> tf.Tensor:
    """Convolution with zero padding; "up" and "down" change the resolution by two.

    Args:
        x: [N, H, W, C].
        kernel: [K, K, C, F].
        resample: "up", "down" or None.
    """
    if kernel.shape[0] == 1 and resample:
        # A 1x1 convolution and a filter commute: both at the lower resolution.
        if resample == "up":
            return upsample_2d(convolve(x, kernel, None))
        return convolve(downsample_2d(x), kernel, None)
    if resample == "up":
        return upsample_conv_2d(x, kernel)
    if resample == "down":
        return conv_downsample_2d(x, kernel)
    return tf.nn.conv2d(x, kernel, strides=1, padding="SAME")


def clamp(x: tf.Tensor, limit: float) -> tf.Tensor:
    """x clamped to -limit ... limit; as it is where the limit is 0.

    It keeps float16 from overflowing ("Training Generative Adversarial Networks with Limited Data",
    Karras et al. 2020, appendix).
    """
    return tf.clip_by_value(x, -limit, limit) if limit else x


class StyledConv2D(keras.layers.Layer):
    """Modulated convolution, noise, bias and leaky ReLU: a layer of the synthesis network.

    Args:
        name: the layer's name.
        inputs: channels of the input.
        filters: channels of the output.
        w_dim: dimensions of w.
        seeds: seeds of the initial weights, by name.
        resample: "up" doubles height and width; None.
        compute: dtype of the convolution and of the output.
        clamp: see `clamp`.
    """

    def __init__(
        self, name: str, inputs: int, filters: int, w_dim: int, seeds: Seeds,
        resample: str | None = None, compute: str = "float32", clamp: float = 0.0,
    ):  # fmt: skip
        super().__init__(name=name, dtype="float32", autocast=False)
        self.built = True
        self.conv = ModulatedConv2D(
            name, inputs, filters, 3, w_dim, seeds, resample=resample, compute=compute
        )
        self.activation, self.clamp = "lrelu", clamp
        self.noise_strength = self.add_weight(shape=(), initializer="zeros", name="noise_strength")
        self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

    def call(self, x, w, noise=None):
        """x [N, H, W, C], w [N, w_dim], noise [N or 1, H', W', 1] or None to [N, H', W', F]."""
        x = self.conv(x, w)
        if noise is not None:
            x += tf.cast(noise * self.noise_strength, x.dtype)
        x = fused_bias_act(x, tf.cast(self.bias, x.dtype), self.activation)
        return clamp(x, self.clamp)


class ToRGB(keras.layers.Layer):
    """A modulated 1x1 convolution to colours, without demodulation or activation; float32.

    Args:
        name: the layer's name.
        inputs: channels of the input.
        colors: channels of the image.
        w_dim: dimensions of w.
        seeds: seeds of the initial weights, by name.
        compute: dtype of the convolution.
        clamp: see `clamp`.
    """

    def __init__(
        self, name: str, inputs: int, colors: int, w_dim: int, seeds: Seeds,
        compute: str = "float32", clamp: float = 0.0,
    ):  # fmt: skip
        super().__init__(name=name, dtype="float32", autocast=False)
        self.built = True
        self.clamp = clamp
        self.conv = ModulatedConv2D(
            name, inputs, colors, 1, w_dim, seeds, demodulate=False, compute=compute
        )
        self.bias = self.add_weight(shape=(colors,), initializer="zeros", name="bias")

    def call(self, x, w):
        """x [N, H, W, C], w [N, w_dim] to [N, H, W, colors], float32."""
        return clamp(tf.cast(self.conv(x, w), tf.float32) + self.bias, self.clamp)
