"""Models from files: damage is one line, nothing in a file is run, and a classifier is one."""

import json
import random
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.dcgan.networks import build_discriminator, build_generator
from gan_knowledge_gaps.training.keras_models import load_classifier, load_model

SHAPE = (8, 8, 1)


def classifier(*last: keras.layers.Layer, shape=SHAPE, units: int = 1) -> keras.Model:
    """A small network that ends in `last`."""
    first = [keras.Input(shape), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
    return keras.Sequential([*first, *(last or [keras.layers.Dense(units)])])


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.keras"
    classifier().save(path)
    return path


def weights(model: keras.Model) -> list[bytes]:
    return [each.tobytes() for each in model.get_weights()]


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, **members: bytes) -> Path:
    """A `.keras` file of these members, whose checksums are right."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path, **options) -> str:
    with pytest.raises(InputError) as caught:
        load_classifier(path, **options)
    line = str(caught.value)
    assert len(line) <= 300 and "\n" not in line and path.name in line
    return line


def test_a_model_comes_back(file):
    assert weights(load_model(file)) == weights(keras.models.load_model(file))
    assert load_classifier(file, SHAPE, "--fool").input_shape == (None, *SHAPE)


@pytest.mark.long
def test_a_flipped_bit_or_a_cut_is_one_line_or_no_difference(file, tmp_path):
    whole, sound, draw = file.read_bytes(), weights(load_model(file)), random.Random(0)
    damaged, loaded = tmp_path / "damaged.keras", 0
    positions = draw.sample(range(len(whole)), 400)
    # The zip's directory, at the end, has its own ways to be damaged.
    for position in positions + list(range(len(whole) - 200, len(whole))):
        content = bytearray(whole)
        content[position] ^= 1 << draw.randrange(8)
        damaged.write_bytes(content if draw.randrange(8) else content[:position])
        try:
            model = load_classifier(damaged)
        except InputError:
            refusal(damaged)
        else:
            assert weights(model) == sound
            loaded += 1
    assert loaded < 100  # dates and comments


def test_damage_under_right_checksums_is_one_line(file, tmp_path):
    members, draw, refused = parts(file), random.Random(1), 0
    for _ in range(100):
        name = draw.choice(["config.json", "model.weights.h5"])
        content = bytearray(members[name])
        # Of the weights' file, what is not weights lies at its beginning.
        content[draw.randrange(min(len(content), 4000))] ^= 1 << draw.randrange(8)
        damaged = write(tmp_path / "damaged.keras", **members | {name: bytes(content)})
        try:
            load_classifier(damaged)
        except InputError:
            refused += 1
    assert refused > 30


@pytest.mark.parametrize(
    "error",
    [
        zipfile.BadZipFile, RuntimeError, TypeError, KeyError, AttributeError, MemoryError,
        RecursionError, NotImplementedError, OSError, EOFError,
    ],
)  # fmt: skip
def test_whatever_is_raised_becomes_one_line(error, file, monkeypatch):
    def load(*_, **__):
        raise error("x" * 100_000)

    monkeypatch.setattr(keras.models, "load_model", load)
    assert error.__name__ in refusal(file)


def test_what_is_no_model_is_refused(file, tmp_path):
    members = parts(file)
    deep = b'{"class_name": ' + b"[" * 100_000
    bad = {
        "text.keras": b"nothing",
        "empty.keras": b"",
        "model.h5": file.read_bytes(),
        f"{'x' * 200}.keras": b"nothing",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    for name, change in {
        "deep.keras": {"config.json": deep},
        "list.keras": {"config.json": b"[]"},
        "layer.keras": {
            "config.json": json.dumps(keras.saving.serialize_keras_object(keras.layers.ReLU()))
        },
        "long.keras": {"config.json": members["config.json"].replace(b"Dense", b"D" * 95_000)},
        "bomb.keras": {"bomb": bytes(10**7)},
    }.items():
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in (members | change).items():
                archive.writestr(member, content)
        bad[name] = b""
    for name in bad:
        if len(name) < 100:
            refusal(tmp_path / name)
    with pytest.raises(InputError, match=r"x\.keras cannot be read") as caught:
        load_model(tmp_path / f"{'x' * 200}.keras")
    assert len(str(caught.value)) <= 300
    assert "there is no file" in refusal(tmp_path / "missing.keras")
    (tmp_path / "folder").mkdir()
    assert "there is no file" in refusal(tmp_path / "folder")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    model = classifier()
    model.layers[-1].bias.assign([value])
    model.save(tmp_path / "bad.keras")
    assert "not finite" in refusal(tmp_path / "bad.keras")


def test_weights_of_another_network_are_refused(file, tmp_path):
    members = parts(file)
    with h5py.File(file.with_suffix(".h5"), "w"):
        pass
    members["model.weights.h5"] = file.with_suffix(".h5").read_bytes()
    refusal(write(tmp_path / "other.keras", **members))


# Nothing is run


def code(name: str, marker: Path, file: Path) -> Path:
    """A file that would touch `marker` if it were believed."""
    path = file.with_name(f"{name}.keras")
    if name == "lambda":
        target = str(marker)
        touch = keras.layers.Lambda(
            lambda x: [__import__("pathlib").Path(target).touch(), x][1], output_shape=(1,)
        )
        classifier(keras.layers.Dense(1), touch).save(path)
        return path
    config = json.loads(parts(file)["config.json"])
    dense = config["config"]["layers"][-1]
    if name == "function":
        dense["config"]["activation"] = {
            "module": "os", "class_name": "function", "config": "system", "registered_name": "os",
        }  # fmt: skip
    elif name == "download":
        dense["config"]["activation"] = {
            "module": "keras.utils", "class_name": "function", "config": "get_file",
            "registered_name": "get_file",
        }  # fmt: skip
    elif name == "class":
        arguments = {"args": ["touch", str(marker)]}
        config["config"]["layers"][-1] = {
            "module": "subprocess", "class_name": "Popen", "config": arguments,
            "registered_name": "Popen",
        }  # fmt: skip
    elif name == "saved model":
        config["config"]["layers"][-1] = {
            "module": "keras.layers", "class_name": "TFSMLayer", "registered_name": None,
            "config": {"filepath": str(marker.parent), "name": "saved"},
        }  # fmt: skip
    return write(path, **parts(file) | {"config.json": json.dumps(config).encode()})


@pytest.fixture(params=[False, True], ids=["", "unsafe"])
def unsafe(request):
    """Whether this process believes files, as somebody else's code may have it."""
    # The switch is one way; the scope has it back as it was.
    from keras.src.saving.serialization_lib import SafeModeScope

    with SafeModeScope(None):
        if request.param:
            keras.config.enable_unsafe_deserialization()
        yield request.param


@pytest.mark.parametrize("name", ["lambda", "function", "download", "class", "saved model"])
def test_code_is_refused_and_not_run(name, unsafe, file, tmp_path):
    marker = tmp_path / "marker"
    path = code(name, marker, file)
    if name == "lambda" and unsafe:  # It would run.
        keras.models.load_model(path)(np.zeros((1, *SHAPE)))
        assert marker.exists()
    marker.unlink(missing_ok=True)
    refusal(path)
    assert not marker.exists()


# What a classifier is


@pytest.mark.long
@pytest.mark.parametrize(("architecture", "jpeg_quality"), [("cnn", 75), ("mobilenet_v2", 0)])
def test_what_is_built_here_is_a_classifier(architecture, jpeg_quality, tmp_path):
    model = build(architecture, (32, 32, 3), 0, "mixed_bfloat16", 0.05, jpeg_quality)
    model.save(tmp_path / "model.keras")
    again = load_classifier(tmp_path, (32, 32, 3))
    assert weights(again) == weights(model)


def nested(last: keras.layers.Layer) -> keras.Model:
    images = keras.Input(SHAPE)
    return keras.Model(images, classifier(keras.layers.Dense(1), last)(images))


def through_an_operation() -> keras.Model:
    model = classifier()
    return keras.Model(model.inputs[0], keras.ops.sigmoid(model.outputs[0]))


ACTIVATED = {
    "sigmoid": lambda: classifier(keras.layers.Dense(1, activation="sigmoid")),
    "tanh": lambda: classifier(keras.layers.Dense(1, activation="tanh")),
    "hard_sigmoid": lambda: nested(keras.layers.Activation("hard_sigmoid")),
    "softmax": lambda: classifier(keras.layers.Dense(1), keras.layers.Softmax()),
    "sigmoid, an operation": through_an_operation,
    "sigmoid, then other shapes": lambda: classifier(
        keras.layers.Dense(1, activation="sigmoid"), keras.layers.Reshape((1, 1)),
        keras.layers.Flatten(), keras.layers.Activation("linear"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATED)
def test_probabilities_are_no_logits(name, tmp_path):
    ACTIVATED[name]().save(tmp_path / "model.keras")
    line = refusal(tmp_path / "model.keras")
    assert f"last activation is {name.partition(',')[0]}" in line


def test_a_plain_end_of_any_form_is_a_logit(tmp_path):
    last = keras.layers.Activation("linear", dtype="float32")
    for index, model in enumerate([nested(last), classifier(keras.layers.Dense(1), last)]):
        model.save(tmp_path / f"{index}.keras")
        load_classifier(tmp_path / f"{index}.keras", SHAPE)


OTHERS = {
    "discriminator": lambda: build_discriminator(0.1),
    "generator": lambda: build_generator(8, 0.1),
    "ten logits": lambda: classifier(units=10),
    "a vector": lambda: keras.Sequential([keras.Input([4]), keras.layers.Dense(1)]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_network_is_no_classifier(name, tmp_path):
    OTHERS[name]().save(tmp_path / "model.keras")
    line = refusal(tmp_path / "model.keras", flag="--fool")
    assert line.startswith("--fool: ")
    assert "opposite sign" in line if name == "discriminator" else "maps" in line


@pytest.mark.parametrize("shape", [(8, 8, 3), (16, 16, 1), (8, 16, 1)])
def test_images_of_another_shape_are_refused(shape, file):
    size = "x".join(map(str, shape))
    assert f"takes images of 8x8x1; here they are {size}" in refusal(file, image_shape=shape)


def test_any_size_fits_a_network_of_any_size(tmp_path):
    average = keras.layers.GlobalAveragePooling2D()
    layers = [keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3), average]
    keras.Sequential([*layers, keras.layers.Dense(1)]).save(tmp_path / "any.keras")
    load_classifier(tmp_path / "any.keras", (8, 8, 3))
    assert "here they are 8x8x1" in refusal(tmp_path / "any.keras", image_shape=(8, 8, 1))
