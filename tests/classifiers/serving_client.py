"""A detector that is served in a thread, and the requests that tests send it."""

import base64
import contextlib
import http.client
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from gan_knowledge_gaps.classifiers.baseline import fit_baseline
from gan_knowledge_gaps.classifiers.detect import thresholds_of
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.serve import LOOPBACK, listen, make_server
from gan_knowledge_gaps.classifiers.web.picture_page import Subject
from gan_knowledge_gaps.data import ArrayImages

PREDICT = "/v1/models/detector:predict"
SIDE, TEMPERATURE = 12, 0.05
PHOTOGRAPH = np.add.outer(np.arange(40) * 3, np.arange(60) * 2)[..., None] + [0, 9, 30]
PHOTOGRAPH = PHOTOGRAPH.clip(0, 255).astype(np.uint8)  # [40, 60, 3]


def noise(seed: int, sigma: float, count: int) -> np.ndarray:
    """Blurred noise, uint8 [count, SIDE, SIDE, 3]."""
    pixels = np.random.default_rng(seed).uniform(0, 255, (count, SIDE, SIDE, 3))
    return ndimage.gaussian_filter(pixels, (0, sigma, sigma, 0)).astype(np.uint8)


def saved(image: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    """A file of a picture."""
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def make_subject() -> Subject:
    """A detector of no use that calls half of the noise generated, with average spectra."""
    model = build("cnn", (SIDE, SIDE, 3), seed=4)
    logits = model(noise(6, 0.3, 50).astype(np.float32)).numpy()
    model.layers[-1].bias.assign_sub([np.median(logits)])
    detector = Detector(model, TEMPERATURE)
    baseline = fit_baseline(*(ArrayImages(noise(s, s + 0.4, 40)) for s in (0, 1)), 0)
    return Subject("a detector", detector, thresholds_of(detector), 0.5, baseline)


@contextlib.contextmanager
def serving(subject: Subject, **limits: int) -> Iterator[int]:
    """Serves a detector in a thread; gives the port."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = make_server(subject, LOOPBACK, **limits)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def ask(
    port: int, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    """Status, value of the JSON answer, and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(content) if is_json else content, answer.headers


def encoded(contents: bytes) -> dict[str, str]:
    """A file as TensorFlow Serving's REST interface has it."""
    return {"b64": base64.b64encode(contents).decode()}


def rows(*files: bytes) -> bytes:
    """A request in row format."""
    return json.dumps({"instances": [{"image_bytes": encoded(each)} for each in files]}).encode()
