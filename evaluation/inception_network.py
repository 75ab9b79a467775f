"""The Inception-v3 of the graph of 2015-12-05 in Keras, up to its features.

Szegedy et al. 2016 ("Rethinking the Inception architecture for computer vision"), as trained and
published by TensorFlow in 2015. It differs from torchvision's and Keras' in its weights, in 1,008
classes, in average pools that leave the padding out of the mean, and in the last block, whose pool
is a max pool. Layers have the names of PyTorch's port; each is a convolution, a batch
normalization and a ReLU, of which the first two are one convolution with a bias here.
"""

import keras

SIDE, FEATURES, CLASSES = 299, 2048, 1008
EPSILON = 1e-3  # of the batch normalization


def inception_v3() -> keras.Model:
    """Images [N, 299, 299, 3] in [-1, 1) to features [N, 2048]."""
    images = keras.Input([SIDE, SIDE, 3])
    x = _convolved(images, "Conv2d_1a_3x3", 32, 3, stride=2)
    x = _convolved(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = _convolved(x, "Conv2d_2b_3x3", 64, 3)
    x = keras.layers.MaxPooling2D(3, 2)(x)
    x = _convolved(x, "Conv2d_3b_1x1", 80, 1)
    x = _convolved(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = keras.layers.MaxPooling2D(3, 2)(x)  # [N, 35, 35, 192]
    for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = _block_35(x, name, pooled)
    x = _reduction_35(x, "Mixed_6a")  # [N, 17, 17, 768]
    for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = _block_17(x, name, inner)
    x = _reduction_17(x, "Mixed_7a")  # [N, 8, 8, 1280]
    x = _block_8(x, "Mixed_7b", keras.layers.AveragePooling2D)
    x = _block_8(x, "Mixed_7c", keras.layers.MaxPooling2D)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x))


def _convolved(x, name: str, filters: int, size, stride: int = 1, padding: str | None = None):
    """Unless told otherwise, the size stays, or is reduced without padding."""
    padding = padding or ("same" if stride == 1 else "valid")
    layer = keras.layers.Conv2D(
        filters, size, stride, padding, activation="relu", kernel_initializer="zeros", name=name
    )
    return layer(x)


def _chain(x, block: str, *layers: tuple):
    """Layers (name, filters, size[, stride]) one behind the other."""
    for name, *arguments in layers:
        x = _convolved(x, f"{block}.{name}", *arguments)
    return x


def _joined(*branches):
    return keras.layers.Concatenate()(branches)


def _pooled(x, pool: type[keras.layers.Layer] = keras.layers.AveragePooling2D):
    """Means are over what is inside of the image alone."""
    return pool(3, 1, "same")(x)


def _block_35(x, name: str, pooled: int):
    return _joined(
        _chain(x, name, ("branch1x1", 64, 1)),
        _chain(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
        _chain(
            x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
            ("branch3x3dbl_3", 96, 3),
        ),
        _chain(_pooled(x), name, ("branch_pool", pooled, 1)),
    )  # fmt: skip


def _reduction_35(x, name: str):
    return _joined(
        _chain(x, name, ("branch3x3", 384, 3, 2)),
        _chain(
            x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
            ("branch3x3dbl_3", 96, 3, 2),
        ),
        keras.layers.MaxPooling2D(3, 2)(x),
    )  # fmt: skip


def _block_17(x, name: str, inner: int):
    return _joined(
        _chain(x, name, ("branch1x1", 192, 1)),
        _chain(
            x, name, ("branch7x7_1", inner, 1), ("branch7x7_2", inner, (1, 7)),
            ("branch7x7_3", 192, (7, 1)),
        ),
        _chain(
            x, name, ("branch7x7dbl_1", inner, 1), ("branch7x7dbl_2", inner, (7, 1)),
            ("branch7x7dbl_3", inner, (1, 7)), ("branch7x7dbl_4", inner, (7, 1)),
            ("branch7x7dbl_5", 192, (1, 7)),
        ),
        _chain(_pooled(x), name, ("branch_pool", 192, 1)),
    )  # fmt: skip


def _reduction_17(x, name: str):
    return _joined(
        _chain(x, name, ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3, 2)),
        _chain(
            x, name, ("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)), ("branch7x7x3_4", 192, 3, 2),
        ),
        keras.layers.MaxPooling2D(3, 2)(x),
    )  # fmt: skip


def _block_8(x, name: str, pool: type[keras.layers.Layer]):
    threefold = _chain(x, name, ("branch3x3_1", 384, 1))
    double = _chain(x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
    return _joined(
        _chain(x, name, ("branch1x1", 320, 1)),
        _chain(threefold, name, ("branch3x3_2a", 384, (1, 3))),
        _chain(threefold, name, ("branch3x3_2b", 384, (3, 1))),
        _chain(double, name, ("branch3x3dbl_3a", 384, (1, 3))),
        _chain(double, name, ("branch3x3dbl_3b", 384, (3, 1))),
        _chain(_pooled(x, pool), name, ("branch_pool", 192, 1)),
    )
