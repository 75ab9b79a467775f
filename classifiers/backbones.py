"""Backbones of detectors: images to features; global average pooling and one logit follow.

Adding one is a line in BACKBONES. `keras_application` makes the features of what Keras Applications
offer, and `rebuild` puts in order what they leave to chance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

Features = Callable[["keras.KerasTensor", float], "keras.KerasTensor"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is known of a classifier's network.

    Attributes:
        title: its name in tables and figures.
        least_size: smallest height and width of images.
        is_narrowable: whether it can be built at widths other than 1.
    """

    title: str
    least_size: int = 32
    is_narrowable: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backbone(Architecture):
    """Images to a feature map.

    Attributes:
        features: (images [N, H, W, C] in about -1 ... 1, width) to features [N, h, w, D].
        heeds_width: whether `features` heeds the width; else the channels of all layers are scaled
            afterwards, which fits networks that add up outputs of single layers only. Where a sum
            takes several joined outputs, whose channels are rounded one by one, it is not
            narrowable.
    """

    features: Features
    heeds_width: bool = False


def keras_application(name: str, **options) -> Features:
    """The features of one of Keras Applications.

    Args:
        name: in `keras.applications`, such as "DenseNet121".
        **options: its own; `include_preprocessing=False` where it has that, or the images, which
            are scaled already, are scaled twice.
    """

    def features(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
        from keras import applications

        application = getattr(applications, name)
        model = application(include_top=False, weights=None, input_tensor=images, **options)
        return model.output

    return features


def _resnet50(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    from classifiers.resnet import resnet50

    return resnet50(images, width)


def _mobilenet_v2(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    from keras import applications

    shape = images.shape[1:]
    return applications.MobileNetV2(shape, width, False, None, images).output


BACKBONES = {
    "resnet50": Backbone(title="ResNet-50", features=_resnet50, heeds_width=True),
    "inception_v3": Backbone(
        title="Inception-v3", features=keras_application("InceptionV3"), least_size=75
    ),
    "mobilenet_v2": Backbone(title="MobileNetV2", features=_mobilenet_v2, heeds_width=True),
    "resnet50_v2": Backbone(title="ResNet-50 V2", features=keras_application("ResNet50V2")),
    "densenet121": Backbone(title="DenseNet-121", features=keras_application("DenseNet121")),
    "xception": Backbone(title="Xception", features=keras_application("Xception"), least_size=71),
    "efficientnet_v2_b0": Backbone(
        title="EfficientNetV2-B0",
        features=keras_application("EfficientNetV2B0", include_preprocessing=False),
    ),
    "convnext_tiny": Backbone(
        title="ConvNeXt-T",
        features=keras_application("ConvNeXtTiny", include_preprocessing=False),
    ),
}


def build_detector(
    name: str,
    image_shape: tuple[int, int, int],
    seed: int = 0,
    precision: str = "float32",
    width: float = 1.0,
) -> keras.Model:
    """A detector with fresh weights, of Keras' own layers only.

    Chosen here, the paper being silent: pixels scaled to [-1, 1] inside, Glorot initial weights,
    batch normalization over all replicas with a momentum of 0.9.

    Args:
        name: one of BACKBONES.
        image_shape: (H, W, C); images below the least size are enlarged to it (bilinear).
        seed: seed of the initial weights.
        precision: Keras dtype policy of the hidden layers; the logits are always float32.
        width: factor of the channels; 1 is the architecture that the name stands for.

    Returns:
        A model from images [N, H, W, C] in [0, 255] to logits [N, 1], float32.
    """
    import keras

    from classifiers.rebuilding import rebuild

    backbone = BACKBONES[name]
    is_small = min(image_shape[:2]) < backbone.least_size
    images = keras.Input(image_shape, name="images")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(images)
    if is_small:
        size = [max(length, backbone.least_size) for length in image_shape[:2]]
        x = keras.layers.Resizing(*size, dtype="float32")(x)
    features = keras.layers.GlobalAveragePooling2D()(backbone.features(x, width))
    logits = keras.layers.Dense(1)(features)
    scale = 1.0 if backbone.heeds_width else width
    return rebuild(keras.Model(images, logits), name, seed, precision, scale)
