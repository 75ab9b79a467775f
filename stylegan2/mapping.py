"""The mapping network: z to w."""

import keras
import tensorflow as tf

from stylegan2.config import NetworkConfig
from stylegan2.layers import Dense, Seeds

NORMALIZATION_EPSILON = 1e-8


class Mapping(keras.layers.Layer):
    """Eight dense layers from normalized latents to w (Karras et al. 2019, section 2).

    Labels, where there are any, are embedded in as many dimensions as z has and joined to it.

    Args:
        config: of the networks.
        seeds: seeds of the initial weights, by name.
    """

    def __init__(self, config: NetworkConfig, seeds: Seeds):
        super().__init__(name="mapping", dtype="float32", autocast=False)
        self.built = True
        self.config = config
        self.label_weight = None
        inputs = config.latent_dim
        if config.label_dim:
            self.label_weight = self.add_weight(
                shape=(config.label_dim, config.latent_dim),
                initializer=keras.initializers.RandomNormal(stddev=1.0, seed=seeds("LabelConcat")),
                name="label_weight",
            )
            inputs += config.latent_dim
        self.layers = []
        for index in range(config.mapping_layers):
            name = f"Dense{index}"
            self.layers.append(
                Dense(
                    name, inputs, config.w_dim, seeds(name), "lrelu",
                    config.mapping_lr_multiplier,
                )
            )  # fmt: skip
            inputs = config.w_dim

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
        power = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
        x *= tf.math.rsqrt(power + NORMALIZATION_EPSILON)
        for layer in self.layers:
            x = layer(x)
        return tf.repeat(x[:, None], self.config.num_layers, axis=1)
