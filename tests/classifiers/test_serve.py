"""The server's answers are those of classifiers.detect, for many at once and for every picture."""

import base64
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from serving_client import (
    PHOTOGRAPH,
    PREDICT,
    SIDE,
    TEMPERATURE,
    ask,
    encoded,
    make_subject,
    noise,
    rows,
    saved,
    serving,
)

from gan_knowledge_gaps.classifiers.detect import thresholds_of
from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.web import picture_page
from gan_knowledge_gaps.classifiers.web.picture_page import Subject, can_be_mapped
from gan_knowledge_gaps.data import ArrayImages

KEYS = {"probability_generated", "logit"}


@pytest.fixture(scope="module")
def subject() -> Subject:
    return make_subject()


@pytest.fixture(scope="module")
def port(subject):
    with serving(subject, batch_size=4) as port:
        yield port


def by_model(subject: Subject, images: np.ndarray) -> np.ndarray:
    """P(generated) by the model alone."""
    logits = subject.detector.model(images.astype(np.float32)).numpy()[:, 0].astype(float)
    return 1 / (1 + np.exp(-logits / TEMPERATURE))


def test_a_load_of_requests_at_once_is_answered_as_by_the_model(subject, port):
    images = noise(7, 0.3, 60)
    expected, files = by_model(subject, images), [saved(each) for each in images]
    assert np.ptp(expected) > 0.2

    def one(i: int) -> list[float]:
        if i % 3 == 0:
            code, answer, _ = ask(port, "/score", files[i])
            return [answer["probability_generated"]]
        code, answer, _ = ask(port, PREDICT, rows(files[i], files[i - 1]))
        assert code == 200 and all(each.keys() == KEYS for each in answer["predictions"])
        return [each["probability_generated"] for each in answer["predictions"]]

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(one, range(60)))
    for i, each in enumerate(found):
        np.testing.assert_allclose(each, [expected[i], expected[i - 1]][: len(each)], atol=1e-5)


def test_rows_and_columns_are_those_of_tensorflow_serving(subject, port):
    images = noise(8, 0.3, 3)
    expected = by_model(subject, images)
    instances = [encoded(saved(each)) for each in images]
    named = [{"image_bytes": each} for each in instances]
    for body in (
        {"instances": named},
        {"instances": instances, "signature_name": "serving_default"},
    ):
        code, answer, _ = ask(port, PREDICT, json.dumps(body).encode())
        assert (code, answer.keys()) == (200, {"predictions"})
        for row, probability in zip(answer["predictions"], expected, strict=True):
            assert row.keys() == KEYS
            assert row["probability_generated"] == pytest.approx(probability, abs=1e-5)
            assert 1 / (1 + np.exp(-row["logit"])) == pytest.approx(probability, abs=1e-5)
    for inputs in ({"image_bytes": instances}, instances):
        body = json.dumps({"inputs": inputs}).encode()
        code, answer, _ = ask(port, "/v1/models/detector/versions/1:predict", body)
        assert (code, answer.keys(), answer["outputs"].keys()) == (200, {"outputs"}, KEYS)
        np.testing.assert_allclose(answer["outputs"]["probability_generated"], expected, atol=1e-5)


def test_the_model_says_that_it_is_there(port):
    code, answer, _ = ask(port, "/v1/models/detector")
    (state,) = answer["model_version_status"]
    assert (code, state["version"], state["state"]) == (200, "1", "AVAILABLE")
    assert state["status"] == {"error_code": "OK", "error_message": ""}
    assert ask(port, "/v1/models/other")[:2] == (404, {"error": "Not Found"})
    assert ask(port, PREDICT)[0] == 405


def uncommon() -> dict[str, bytes]:
    frames = [Image.fromarray(each) for each in noise(3, 0.3, 3)]
    deep = np.linspace(0, 65535, 30 * 20).astype(np.uint16).reshape(20, 30)
    alpha = np.dstack([PHOTOGRAPH, np.full(PHOTOGRAPH.shape[:2], 90, np.uint8)])
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "animated.gif": saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "deep.png": saved(deep),
        "cmyk.jpg": saved(Image.fromarray(PHOTOGRAPH).convert("CMYK"), "JPEG"),
        "alpha.png": saved(alpha),
        "one.png": saved(np.full((1, 1, 3), 99, np.uint8)),
        "turned.jpg": saved(Image.fromarray(PHOTOGRAPH), "JPEG", exif=turned),
        "lossless.webp": saved(PHOTOGRAPH, "WEBP", lossless=True),
    }


def test_uncommon_pictures_are_answered_as_by_detect(subject, port, tmp_path):
    files = uncommon()
    for name, contents in files.items():
        (tmp_path / name).write_bytes(contents)
    pictures = Pictures([str(tmp_path / name) for name in files])
    found = [each for batch in detect(subject.detector, pictures) for each in batch]
    assert len({round(each.probability, 4) for each in found}) == len(files)
    for contents, expected in zip(files.values(), found, strict=True):
        code, answer, _ = ask(port, "/explain", contents)
        assert (code, answer["verdict"]) == (200, expected.verdict)
        assert answer["probability_generated"] == pytest.approx(expected.probability, abs=1e-5)


def test_an_explanation_is_of_what_the_detector_sees(subject, port):
    image = noise(9, 0.3, 1)[0]
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a cat\nby nobody <b>")
    exif = Image.Exif()
    exif[0x0131] = "StyleMaker 2"
    origin = b'<x Iptc4xmpExt:DigitalSourceType="trainedAlgorithmicMedia"/>'
    texts.add_itxt("XML:com.adobe.xmp", origin.decode())
    contents = saved(image, pnginfo=texts, exif=exif)
    code, found, _ = ask(port, "/explain", contents)
    assert code == 200
    np.testing.assert_array_equal(pixels(found["seen"]), image)
    heat = pixels(found["map"]).astype(int)
    assert heat.shape == image.shape and not found["map_is_empty"]
    assert np.ptp(heat, axis=-1).max() > 20  # it has colours
    expected = subject.baseline.features(ArrayImages(image[None]))[0]
    np.testing.assert_allclose(found["spectrum"], expected)
    facts = dict(found["facts"])
    assert facts["SHA-256"] == hashlib.sha256(contents).hexdigest()
    assert facts["The file says"].startswith("IPTC: ")
    assert facts["Size"] == "12 x 12 pixels" and facts["Format"].startswith("PNG, RGB")
    assert (facts["Software"], facts["parameters"]) == ("StyleMaker 2", "a cat by nobody <b>")


def pixels(url: str) -> np.ndarray:
    kind, _, content = url.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_a_prior_and_thresholds_are_those_of_detect(subject, tmp_path):
    images = noise(10, 0.3, 12)
    middle = float(np.median(by_model(subject, images)))
    logit = float(np.log(middle / (1 - middle)))
    calibration = {"threshold": logit + 2, "uncertain_threshold": logit - 2}
    detector = Detector(subject.detector.model, TEMPERATURE, info={"calibration": calibration})
    thresholds = thresholds_of(detector, 0.1)
    for number, image in enumerate(images):
        (tmp_path / f"{number:02}.png").write_bytes(saved(image))
    batches = detect(detector, Pictures([str(tmp_path)]), thresholds, prior=0.1)
    expected = [each for batch in batches for each in batch]
    assert len({each.verdict for each in expected}) == 3
    with serving(Subject("x", detector, thresholds, 0.1)) as port:
        for image, each in zip(images, expected, strict=True):
            _, found, _ = ask(port, "/explain", saved(image))
            assert found["verdict"] == each.verdict and "spectrum" not in found
            assert found["probability_generated"] == pytest.approx(each.probability, abs=1e-5)
            (row,) = ask(port, PREDICT, rows(saved(image)))[1]["predictions"]
            assert row["probability_generated"] == pytest.approx(each.probability, abs=1e-5)


def test_a_detector_of_patches_scores_all_and_shows_the_central_one(subject):
    detector = Detector(subject.detector.model, TEMPERATURE, info={"patches": 3})
    picture = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)
    strip = detector.patches(Image.fromarray(picture)).reshape(3, SIDE, SIDE, 3)
    logits = detector.model(strip.astype(np.float32)).numpy()[:, 0].astype(float)
    assert np.ptp(logits) > 0
    with serving(Subject("x", detector, thresholds_of(detector), 0.5)) as port:
        _, found, _ = ask(port, "/explain", saved(picture))
    probability = 1 / (1 + np.exp(-logits.mean() / TEMPERATURE))
    assert found["probability_generated"] == pytest.approx(probability, abs=1e-5)
    np.testing.assert_array_equal(pixels(found["seen"]), picture[14:26, 9:21])


def test_a_network_that_hires_cam_does_not_know_is_served_without_maps(subject, monkeypatch):
    assert can_be_mapped(subject.detector)
    monkeypatch.setattr(picture_page, "hires_cam", lambda *given: 1 / 0)
    assert not can_be_mapped(subject.detector)
    with serving(Subject("x", subject.detector, subject.thresholds, 0.5, None, False)) as port:
        code, found, _ = ask(port, "/explain", saved(PHOTOGRAPH))
        assert code == 200 and "map" not in found and "seen" in found
