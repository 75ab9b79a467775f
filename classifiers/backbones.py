"""The detectors of the StyleGAN2 setting: a backbone, global average pooling, one logit."""

import dataclasses
from collections.abc import Callable

import keras

from classifiers.resnet import resnet50
from training.randomness import derive_seed

# Of all batch normalizations: MobileNetV2's own 0.999 leaves stale statistics in short trainings.
MOMENTUM = 0.9


@dataclasses.dataclass(frozen=True)
class Backbone:
    """Images to a feature map.

    Attributes:
        features: (images [N, H, W, C] in about -1 ... 1, width) to features [N, h, w, D].
        least_size: smallest height and width of images.
        has_width: whether `features` heeds the width; else all convolutions are narrowed
            afterwards, which fits networks that only convolve and join.
    """

    features: Callable[[keras.KerasTensor, float], keras.KerasTensor]
    least_size: int = 32
    has_width: bool = True


def _inception_v3(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    return keras.applications.InceptionV3(False, None, images).output


def _mobilenet_v2(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    shape = images.shape[1:]
    return keras.applications.MobileNetV2(shape, width, False, None, images).output


BACKBONES = {
    "resnet50": Backbone(resnet50),
    "inception_v3": Backbone(_inception_v3, least_size=75, has_width=False),
    "mobilenet_v2": Backbone(_mobilenet_v2),
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
    backbone = BACKBONES[name]
    is_small = min(image_shape[:2]) < backbone.least_size
    images = keras.Input(image_shape, name="images")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(images)
    if is_small:
        size = [max(length, backbone.least_size) for length in image_shape[:2]]
        x = keras.layers.Resizing(*size, dtype="float32")(x)
    features = keras.layers.GlobalAveragePooling2D()(backbone.features(x, width))
    logits = keras.layers.Dense(1)(features)
    narrow = 1.0 if backbone.has_width else width
    return _settled(keras.Model(images, logits), name, seed, precision, narrow)


def _settled(
    model: keras.Model, name: str, seed: int, precision: str, narrow: float
) -> keras.Model:
    """The same layers with what Keras Applications leave to global state: seeds, names, dtypes.

    Every convolution gets a share of its filters, `narrow`.
    """
    order = {id(layer): index for index, layer in enumerate(model.layers)}

    def settle(layer: keras.Layer) -> keras.Layer:
        config, index = layer.get_config(), order[id(layer)]
        if isinstance(layer, keras.layers.InputLayer):
            return layer.__class__.from_config(config)
        if "filters" in config:
            config["filters"] = max(1, round(narrow * config["filters"]))
        config["name"] = f"{type(layer).__name__.lower()}_{index}"
        if not isinstance(layer, keras.layers.Rescaling | keras.layers.Resizing):
            config["dtype"] = "float32" if layer is model.layers[-1] else precision
        initializer = keras.initializers.GlorotUniform(derive_seed(seed, name, index))
        for weight in ("kernel_initializer", "depthwise_initializer"):
            if weight in config:
                config[weight] = initializer
        if isinstance(layer, keras.layers.BatchNormalization):
            config |= {"momentum": MOMENTUM, "synchronized": True}
        return layer.__class__.from_config(config)

    settled = keras.models.clone_model(model, clone_function=settle)
    # Not the lists, or Keras warns of every tensor that is no list.
    return keras.Model(settled.inputs[0], settled.outputs[0], name=name)
