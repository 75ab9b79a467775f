"""The generator: mapping and synthesis, and the truncation trick between them."""

import dataclasses

import keras
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import NetworkConfig
from gan_knowledge_gaps.stylegan2.layers import Seeds
from gan_knowledge_gaps.stylegan2.mapping import Mapping
from gan_knowledge_gaps.stylegan2.synthesis import Noise, Synthesis


@keras.saving.register_keras_serializable("stylegan2")
class Generator(keras.Model):
    """StyleGAN2's generator: latents to images.

    Args:
        config: of the networks.
        seed: seed of the initial weights and of the constant noise.

    Attributes:
        mapping: z [N, latent_dim] to w [N, num_layers, w_dim].
        synthesis: w to images [N, H, W, C].
        w_avg: running mean of w [w_dim], float32, which the training keeps; truncation pulls
            towards it.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig
        >>> config = NetworkConfig(resolution=8, fmap_max=16, latent_dim=16, w_dim=16)
        >>> generator = Generator(config, seed=0)
        >>> z = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
        >>> w = generator.truncate(generator.mapping(z), 0.7)
        >>> w.shape, generator.synthesis(w, noise="constant").shape
        (TensorShape([2, 4, 16]), TensorShape([2, 8, 8, 3]))
    """

    def __init__(self, config: NetworkConfig, seed: int = 0, **kwargs):
        super().__init__(name="generator", **kwargs)
        self.built = True
        self.config, self.seed = config, seed
        self.mapping = Mapping(config, Seeds(seed, "generator", "mapping"))
        self.synthesis = Synthesis(config, Seeds(seed, "generator", "synthesis"))
        self.w_avg = self.add_weight(
            shape=(config.w_dim,), initializer="zeros", trainable=False, name="w_avg"
        )

    def call(self, z, labels=None, truncation: float = 1.0, noise: Noise = "random"):
        """Images of the given latents.

        Args:
            z: [N, latent_dim].
            labels: one-hot [N, label_dim], where the networks have labels.
            truncation: psi of the truncation trick; 1 for none, as in all of the paper's
                experiments but one.
            noise: see `Synthesis.call`.

        Returns:
            [N, H, W, C], float32, about -1 ... 1, not clipped.
        """
        w = self.truncate(self.mapping(z, labels=labels), truncation)
        return self.synthesis(w, noise=noise)

    def truncate(self, w: tf.Tensor, psi: float) -> tf.Tensor:
        """Pulls w towards its mean: w_avg + psi * (w - w_avg) (Karras et al. 2019, appendix B)."""
        return w if psi == 1.0 else self.w_avg + psi * (w - self.w_avg)

    def get_config(self):
        """What `from_config` needs to make the network again."""
        return {"config": dataclasses.asdict(self.config), "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        """The network with fresh weights."""
        return cls(NetworkConfig(**config["config"]), config["seed"])
