"""The discriminator: images to logits."""

import dataclasses

import keras
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.layers import Conv2D, Dense, Seeds
from gan_knowledge_gaps.stylegan2.mapping import LabelMapping
from gan_knowledge_gaps.stylegan2.ops import downsample_2d

MBSTD_EPSILON = 1e-8


@keras.saving.register_keras_serializable("stylegan2")
class Discriminator(keras.Model):
    """Two convolutions for each resolution, a dense layer, a logit (Karras et al. 2020, figure 7).

    `resnet` (the paper's choice) adds a residual connection around each resolution, `skip` adds the
    shrunk image at each, `orig` has neither.

    Args:
        config: of the networks.
        seed: seed of the initial weights.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.stylegan2 import Discriminator, NetworkConfig
        >>> discriminator = Discriminator(NetworkConfig(resolution=8, fmap_max=16), seed=0)
        >>> discriminator(np.zeros((4, 8, 8, 3), np.float32)).shape
        TensorShape([4, 1])
    """

    def __init__(self, config: NetworkConfig, seed: int = 0, **kwargs):
        super().__init__(name="discriminator", **kwargs)
        self.built = True
        self.config, self.seed = config, seed
        seeds = Seeds(seed, "discriminator")
        self.blocks = [
            DiscriminatorBlock(config, resolution, seeds)
            for resolution in config.resolutions[:0:-1]  # From the largest down to 8.
        ]
        self.last = DiscriminatorEpilogue(config, seeds)
        self.mapping = None
        if config.label_dim and config.conditioning == "projection":
            self.mapping = LabelMapping(config, seeds)

    def call(self, images, labels=None):
        """Logits of images, positive = natural.

        Args:
            images: [N, H, W, C] in [-1, 1], float32.
            labels: one-hot [N, label_dim], where the networks have labels.

        Returns:
            [N, 1], float32.
        """
        x = None
        for block in self.blocks:
            x, images = block(x, images)
        if self.mapping is not None:
            labels = self.mapping(labels)
        return self.last(x, images, labels)

    def get_config(self):
        """What `from_config` needs to make the network again."""
        return {"config": dataclasses.asdict(self.config), "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        """The network with fresh weights."""
        return cls(NetworkConfig(**config["config"]), config["seed"])


class DiscriminatorBlock(keras.layers.Layer):
    """The layers of one resolution above 4x4, down to half of it.

    Args:
        config: of the networks.
        resolution: height and width of its input.
        seeds: seeds of the initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, resolution: int, seeds: Seeds):
        name = f"{resolution}x{resolution}"
        super().__init__(name=name, dtype="float32", autocast=False)
        self.built = True
        self.architecture = config.discriminator_architecture
        self.compute = config.compute_dtype(resolution)
        maps, below = config.feature_maps(resolution), config.feature_maps(resolution // 2)

        def conv(layer, inputs, filters, size=3, resample=None, activation="lrelu"):
            seed = seeds.under(name)(layer)
            return Conv2D(
                layer, inputs, filters, size, seed, resample, activation, self.compute,
                config.conv_clamp,
            )  # fmt: skip

        self.from_rgb = None
        if self.architecture == "skip" or resolution == config.resolution:
            self.from_rgb = conv("FromRGB", config.channels, maps, size=1)
        self.first = conv("Conv0", maps, maps)
        self.second = conv("Conv1_down", maps, below, resample="down")
        self.skip = None
        if self.architecture == "resnet":
            self.skip = conv("Skip", maps, below, size=1, resample="down", activation=None)

    def call(self, x, images):
        """x [N, H, W, maps] or None, images [N, H, W, C] to both at half the resolution."""
        if self.from_rgb is not None:
            colors = self.from_rgb(images)
            x = colors if x is None else tf.cast(x, colors.dtype) + colors
        residual = None if self.skip is None else self.skip(x)
        x = self.second(self.first(x))
        if residual is not None:
            # Both have unit variance at the start; so has their sum.
            x = (x + residual) * tf.cast(2**-0.5, x.dtype)
        if self.architecture == "skip":
            images = downsample_2d(images)
        return x, images


class DiscriminatorEpilogue(keras.layers.Layer):
    """The layers at 4x4: minibatch standard deviation, a convolution, two dense layers; float32.

    Args:
        config: of the networks.
        seeds: seeds of the initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, seeds: Seeds):
        super().__init__(name="4x4", dtype="float32", autocast=False)
        self.built = True
        self.config = config
        size, maps = SMALLEST_RESOLUTION, config.feature_maps(SMALLEST_RESOLUTION)
        seed = seeds.under("4x4")
        self.from_rgb = None
        if config.discriminator_architecture == "skip":
            # Never clamped: it is float32, as all of these layers.
            self.from_rgb = Conv2D("FromRGB", config.channels, maps, 1, seed("FromRGB"))
        self.conv = Conv2D(
            "Conv", maps + config.mbstd_features, maps, 3, seed("Conv"), clamp=config.conv_clamp
        )
        self.dense = Dense("Dense0", size * size * maps, maps, seed("Dense0"), "lrelu")
        self.projection = bool(config.label_dim) and config.conditioning == "projection"
        outputs = maps if self.projection else max(config.label_dim, 1)
        self.output_layer = Dense("Output", maps, outputs, seed("Output"))

    def call(self, x, images, labels=None):
        """x [N, 4, 4, maps], images [N, 4, 4, C], labels to [N, 1].

        Labels are None, one-hot [N, label_dim], or, with projection, their mapping [N, maps].
        """
        x = tf.cast(x, tf.float32)
        if self.from_rgb is not None:
            x += self.from_rgb(images)
        if self.config.mbstd_features:
            x = minibatch_stddev(x, self.config.mbstd_group, self.config.mbstd_features)
        logits = self.output_layer(self.dense(self.conv(x)))
        if not self.config.label_dim:
            return logits
        logit = tf.reduce_sum(logits * tf.cast(labels, tf.float32), axis=1, keepdims=True)
        return logit / logits.shape[1] ** 0.5 if self.projection else logit


def minibatch_stddev(x: tf.Tensor, group: int, features: int = 1) -> tf.Tensor:
    """Adds the standard deviation over groups of images as constant feature maps.

    Karras et al. 2018, section 3. The groups are strided: image i is in group i mod M of M.

    Args:
        x: [N, H, W, C].
        group: images of a group; fewer where N is smaller. N must be a multiple of it.
        features: how many maps, each the mean over its share of the channels; it divides C.

    Returns:
        [N, H, W, C + features].
    """
    batch, height, width = tf.shape(x)[0], tf.shape(x)[1], tf.shape(x)[2]
    channels = x.shape[3]
    group = tf.minimum(group, batch)
    y = tf.reshape(x, [group, -1, height, width, features, channels // features])
    variance = tf.math.reduce_variance(y, axis=0)  # [M, H, W, features, C / features]
    deviation = tf.reduce_mean(tf.sqrt(variance + MBSTD_EPSILON), axis=[1, 2, 4])
    maps = tf.tile(deviation[:, None, None, :], [group, height, width, 1])
    return tf.concat([x, maps], axis=3)
