"""Exported detectors, run without this project's code."""

import base64
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import commands
import export_client
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.export import export
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.serving.card import card_text, model_card
from gan_knowledge_gaps.data import InputError, whole_folder

ROOT = Path(__file__).resolve().parents[2]
INFO = {
    "architecture": "cnn",
    "natural": {"path": "/somewhere/faces.zip", "images": 70},
    "generated": [{"path": "gan|1", "images": 70}],
}


@pytest.fixture(scope="module", params=[0, 75], ids=["plain", "jpeg"])
def detector(request) -> Detector:
    model = build("cnn", (12, 12, 3), seed=4, jpeg_quality=request.param)
    return Detector(model, 2.5, "box" if request.param else "lanczos", INFO)


@pytest.fixture(scope="module")
def exported(detector, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "new/detector"
    export(detector, folder, litert=True)
    return folder


def images(count: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 12, 12, 3)).astype(np.float32)


def expected(detector: Detector, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits by the temperature, and their sigmoids."""
    logits = detector.model(batch).numpy()[:, 0] / 2.5
    return logits, 1 / (1 + np.exp(-logits))


def write_pictures(folder: Path) -> list[Path]:
    """Four files of four sizes, JPEG and PNG."""
    paths = []
    for i, name in enumerate(("a.jpg", "b.png", "c.png", "d.jpg")):
        pixels = np.random.default_rng(i).integers(0, 256, (14 + 9 * i, 33, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
        paths.append(folder / name)
    return paths


def in_another_process(arguments: list[str]) -> dict:
    """The client's answers, the project being neither beside it nor on its path."""
    finished = subprocess.run(
        [sys.executable, "-I", export_client.__file__, *arguments],
        cwd=Path(arguments[1]).parent, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.long
def test_tensorflow_and_keras_alone_answer(detector, exported, tmp_path):
    paths = write_pictures(tmp_path)
    instances = [
        {"image_bytes": {"b64": base64.b64encode(path.read_bytes()).decode()}} for path in paths
    ]
    (tmp_path / "body.json").write_text(json.dumps({"instances": instances}))
    np.save(tmp_path / "images.npy", images().astype(np.uint8))
    arguments = [str(exported), f"{tmp_path}/body.json", f"{tmp_path}/images.npy"]
    # One of the two in a process that has no other code; it takes long to start.
    is_alone = detector.resize_filter == "box"
    answer = in_another_process(arguments) if is_alone else export_client.answers(*arguments)
    assert answer["takes"] == ["uint8", 12, 12, 3]

    filters = {"lanczos": Image.Resampling.LANCZOS, "box": Image.Resampling.BOX}
    squares = []
    for path in paths:
        image = Image.open(path)
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side))
        squares.append(np.asarray(square.resize((12, 12), filters[detector.resize_filter])))
    for got, batch in (
        (answer["predictions"], np.float32(squares)),
        *(
            ([dict(zip(answer[name], row, strict=True)) for row in
              zip(*answer[name].values(), strict=True)], images())
            for name in ("images", "keras")
        ),
    ):  # fmt: skip
        logits, probabilities = expected(detector, batch)
        np.testing.assert_allclose([each["logit"] for each in got], logits, atol=1e-5)
        np.testing.assert_allclose(
            [each["probability_generated"] for each in got], probabilities, atol=1e-5
        )
        assert all(each.keys() == {"logit", "probability_generated"} for each in got)


def test_the_signatures_say_what_they_take(exported):
    signatures = tf.saved_model.load(exported / "saved_model/1").signatures
    assert set(signatures) == {"serving_default", "serve_images"}
    specs = {
        name: next(iter(each.structured_input_signature[1].items()))
        for name, each in signatures.items()
    }
    name, spec = specs["serving_default"]
    assert (name, spec.dtype, spec.shape.as_list()) == ("image_bytes", tf.string, [None])
    name, spec = specs["serve_images"]
    assert (name, spec.dtype, spec.shape.as_list()) == ("images", tf.float32, [None, 12, 12, 3])


def test_the_folder_is_a_detector_with_a_card(detector, exported):
    again = load_detector(exported)
    assert (again.temperature, again.resize_filter) == (2.5, detector.resize_filter)
    np.testing.assert_array_equal(again.model(images()), detector.model(images()))

    card = json.loads((exported / "model_card.json").read_text())
    files = {path.relative_to(exported).as_posix() for path in exported.rglob("*.*")}
    assert set(card["sha256"]) == files - {"README.md", "model_card.json"}
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest
    # 3x3x3x32 + 32, 3x3x32x64 + 64, 64 + 1
    assert card["parameters"] == 896 + 18_496 + 65
    has_jpeg = detector.resize_filter == "box"
    assert card["jpeg"] == ({"quality": [75, 75], "mode": "codec"} if has_jpeg else None)
    assert card["training"] == {**INFO, "natural": {"path": "faces.zip", "images": 70}}
    text = (exported / "README.md").read_text()
    assert "| natural.path | faces.zip |" in text
    assert "| generated.0.path | gan\\|1 |" in text
    assert ("quality 75, mode codec" in text) == has_jpeg


def test_hugging_face_reads_the_card(tmp_path):
    hub = pytest.importorskip("huggingface_hub", reason="needs huggingface_hub")
    figures = {"path": "/home/me/Gän 1", "images": 9, "roc_auc": 0.75, "detection_rate": 0.5}
    info = {"architecture": "cnn", "figures": [figures, figures | {"path": "x/b.zip"}]}
    text = card_text(model_card(Detector(build("cnn", (12, 12, 3), 4), 1.0, info=info), tmp_path))
    assert "| generated images | held out | AUC | detected at 0.5 |" in text
    assert "| Gän 1 | 9 | 0.750 | 0.500 |\n| b.zip | 9 | 0.750 | 0.500 |" in text
    read = hub.ModelCard(text).data
    assert (read.license, read.library_name) == ("unknown", "keras")
    assert (read.pipeline_tag, read.model_name) == ("image-classification", "cnn")
    found = {(x.dataset_name, x.dataset_type, x.metric_type): x.metric_value
             for x in read.eval_results}  # fmt: skip
    assert found == {
        (name, kind, metric): figures[metric]
        for name, kind in (("Gän 1", "gän-1"), ("b.zip", "b-zip"))
        for metric in ("roc_auc", "detection_rate")
    }
    bare = card_text(model_card(Detector(build("cnn", (12, 12, 3), 4)), tmp_path, "mit"))
    assert hub.ModelCard(bare).data.eval_results is None
    assert hub.ModelCard(bare).data.license == "mit"


def test_nothing_exported_names_a_folder_of_this_machine(tmp_path):
    info = {
        "natural": {"path": f"{tmp_path}/faces.zip"}, "generated": [{"path": "runs/gan"}],
        "groups": f"{tmp_path}/groups.csv",
        "command": "python -m classifiers.train --run=runs/x --natural='/home/my own/faces.zip' "
        "--generated=/home/me/a,/home/me/b '--groups=/(.*)_'",
    }  # fmt: skip
    export(Detector(build("cnn", (12, 12, 3), 4), info=info), tmp_path / "new", license="mit")
    for name in ("detector.json", "model_card.json", "README.md"):
        text = (tmp_path / "new" / name).read_text()
        assert "faces.zip" in text and "groups.csv" in text
        assert not any(each in text for each in (str(tmp_path), "/home", "runs/", "my own"))
    command = json.loads((tmp_path / "new/detector.json").read_text())["command"]
    assert shlex.split(command)[3:] == [
        "--run=x", "--natural=faces.zip", "--generated=a,b", "--groups=/(.*)_"
    ]  # fmt: skip


def test_a_smaller_variant_is_named_as_such(detector, tmp_path):
    for width, name in ((1.0, "cnn"), (0.25, "cnn, its channels times 0.25")):
        info = {"architecture": "cnn", "classifier": {"width": width}}
        card = model_card(Detector(detector.model, info=info), tmp_path)
        assert card["architecture"] == name
        assert f"| architecture | {name}, 19,457 parameters |" in card_text(card)


def test_litert_gives_the_same(detector, exported):
    interpreter = Interpreter(str(exported / "model.tflite"))
    (name,) = interpreter.get_signature_list()
    answer = interpreter.get_signature_runner(name)(images=images())
    logits, probabilities = expected(detector, images())
    np.testing.assert_allclose(answer["logit"], logits, atol=1e-5)
    np.testing.assert_allclose(answer["probability_generated"], probabilities, atol=1e-5)
    assert name == "serve_images"


def test_onnx_without_tf2onnx_says_what_it_needs(detector, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # as if it were not installed
    with pytest.raises(InputError, match=r"--onnx needs tf2onnx: pip install -e '.\[onnx\]'"):
        export(detector, tmp_path / "new", onnx=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_onnx_gives_the_same(detector, tmp_path):
    export(detector, tmp_path / "new", onnx=True)
    session = onnxruntime.InferenceSession(tmp_path / "new/model.onnx")
    names = [each.name for each in session.get_outputs()]
    answer = dict(zip(names, session.run(names, {"images": images()}), strict=True))
    logits, probabilities = expected(detector, images())
    np.testing.assert_allclose(answer["logit"], logits, atol=1e-5)
    np.testing.assert_allclose(answer["probability_generated"], probabilities, atol=1e-5)


def test_a_folder_is_whole_or_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "a/new") as folder:
        (folder / "half").write_text("")
        raise ZeroDivisionError
    assert list((tmp_path / "a").iterdir()) == []
    (tmp_path / "a/empty").mkdir()
    with whole_folder(tmp_path / "a/empty") as folder:
        (folder / "whole").write_text("x")
    assert [path.name for path in (tmp_path / "a").rglob("*")] == ["empty", "whole"]
    for taken in (tmp_path / "a/empty", tmp_path / "a/empty/whole"):
        with pytest.raises(InputError, match="exists already"), whole_folder(taken):
            pass
    assert (tmp_path / "a/empty/whole").read_text() == "x"


@pytest.mark.long
def test_the_command(tmp_path):
    Detector(build("cnn", (12, 12, 1), seed=4), 2.5).save(tmp_path / "detector")
    finished = commands.run(
        "-m", "classifiers.export", f"--detector={tmp_path / 'detector'}",
        f"--output={tmp_path / 'exported'}",
    )  # fmt: skip
    assert (finished.returncode, finished.stdout) == (0, f"{tmp_path / 'exported'}\n")
    card = json.loads((tmp_path / "exported/model_card.json").read_text())
    assert card["command"].startswith("python -m classifiers.export --detector=")


def test_an_export_to_a_name_that_is_no_utf8(tmp_path):
    folder = tmp_path / os.fsdecode(b"d\xe9tecteur")
    export(Detector(build("cnn", (12, 12, 3), seed=4), 1.0, "box", INFO), folder)
    assert (folder / "saved_model/1/saved_model.pb").is_file()
    assert load_detector(str(folder)).resize_filter == "box"
