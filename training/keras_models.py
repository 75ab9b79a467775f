"""Reads Keras models from files, safely, and checks that a classifier is one.

A `.keras` file is a zip: a configuration, which says what to build, and weights. It may be damaged,
or made to run code; so it is checked byte for byte before Keras sees it, and read in safe mode.
"""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

# It has no public name, and `safe_mode=True` alone gives way to a process-wide switch.
from keras.src.saving.serialization_lib import SafeModeScope

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import saved_classes
from gan_knowledge_gaps.training.complete_models import taken_apart
from gan_knowledge_gaps.training.task import flat_variables

MODEL = "model.keras"
DISCRIMINATOR = "discriminator"  # how every GAN here names its own
MOST_EXPANSION = 100  # Keras stores weights as they are
MOST_CHARACTERS = 300
# Layers that move numbers about and change none.
_PASSING = (
    keras.layers.Reshape, keras.layers.Flatten, keras.layers.Dropout, keras.layers.Identity,
)  # fmt: skip
# Layers and operations that are an activation themselves.
_ACTIVATIONS = (
    "sigmoid", "hardsigmoid", "logsigmoid", "softmax", "logsoftmax", "tanh", "hardtanh", "softsign",
    "sparsemax", "relu", "relu6", "softplus",
)  # fmt: skip


def load_model(path: str | Path, flag: str = "") -> keras.Model:
    """A model from a `.keras` file. No code that the file may hold is run.

    Layers that hold code (Lambda, SavedModels, PyTorch modules) and classes and functions that are
    neither Keras' own nor registered by this project are refused, also after
    `keras.config.enable_unsafe_deserialization()`.

    Args:
        path: of the file.
        flag: that named it, for the message.

    Raises:
        InputError: there is no such file, it is damaged, it asks for code, or its weights are not
            finite; one line of at most 300 characters.
    """
    path = Path(path)
    if not path.is_file():
        raise _refused(path, flag, "is not there: there is no file of that name")
    if path.suffix != ".keras":
        raise _refused(path, flag, "is no .keras file; give one that Keras 3 saved")
    saved_classes.register()
    with reading(path, flag):
        _check_archive(path)
        with SafeModeScope(True):
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise InputError("it holds something else")
        for variable in flat_variables(model):
            if variable.dtype.is_floating and not _is_finite(variable.numpy()):
                raise InputError(f"its weights {variable.name} are not finite")
    return model


@contextlib.contextmanager
def reading(path: str | Path, flag: str = "", what: str = "as a Keras model") -> Iterator[None]:
    """Turns any error that a library raises inside, on a damaged file, into one InputError."""
    try:
        yield
    except Exception as error:  # zipfile, zlib, h5py, Keras and TensorFlow raise a dozen types
        reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise _refused(path, flag, f"cannot be read {what}: {reason}") from error


def load_classifier(
    path: str | Path, image_shape: tuple[int, int, int] | None = None, flag: str = ""
) -> keras.Model:
    """A classifier of images: [N, H, W, C] in [0, 255] to logits [N, 1], positive = generated.

    Whether it was trained on [0, 255], and which sign its logit has, no file says; but a GAN's
    discriminator, whose sign is the opposite, is known by its name.

    Args:
        path: a `.keras` file, or a folder with model.keras.
        image_shape: (H, W, C) of the images that it must take; None for any.
        flag: that named it, for the message.

    Raises:
        InputError: it can't be read (see `load_model`), or is something else.
    """
    return load_with_temperature(path, image_shape, flag)[0]


def load_with_temperature(
    path: str | Path, image_shape: tuple[int, int, int] | None = None, flag: str = ""
) -> tuple[keras.Model, float]:
    """The same, and the temperature in the file; 1 where there is none.

    Of a file that `training.complete_models.complete` made, the classifier inside is taken.
    """
    file = classifier_file(path)
    if not file.is_file():
        raise _refused(path, flag, f"holds no classifier: there is no file {file}")
    model = load_model(file, flag)
    with reading(file, flag, "as a detector"):
        model, temperature = taken_apart(model)
    try:
        check_classifier(model, image_shape)
    except InputError as error:
        raise _refused(file, flag, f"is no classifier that can be used here: {error}") from error
    return model, temperature


def classifier_file(path: str | Path) -> Path:
    """The file of a classifier, which is in a folder model.keras."""
    return Path(path) / MODEL if Path(path).is_dir() else Path(path)


def check_classifier(model: keras.Model, image_shape: tuple[int, int, int] | None = None) -> None:
    """Raises InputError for a model that is not what `load_classifier` promises."""
    if model.name == DISCRIMINATOR:
        raise InputError("it is a GAN's discriminator, whose logit has the opposite sign")
    takes, gives = shapes(model)
    if takes is None:
        raise InputError(f"it is a {type(model).__name__}, not a network from images to a logit")
    if not isinstance(takes, tuple) or len(takes) != 4 or gives != (None, 1):
        raise InputError(f"it maps {takes} to {gives}, not images [N, H, W, C] to logits [N, 1]")
    own_shape, asked_shape = takes[1:], image_shape or takes[1:]
    sizes = zip(own_shape, asked_shape, strict=True)
    if any(known not in (None, asked) for known, asked in sizes):
        own, asked = ("x".join(map(str, shape)) for shape in (own_shape, asked_shape))
        raise InputError(f"it takes images of {own}; here they are {asked}")
    activation = last_activation(model)
    if activation != "linear":
        raise InputError(f"its last activation is {activation}; it must end in a plain logit")
    if None not in takes[1:] and not _is_finite(_extremes(model, takes[1:])):
        raise InputError("its logits of images in [0, 255] are not finite")


def shapes(model: keras.Model) -> tuple:
    """What a model takes and gives, such as (None, H, W, C) and (None, 1).

    Several inputs or outputs are a list of shapes; of a network that is a class of its own, such as
    StyleGAN2's, neither is known: (None, None).
    """
    try:
        return model.input_shape, model.output_shape
    except (AttributeError, ValueError):
        return None, None


def last_activation(model: keras.Model) -> str:
    """What a functional model's output went through last: linear, or an activation's name."""
    tensor = model.outputs[0]
    while True:
        operation, node, _ = tensor._keras_history
        if isinstance(operation, keras.Model):  # a network in the network
            tensor = operation.outputs[0]
        elif isinstance(operation, _PASSING) or _is_idle(operation):
            tensor = operation._inbound_nodes[node].input_tensors[0]
        else:
            return _activation(operation)


def _is_idle(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.Activation) and _activation(operation) == "linear"


def _activation(operation: keras.Operation) -> str:
    own = type(operation).__name__.lower()
    given = getattr(operation, "activation", own if own in _ACTIVATIONS else None)
    if given is None:
        return "linear"
    return given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)


def _extremes(model: keras.Model, shape: tuple[int, int, int]) -> np.ndarray:
    """The logits of a black and a white image."""
    images = np.zeros((2, *shape), np.float32)
    images[1] = 255
    return model(images, training=False).numpy()


def _is_finite(values: np.ndarray) -> bool:
    return bool(np.isfinite(values.astype(np.float32)).all())


def _check_archive(path: Path) -> None:
    """Every byte of a zip's members against its checksums; Keras passes over damaged weights."""
    with zipfile.ZipFile(path) as archive:
        size = sum(each.file_size for each in archive.infolist())
        if size > MOST_EXPANSION * path.stat().st_size:
            raise InputError(f"it expands to more than {MOST_EXPANSION} times its size")
        damaged = archive.testzip()
    if damaged is not None:
        raise InputError(f"the checksum of {damaged} in it is wrong")


def _refused(path: str | Path, flag: str, reason: str) -> InputError:
    """One line that names the file, whatever its name and a library's message are."""
    name = f"{flag}: {path}" if flag else str(path)
    if len(name) > MOST_CHARACTERS // 2:
        name = f"...{name[3 - MOST_CHARACTERS // 2 :]}"
    text = " ".join(f"{name} {reason}".split())
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 3]}..."
    return InputError(text)
