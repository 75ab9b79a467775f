"""The mapping network: z to w. That of the discriminator: a label to a direction."""

import keras
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.layers import Dense, Seeds

NORMALIZATION_EPSILON = 1e-8


class Mapping(keras.layers.Layer):
    """Eight dense layers from normalized latents to w (Karras et al. 2019, section 2).

    Labels, where there are any, are embedded in as many dimensions as z has and joined to it before
    both are normalized; with the conditioning "projection" in as many as w has, and each of the two
    is normalized by itself (Karras et al. 2020, StyleGAN2-ADA, appendix).

    Args:
        config: of the networks.
        seeds: seeds of the initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, seeds: Seeds):
        super().__init__(name="mapping", dtype="float32", autocast=False)
        self.built = True
        self.config = config
        self.label_weight, self.label_embed = None, None
        inputs = config.latent_dim
        if config.label_dim and config.conditioning == "projection":
            self.label_embed = label_embed(config, config.w_dim, seeds)
            inputs += config.w_dim
        elif config.label_dim:
            self.label_weight = self.add_weight(
                shape=(config.label_dim, config.latent_dim),
                initializer=keras.initializers.RandomNormal(stddev=1.0, seed=seeds("LabelConcat")),
                name="label_weight",
            )
            inputs += config.latent_dim
        self.layers = dense_layers(config, config.mapping_layers, inputs, config.w_dim, seeds)

    def call(self, z, labels=None):
        """One w for each latent.

        Args:
            z: [N, latent_dim], any scale: it is normalized to unit root mean square.
            labels: one-hot [N, label_dim], where the networks have labels.

        Returns:
            w [N, num_layers, w_dim], float32, the same for every layer.
        """
        x = tf.cast(z, tf.float32)
        if self.label_weight is not None:
            embedded = tf.matmul(tf.cast(labels, tf.float32), self.label_weight)
            x = tf.concat([x, embedded], axis=1)
        x = normalize(x)
        if self.label_embed is not None:
            x = tf.concat([x, normalize(self.label_embed(labels))], axis=1)
        for layer in self.layers:
            x = layer(x)
        return tf.repeat(x[:, None], self.config.num_layers, axis=1)


class LabelMapping(keras.layers.Layer):
    """Labels to the directions that the discriminator projects on (StyleGAN2-ADA, appendix).

    The mapping network without z, with as many units as there are feature maps at 4x4.

    Args:
        config: of the networks.
        seeds: seeds of the discriminator's initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, seeds: Seeds):
        super().__init__(name="mapping", dtype="float32", autocast=False)
        self.built = True
        units, seeds = config.feature_maps(SMALLEST_RESOLUTION), seeds.under("mapping")
        self.label_embed = label_embed(config, units, seeds)
        count = config.discriminator_mapping_layers
        self.layers = dense_layers(config, count, units, units, seeds)

    def call(self, labels):
        """One-hot [N, label_dim] to [N, feature maps at 4x4], float32."""
        x = normalize(self.label_embed(labels))
        for layer in self.layers:
            x = layer(x)
        return x


def normalize(x: tf.Tensor) -> tf.Tensor:
    """Each row of x [N, D] at unit root mean square."""
    power = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
    return x * tf.math.rsqrt(power + NORMALIZATION_EPSILON)


def label_embed(config: NetworkConfig, units: int, seeds: Seeds) -> Dense:
    """The layer that embeds one-hot labels; learns at the full rate, unlike those after it."""
    return Dense("LabelEmbed", config.label_dim, units, seeds("LabelEmbed"))


def dense_layers(
    config: NetworkConfig, count: int, inputs: int, units: int, seeds: Seeds
) -> list[Dense]:
    """The layers of a mapping network, at its learning rate."""
    names = [f"Dense{index}" for index in range(count)]
    return [
        Dense(
            name, inputs if name == "Dense0" else units, units, seeds(name), "lrelu",
            config.mapping_lr_multiplier,
        )
        for name in names
    ]  # fmt: skip
