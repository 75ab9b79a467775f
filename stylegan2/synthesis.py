"""The synthesis network: w to images."""

from collections.abc import Callable

import keras
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import NOISES, SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.layers import Conv2D, Seeds, StyledConv2D, ToRGB
from gan_knowledge_gaps.stylegan2.ops import upsample_2d

Noise = str | Callable[[int, tuple[int, int, int]], tf.Tensor]


class Synthesis(keras.layers.Layer):
    """A learned 4x4 constant, and two modulated convolutions for each resolution above it.

    `skip` (the paper's choice) adds up the colours of every resolution, `resnet` adds a residual
    connection around each resolution, `orig` has neither (Karras et al. 2020, figure 7).

    Args:
        config: of the networks.
        seeds: seeds of the initial weights and of the constant noise, by name.
    """

    def __init__(self, config: NetworkConfig, seeds: Seeds):
        super().__init__(name="synthesis", dtype="float32", autocast=False)
        self.built = True
        self.config = config
        size, maps = SMALLEST_RESOLUTION, config.feature_maps(SMALLEST_RESOLUTION)
        self.constant = self.add_weight(
            shape=(1, size, size, maps),
            initializer=keras.initializers.RandomNormal(stddev=1.0, seed=seeds("Const")),
            name="const",
        )
        self.blocks = []
        inputs = maps
        for resolution in config.resolutions:
            self.blocks.append(SynthesisBlock(config, resolution, inputs, seeds))
            inputs = config.feature_maps(resolution)
        self.noise_maps = [
            self.add_weight(
                shape=(1, resolution, resolution, 1),
                initializer=keras.initializers.RandomNormal(
                    stddev=1.0, seed=seeds(f"noise{index}")
                ),
                trainable=False,
                name=f"noise{index}",
            )
            for index, resolution in enumerate(noise_resolutions(config))
        ]

    def call(self, w, noise: Noise = "random"):
        """Images of the given w.

        Args:
            w: [N, num_layers, w_dim], float32.
            noise: "random" (drawn by TensorFlow's global generator), "constant" (the
                network's own buffers) or "none"; or a function of (layer, (N, H, W)) that gives the
                noise [N, H, W, 1] of a layer, for noise that is a function of a seed.

        Returns:
            [N, H, W, C], float32, about -1 ... 1, not clipped.
        """
        if not callable(noise) and noise not in NOISES:
            raise ValueError(f"noise is {noise!r}; it must be one of {', '.join(NOISES)}")
        batch = tf.shape(w)[0]
        x = tf.repeat(self.constant, batch, axis=0)
        styles = tf.unstack(w, self.config.num_layers, axis=1)
        image, layer = None, 0
        for block in self.blocks:
            count = len(block.convolutions)
            noises = [self._noise(noise, layer + k, batch) for k in range(count)]
            x, image = block(x, image, styles[layer : layer + count + 1], noises=noises)
            layer += count
        return image

    def _noise(self, noise: Noise, layer: int, batch: tf.Tensor) -> tf.Tensor | None:
        size = noise_resolutions(self.config)[layer]
        if callable(noise):
            return noise(layer, (batch, size, size))
        if noise == "random":
            # A seed, because deterministic operations insist on one; each call draws other noise.
            return tf.random.normal([batch, size, size, 1], seed=layer)
        return self.noise_maps[layer] + 0.0 if noise == "constant" else None


class SynthesisBlock(keras.layers.Layer):
    """The layers of one resolution.

    Args:
        config: of the networks.
        resolution: height and width of what it makes.
        inputs: channels of its input.
        seeds: seeds of the initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, resolution: int, inputs: int, seeds: Seeds):
        name = f"{resolution}x{resolution}"
        super().__init__(name=name, dtype="float32", autocast=False)
        self.built = True
        self.architecture = config.generator_architecture
        maps, compute = config.feature_maps(resolution), config.compute_dtype(resolution)

        seeds = seeds.under(name)

        def styled(layer: str, inputs: int, resample: str | None) -> StyledConv2D:
            under = seeds.under(layer)
            return StyledConv2D(
                layer, inputs, maps, config.w_dim, under, resample, compute, config.conv_clamp
            )

        first = resolution == SMALLEST_RESOLUTION
        if first:
            self.convolutions = [styled("Conv", inputs, None)]
        else:
            self.convolutions = [styled("Conv0_up", inputs, "up"), styled("Conv1", maps, None)]
        self.skip = None
        if self.architecture == "resnet" and not first:
            self.skip = Conv2D("Skip", inputs, maps, 1, seeds("Skip"), "up", None, compute)
        self.to_rgb = None
        if self.architecture == "skip" or resolution == config.resolution:
            under = seeds.under("ToRGB")
            self.to_rgb = ToRGB(
                "ToRGB", maps, config.channels, config.w_dim, under, compute, config.conv_clamp
            )

    def call(self, x, image, styles, noises):
        """The features and the image of this resolution.

        Args:
            x: features [N, h, w, inputs] of the resolution below.
            image: colours [N, h, w, C] of all resolutions below, or None.
            styles: w [N, w_dim] of each convolution and of the colours.
            noises: for each convolution [N or 1, H, W, 1], or None.
        """
        residual = None if self.skip is None else self.skip(x)
        for index, convolution in enumerate(self.convolutions):
            x = convolution(x, styles[index], noise=noises[index])
        if residual is not None:
            # Both have unit variance at the start; so has their sum.
            x = (x + residual) * tf.cast(2**-0.5, x.dtype)
        if self.to_rgb is not None:
            colors = self.to_rgb(x, styles[-1])
            image = colors if image is None else upsample_2d(image) + colors
        return x, image


def noise_resolutions(config: NetworkConfig) -> list[int]:
    """Height and width of the noise of each layer: one layer at 4x4, two at each above."""
    return [config.resolutions[(index + 1) // 2] for index in range(config.num_layers - 1)]
