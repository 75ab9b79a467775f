"""The small CNN of the MNIST setting (supplement 1.3)."""

import keras

from gan_knowledge_gaps.classifiers.config import CNN_FEATURES, CNN_LEAST_SIZE
from gan_knowledge_gaps.training.randomness import derive_seed


def build_cnn(
    image_shape: tuple[int, int, int],
    outputs: int = 1,
    features: int = 0,
    seed: int = 0,
    precision: str = "float32",
    width: float = 1.0,
) -> keras.Model:
    """Two convolutions of 32 and 64 channels, kernel 3, ReLU, max pooling by 2 after each.

    So far the paper. Chosen here: valid padding, one dense layer to the logits, pixels scaled to
    [-1, 1] inside, Glorot initial weights.

    Args:
        image_shape: (H, W, C); images below CNN_LEAST_SIZE are enlarged to it (bilinear).
        outputs: number of logits.
        features: units of a hidden dense layer named "features"; 0 for none, as in the paper.
        seed: seed of the initial weights.
        precision: Keras dtype policy of the hidden layers; the logits are always float32.
        width: factor of the convolutions' channels; 1 in the paper.

    Returns:
        A model from images [N, H, W, C] in [0, 255] to logits [N, outputs], float32.
    """
    is_small = min(image_shape[:2]) < CNN_LEAST_SIZE
    size = [max(length, CNN_LEAST_SIZE) for length in image_shape[:2]]

    def kernel(name: str) -> dict:
        initializer = keras.initializers.GlorotUniform(seed=derive_seed(seed, "cnn", name))
        return {"name": name, "kernel_initializer": initializer}

    hidden = {"dtype": precision}
    channels = [max(1, round(width * each)) for each in (32, 64)]
    layers = [
        keras.Input(image_shape, name="images"),
        keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32"),
        *([keras.layers.Resizing(*size, dtype="float32")] if is_small else []),
        keras.layers.Conv2D(channels[0], 3, activation="relu", **kernel("conv_32"), **hidden),
        keras.layers.MaxPooling2D(2, **hidden),
        keras.layers.Conv2D(channels[1], 3, activation="relu", **kernel("conv_64"), **hidden),
        keras.layers.MaxPooling2D(2, **hidden),
        keras.layers.Flatten(**hidden),
    ]
    if features:
        layers.append(
            keras.layers.Dense(features, activation="relu", **kernel(CNN_FEATURES), **hidden)
        )
    logits = keras.layers.Dense(outputs, **kernel("logits"), dtype="float32")
    return keras.Sequential([*layers, logits], name="cnn")
