"""ResNet-50 v1.5: the stride is in the 3x3 convolution (the paper's detector; He et al. 2016).

Keras Applications' ResNet50 is v1, with the stride in the first 1x1 convolution and with biases.
"""

import keras

BLOCKS = (3, 4, 6, 3)
EXPANSION = 4
EPSILON = 1e-5


def resnet50(images: keras.KerasTensor, width: float = 1.0) -> keras.KerasTensor:
    """The features of ResNet-50 v1.5 (Goyal et al. 2017 and NVIDIA's name for it).

    Args:
        images: [N, H, W, C], about -1 ... 1, H and W from 32.
        width: factor of all channels; 1 in ResNet-50.

    Returns:
        [N, H / 32, W / 32, 2048 * width].
    """
    channels = max(1, round(64 * width))
    x = _convolution(images, channels, 7, strides=2)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            strides = 2 if stage > 0 and block == 0 else 1
            x = _bottleneck(x, channels * 2**stage, strides)
    return x


def _bottleneck(x: keras.KerasTensor, channels: int, strides: int) -> keras.KerasTensor:
    outputs = EXPANSION * channels
    shortcut = x
    if strides > 1 or x.shape[-1] != outputs:
        shortcut = _convolution(x, outputs, 1, strides, activation=False)
    x = _convolution(x, channels, 1)
    x = _convolution(x, channels, 3, strides)
    x = _convolution(x, outputs, 1, activation=False)
    return keras.layers.ReLU()(keras.layers.Add()([x, shortcut]))


def _convolution(
    x: keras.KerasTensor, channels: int, size: int, strides: int = 1, activation: bool = True
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(channels, size, strides, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization(epsilon=EPSILON)(x)
    return keras.layers.ReLU()(x) if activation else x
