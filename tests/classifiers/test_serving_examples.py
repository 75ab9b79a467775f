"""The examples of docs/detectors.md, run as they stand there."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import export_client
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from serving_client import serving

from gan_knowledge_gaps.classifiers.detection.predictions import EVEN
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.serving.signatures import write_saved_model
from gan_knowledge_gaps.classifiers.web.picture_page import Subject

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/detectors.md"
URL = "/v1/models/detector:predict"


def example(words: str) -> str:
    """The Python block that holds these words."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (found,) = (each for each in blocks if words in each)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """a.jpg, b.png, and exported/saved_model/1 as the examples have them."""
    folder = tmp_path_factory.mktemp("examples")
    detector = Detector(build("cnn", (12, 12, 3), seed=4), 0.01)
    (folder / "exported/saved_model").mkdir(parents=True)
    write_saved_model(detector, folder / "exported/saved_model/1")
    detector.save(folder / "exported")
    for seed, name in enumerate(("a.jpg", "b.png")):
        pixels = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name, quality=95)
    return folder


@pytest.fixture(scope="module")
def expected(folder) -> list[float]:
    """P(generated) of both pictures by the model alone."""
    model = build("cnn", (12, 12, 3), seed=4)
    pixels = [np.asarray(Image.open(folder / name), np.float32) for name in ("a.jpg", "b.png")]
    logits = model(np.stack(pixels)).numpy()[:, 0].astype(float) / 0.01
    assert np.ptp(logits) > 0.1
    return (1 / (1 + np.exp(-logits))).tolist()


@pytest.fixture(params=["the SavedModel", "classifiers.serve"])
def server(folder, request):
    """Speaks TensorFlow Serving's REST API; gives its port."""
    if request.param == "classifiers.serve":
        with serving(Subject("", load_detector(folder / "exported"), EVEN, 0.5)) as port:
            yield port
        return
    model = tf.saved_model.load(folder / "exported/saved_model/1")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_known = self.path == URL
            answer = export_client.predict(model, body) if is_known else {"error": self.path}
            self.send_response(200 if is_known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield http.server_port
        http.shutdown()
        thread.join()


def test_the_client_prints_what_the_model_says(folder, expected, server, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("no_proxy", "*")
    code = example("urllib.request.Request")
    assert f"http://localhost:8501{URL}" in code
    exec(code.replace("localhost:8501", f"127.0.0.1:{server}"), {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _ in lines] == ["a.jpg", "b.png"]
    np.testing.assert_allclose([float(value) for _, value in lines], expected, atol=1e-5)


def test_without_a_server(folder, expected, monkeypatch):
    monkeypatch.chdir(folder)
    names = {}
    exec(example("tf.saved_model.load"), names)
    found = names["answers"]["probability_generated"].numpy()
    np.testing.assert_allclose(found, expected[:1], atol=1e-5)


def test_with_keras_alone(folder, expected, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    pixels = [np.asarray(Image.open(folder / name)) for name in ("a.jpg", "b.png")]
    names = {"images": np.stack(pixels)}
    exec(example("keras.models.load_model"), names)
    np.testing.assert_allclose(names["probabilities"], expected, atol=1e-5)
