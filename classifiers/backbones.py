"""Backbones of detectors: images to features; global average pooling and one logit follow.

Adding one is a line in BACKBONES. `KerasApplication` makes the features of what Keras Applications
offer, and `rebuild` puts in order what they leave to chance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np

Features = Callable[["keras.KerasTensor", float], "keras.KerasTensor"]

# ImageNet's, of pixels in 0 ... 1.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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


class KerasApplication:
    """The features of one of Keras Applications.

    Args:
        name: in `keras.applications`, such as "DenseNet121".
        by_statistics: whether its ImageNet weights expect pixels less ImageNet's mean, divided by
            the standard deviation, instead of within -1 ... 1.
        alpha: whether it narrows itself by an argument of that name.
        **options: its own; `include_preprocessing=False` where it has that, or the images, which
            are scaled already, are scaled twice.
    """

    def __init__(self, name: str, by_statistics: bool = False, alpha: bool = False, **options):
        self.name, self._alpha, self._options = name, alpha, options
        mean, deviation = (MEAN, DEVIATION) if by_statistics else ((0.5,) * 3, (0.5,) * 3)
        # What pixels in 0 ... 255 are multiplied by, and what is added.
        self.scale = [1 / (255 * each) for each in deviation]
        self.offset = [-a / b for a, b in zip(mean, deviation, strict=True)]

    def __call__(self, images: keras.KerasTensor, width: float) -> keras.KerasTensor:
        return self._build(width, weights=None, input_tensor=images).output

    def pretrained(self, weights: str, width: float) -> list[np.ndarray]:
        """Arrays in the order of a detector's weights, without the last layer's two.

        Args:
            weights: "imagenet", which Keras downloads, or a file of them.
            width: factor of the channels.
        """
        return self._build(width, weights=weights, input_shape=(224, 224, 3)).get_weights()

    def _build(self, width: float, **arguments) -> keras.Model:
        from keras import applications

        arguments |= self._options | ({"alpha": width} if self._alpha else {})
        return getattr(applications, self.name)(include_top=False, **arguments)


def _resnet50(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    from gan_knowledge_gaps.classifiers.resnet import resnet50

    return resnet50(images, width)


BACKBONES = {
    "resnet50": Backbone(title="ResNet-50", features=_resnet50, heeds_width=True),
    "inception_v3": Backbone(
        title="Inception-v3", features=KerasApplication("InceptionV3"), least_size=75
    ),
    "mobilenet_v2": Backbone(
        title="MobileNetV2", features=KerasApplication("MobileNetV2", alpha=True), heeds_width=True
    ),
    "resnet50_v2": Backbone(title="ResNet-50 V2", features=KerasApplication("ResNet50V2")),
    "densenet121": Backbone(
        title="DenseNet-121", features=KerasApplication("DenseNet121", by_statistics=True)
    ),
    "xception": Backbone(title="Xception", features=KerasApplication("Xception"), least_size=71),
    "efficientnet_v2_b0": Backbone(
        title="EfficientNetV2-B0",
        features=KerasApplication(
            "EfficientNetV2B0", by_statistics=True, include_preprocessing=False
        ),
    ),
    "convnext_tiny": Backbone(
        title="ConvNeXt-T",
        features=KerasApplication("ConvNeXtTiny", by_statistics=True, include_preprocessing=False),
    ),
}


def build_detector(
    name: str,
    image_shape: tuple[int, int, int],
    seed: int = 0,
    precision: str = "float32",
    width: float = 1.0,
    outputs: int = 1,
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
        outputs: number of logits.

    Returns:
        A model from images [N, H, W, C] in [0, 255] to logits [N, outputs], float32.
    """
    import keras

    from gan_knowledge_gaps.classifiers.rebuilding import rebuild

    backbone = BACKBONES[name]
    is_small = min(image_shape[:2]) < backbone.least_size
    images = keras.Input(image_shape, name="images")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(images)
    if is_small:
        size = [max(length, backbone.least_size) for length in image_shape[:2]]
        x = keras.layers.Resizing(*size, dtype="float32")(x)
    features = keras.layers.GlobalAveragePooling2D()(backbone.features(x, width))
    logits = keras.layers.Dense(outputs)(features)
    scale = 1.0 if backbone.heeds_width else width
    return rebuild(keras.Model(images, logits), name, seed, precision, scale)
