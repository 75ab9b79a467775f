"""Every classifier architecture by name."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from gan_knowledge_gaps.classifiers.backbones import BACKBONES, Architecture, build_detector
from gan_knowledge_gaps.classifiers.config import CNN_LEAST_SIZE, ClassifierConfig
from gan_knowledge_gaps.data import InputError

if TYPE_CHECKING:
    import keras

# A view, so that it has whatever is added to BACKBONES.
ARCHITECTURES: Mapping[str, Architecture] = ChainMap(
    cast("dict[str, Architecture]", BACKBONES),
    {"cnn": Architecture(title="CNN", least_size=CNN_LEAST_SIZE)},
)


def check_architecture(
    architecture: str, image_shape: tuple[int, int, int], width: float, enlarge: bool
) -> None:
    """Raises InputError where `build` would, before anything is built or read."""
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"no classifier architecture is named '{architecture}'; "
            f"there are: {', '.join(ARCHITECTURES)}"
        )
    known = ARCHITECTURES[architecture]
    if width != 1 and not known.is_narrowable:
        raise InputError(
            f"{architecture} has no width but 1, not {width:g}; "
            "give --classifier_width=1 or another architecture"
        )
    least = known.least_size
    if min(image_shape[:2]) < least and not enlarge:
        raise InputError(
            f"{architecture} needs images of at least {least}x{least}, not "
            f"{image_shape[0]}x{image_shape[1]}; --classifier_enlarge enlarges them"
        )


def build_configured(
    architecture: str,
    image_shape: tuple[int, int, int],
    seed: int,
    config: ClassifierConfig,
    outputs: int = 1,
) -> keras.Model:
    """`build` with what a training's configuration says of the network."""
    return build(
        architecture,
        image_shape,
        seed,
        config.precision,
        config.width,
        config.jpeg_quality,
        config.enlarge,
        outputs,
    )


def build(
    architecture: str,
    image_shape: tuple[int, int, int],
    seed: int,
    precision: str = "float32",
    width: float = 1.0,
    jpeg_quality: int = 0,
    enlarge: bool = False,
    outputs: int = 1,
) -> keras.Model:
    """A classifier with fresh weights.

    Args:
        architecture: one of ARCHITECTURES.
        image_shape: (H, W, C) of the images.
        seed: seed of the initial weights.
        precision: Keras dtype policy of the hidden layers; the logits are always float32.
        width: factor of the hidden channels; 1 is the architecture that the name stands for.
        jpeg_quality: quality of the JPEG encoding that all images pass through first; 0 for none.
        enlarge: whether images below the architecture's least size are enlarged to it.
        outputs: number of logits: 1 of a detector, several of what tells generators apart.

    Returns:
        A model from images [N, H, W, C] in [0, 255] to logits [N, outputs]; of a detector positive
        = generated.

    Raises:
        InputError: no architecture has that name, it has no such width, or the images are smaller
            than it takes.
    """
    check_architecture(architecture, image_shape, width, enlarge)
    import keras

    from gan_knowledge_gaps.classifiers.cnn import build_cnn
    from gan_knowledge_gaps.training.jpeg import JPEGEncoding

    if architecture in BACKBONES:
        model = build_detector(architecture, image_shape, seed, precision, width, outputs)
    else:
        model = build_cnn(image_shape, outputs, seed=seed, precision=precision, width=width)
    if not jpeg_quality:
        return model
    images = keras.Input(image_shape, name="images")
    encoded = JPEGEncoding(jpeg_quality, dtype="float32", name="jpeg")(images)
    return keras.Model(images, model(encoded), name=model.name)


def behind_jpeg(model: keras.Model) -> keras.Model:
    """The network that a classifier's images reach once they are encoded: itself without a JPEG."""
    import keras

    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return behind_jpeg(inner[0]) if inner else model


class Step(NamedTuple):
    """A layer or an operation of a network, with the symbolic tensors that it takes and gives."""

    operation: keras.Operation
    inputs: list[keras.KerasTensor]
    output: keras.KerasTensor


def steps_of(network: keras.Model) -> list[Step]:
    """A network from one input to one output, step by step, each behind those that it needs.

    The first step gives the images, the last the logits.
    """
    import keras

    if not isinstance(network, keras.Sequential):
        return [Step(x, keras.tree.flatten(x.input), x.output) for x in network.operations]
    # Its layers may have been called several times, while it was read from a file.
    images = keras.layers.InputLayer(network.input_shape[1:])
    steps = [Step(images, [], images.output)]
    for layer in network.layers:
        x = steps[-1].output
        steps.append(Step(layer, [x], layer(x)))
    return steps
