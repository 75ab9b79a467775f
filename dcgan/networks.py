"""The DCGAN's networks, as plain Keras models of Keras' own layers."""

import keras

from gan_knowledge_gaps.dcgan.config import IMAGE_SHAPE
from gan_knowledge_gaps.training.randomness import derive_seed

LEAK = 0.2
INITIAL_STDDEV = 0.02


def build_generator(
    latent_dim: int = 100,
    width: float = 1.0,
    seed: int = 0,
    synchronized: bool = False,
    precision: str = "float32",
) -> keras.Model:
    """The generator: latents [N, latent_dim] to images [N, 28, 28, 1] in [-1, 1], float32.

    Fixed by the paper (supplement 1.2): the dense layer of 12,544 = 7 x 7 x 256 units; transposed
    convolutions of 128, 64 and 32 channels, kernel 5; a last one to the image; batch normalization
    and LeakyReLU on every hidden layer. Chosen here: the strides 1, 2, 2 and 1, tanh, the leak
    of 0.2 and the N(0, 0.02) initial weights (Radford et al., 2016), batch normalization's
    momentum of 0.9, no bias where batch normalization removes it.

    Args:
        latent_dim: dimensions of a latent.
        width: multiplier of the hidden layers' channels.
        seed: seed of the initial weights.
        synchronized: whether batch normalization's statistics span the replicas of a strategy.
        precision: Keras dtype policy of the hidden layers; the image is always float32.
    """
    hidden = {"dtype": precision}
    normalized = {"synchronized": synchronized, "momentum": 0.9, **hidden}
    kernels = _Kernels(seed, "generator")
    channels = _scaled(256, width)
    layers = [
        keras.Input((latent_dim,), name="latents"),
        keras.layers.Dense(7 * 7 * channels, use_bias=False, **kernels("dense"), **hidden),
        keras.layers.BatchNormalization(**normalized),
        keras.layers.LeakyReLU(LEAK, **hidden),
        keras.layers.Reshape((7, 7, channels), **hidden),
    ]
    for filters, stride in ((128, 1), (64, 2), (32, 2)):
        layers += [
            keras.layers.Conv2DTranspose(
                _scaled(filters, width), 5, stride, "same", use_bias=False,
                **kernels(f"conv_{filters}"), **hidden,
            ),
            keras.layers.BatchNormalization(**normalized),
            keras.layers.LeakyReLU(LEAK, **hidden),
        ]  # fmt: skip
    image = keras.layers.Conv2DTranspose(
        1, 5, 1, "same", activation="tanh", dtype="float32", **kernels("conv_image")
    )
    return keras.Sequential([*layers, image], name="generator")


def build_discriminator(
    width: float = 1.0, seed: int = 0, precision: str = "float32"
) -> keras.Model:
    """The discriminator: images [N, 28, 28, 1] in [-1, 1] to logits [N, 1], positive = natural.

    The paper says nothing of it. Chosen here: convolutions of 64 and 128 channels, kernel 5,
    stride 2, LeakyReLU, one dense unit; no batch normalization and no dropout, so that a step has
    no state or randomness besides its inputs.

    Args:
        width: multiplier of the hidden layers' channels.
        seed: seed of the initial weights.
        precision: Keras dtype policy of the hidden layers; the logits are always float32.
    """
    kernels = _Kernels(seed, "discriminator")
    layers = [keras.Input(IMAGE_SHAPE, name="images")]
    for filters in (64, 128):
        layers += [
            keras.layers.Conv2D(
                _scaled(filters, width), 5, 2, "same", **kernels(f"conv_{filters}"),
                dtype=precision,
            ),
            keras.layers.LeakyReLU(LEAK, dtype=precision),
        ]  # fmt: skip
    layers += [
        keras.layers.Flatten(dtype=precision),
        keras.layers.Dense(1, **kernels("dense"), dtype="float32"),
    ]
    return keras.Sequential(layers, name="discriminator")


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))


class _Kernels:
    """Names a layer, and seeds its kernel by that name."""

    def __init__(self, seed: int, network: str):
        self.seed, self.network = seed, network

    def __call__(self, name: str) -> dict:
        seed = derive_seed(self.seed, self.network, name)
        return {
            "name": name,
            "kernel_initializer": keras.initializers.RandomNormal(stddev=INITIAL_STDDEV, seed=seed),
        }
