"""Detection on picture files, against Pillow, NumPy and a direct call of the model."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.classifiers.detection.batches import batched, detect
from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures, Reading
from gan_knowledge_gaps.classifiers.detection.predictions import Thresholds
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import InputError


@pytest.fixture(scope="module")
def detector() -> Detector:
    model = build("cnn", (12, 12, 3), seed=4)
    kernel, bias = model.layers[-1].weights
    kernel.assign(20 * kernel)  # so that probabilities differ widely
    bias.assign([4.0])
    return Detector(model, 2.5)


def noise(height: int, width: int, seed: int, channels: int = 3) -> np.ndarray:
    """Smooth enough that JPEG keeps most of it."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 4, channels), np.uint8)
    planes = [Image.fromarray(plane).resize((width, height)) for plane in np.moveaxis(coarse, 2, 0)]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def expected_probability(detector: Detector, path: Path, resample: Image.Resampling) -> float:
    """P(generated) of an opaque RGB file, without this project's code but for the model."""
    image = Image.open(path)
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize((12, 12), resample)
    logit = float(detector.model(np.asarray(square, np.float32)[None])[0, 0])
    return 1 / (1 + np.exp(-logit / 2.5))


def predictions(detector, paths, **options) -> list:
    found = detect(detector, Pictures([str(path) for path in paths]), **options)
    return [each for batch in found for each in batch]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Seven pictures of seven sizes, PNG and JPEG."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(7):
        suffix = "png" if i % 2 else "jpg"
        Image.fromarray(noise(20 + 7 * i, 31, i)).save(folder / f"{i}.{suffix}")
    return folder


@pytest.mark.parametrize("resize_filter", ["lanczos", "box"])
@pytest.mark.parametrize("batch_size", [3, 32])
def test_probabilities_are_those_of_the_central_squares(
    detector, folder, resize_filter, batch_size
):
    detector = Detector(detector.model, 2.5, resize_filter)
    found = predictions(detector, [folder], batch_size=batch_size)
    paths = sorted(folder.iterdir())
    assert [each.path for each in found] == [str(path) for path in paths]
    resample = Image.Resampling[resize_filter.upper()]
    expected = [expected_probability(detector, path, resample) for path in paths]
    np.testing.assert_allclose([each.probability for each in found], expected, rtol=1e-5)
    assert np.ptp(expected) > 0.3  # they tell one picture from another


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_generated_is_what_exceeds_the_threshold(detector, folder, threshold):
    for each in predictions(detector, [folder], thresholds=Thresholds(threshold, threshold)):
        assert each.verdict == ("generated" if each.probability > threshold else "natural")


def test_files_folders_and_zips_are_found_alike(detector, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"in/{path.name}")
    (tmp_path / "no_suffix").write_bytes((folder / "3.png").read_bytes())
    found = predictions(detector, [tmp_path / "no_suffix", folder, tmp_path / "all.zip"])
    assert [each.path for each in found[-2:]] == [
        str(tmp_path / "all.zip/in" / name) for name in ("5.png", "6.jpg")
    ]
    probabilities = [each.probability for each in found]
    assert probabilities[1:8] == pytest.approx(probabilities[8:], rel=1e-6)
    assert probabilities[0] == pytest.approx(probabilities[4], rel=1e-6)


def encoded(image: Image.Image, suffix: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, suffix, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def odd_files() -> dict[str, tuple[bytes, np.ndarray]]:
    """Files of 12x12 that are no plain RGB, and the pixels that they stand for."""
    rgb, alpha = noise(12, 12, 1), noise(12, 12, 2, 1)
    grey = rgb[..., :1]
    over_white = rgb * (alpha / 255) + 255 * (1 - alpha / 255)
    deep = np.random.default_rng(0).integers(0, 65536, (12, 12), np.uint16)
    indices = np.arange(144, dtype=np.uint8).reshape(12, 12) % 4
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 99, 199]], np.uint8)
    indexed = Image.fromarray(indices, "P")
    indexed.putpalette(palette.tobytes())
    holes = np.where(indices[..., None] == 1, 255, palette[indices])
    ink = noise(12, 12, 3, 4)
    cmyk = encoded(Image.fromarray(ink, "CMYK"), "JPEG", quality=100, subsampling=0)
    ink = np.asarray(Image.open(io.BytesIO(cmyk))).astype(float)
    inked = (255 - ink[..., :3]) * (255 - ink[..., 3:]) / 255
    turned = encoded(Image.fromarray(rgb), "JPEG", quality=95, exif=exif(6))
    upright = np.rot90(np.asarray(Image.open(io.BytesIO(turned))), -1)
    frames = [Image.fromarray(noise(12, 12, seed)) for seed in (1, 7)]
    film = {"save_all": True, "append_images": frames[1:], "duration": 40}
    return {
        "grey.png": (encoded(Image.fromarray(grey[..., 0]), "PNG"), np.repeat(grey, 3, -1)),
        "alpha.png": (
            encoded(Image.fromarray(np.concatenate([rgb, alpha], -1)), "PNG"), over_white
        ),
        "deep.png": (
            encoded(Image.fromarray(deep), "PNG"), np.repeat((deep // 256)[..., None], 3, -1)
        ),
        "indexed.png": (encoded(indexed, "PNG"), palette[indices]),
        "holes.png": (encoded(indexed, "PNG", transparency=1), holes),
        "ink.jpg": (cmyk, inked),
        "turned.jpg": (turned, upright),
        "film.webp": (encoded(frames[0], "WEBP", lossless=True, **film), rgb),
        "film.png": (encoded(frames[0], "PNG", **film), rgb),
    }  # fmt: skip


@pytest.mark.parametrize("name", odd_files())
def test_odd_files_are_read_as_what_they_show(name, tmp_path):
    contents, expected = odd_files()[name]
    (tmp_path / name).write_bytes(contents)
    crop_resize = crop_resize_of(Detector(build("cnn", (12, 12, 3), seed=4)))
    (reading,) = Pictures([str(tmp_path / name)]).readings(crop_resize)
    assert reading.error == ""
    assert np.abs(reading.images[0] - expected).max() <= 1.0  # rounding


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG file of a few bytes that promises many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def test_files_that_cannot_be_read_are_told_one_by_one(detector, folder, tmp_path):
    bad = {
        "bomb.png": (png_header(60_000, 60_000), "more than 134,217,728 pixels"),
        "cut.jpg": (encoded(Image.fromarray(noise(90, 90, 0)), "JPEG")[:-100], "truncated"),
        "empty.png": (b"", "cannot identify it"),
        "icon.gif": (encoded(Image.fromarray(noise(9, 9, 0)), "ICO"), "cannot identify it"),
        "page.jpg": (b"<html>404</html>", "cannot identify it"),
    }
    for name, (contents, _) in bad.items():
        (tmp_path / name).write_bytes(contents)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK")
    reasons = {name: reason for name, (_, reason) in bad.items()} | {
        "missing.png": "No such file",
        "nothing": "no images in",
        "broken.zip": "as a zip file",
        "null\0byte": "null",
    }
    paths = [folder / "0.jpg", *(tmp_path / name for name in reasons), folder / "1.png"]
    # More of them than fit beside one batch of two.
    found = predictions(detector, paths, batch_size=2)
    assert [each.path for each in found] == [str(path) for path in paths]
    for each, reason in zip(found[1:-1], reasons.values(), strict=True):
        assert (each.probability, each.verdict) == (None, "")
        assert reason in each.error
        assert len(each.error.splitlines()) == 1
    for each, path in ((found[0], paths[0]), (found[-1], paths[-1])):
        expected = expected_probability(detector, path, Image.Resampling.LANCZOS)
        assert each.probability == pytest.approx(expected, rel=1e-5)


def test_batches_hold_so_many_images_and_as_many_failures():
    image = np.zeros((1, 1, 1), np.uint8)
    readings = [Reading(str(i), () if i % 3 else (image,)) for i in range(20)]
    batches = list(batched(readings, 2))
    assert [each for batch in batches for each in batch] == readings
    assert [len(batch) for batch in batches] == [4, 4, 4, 4, 4]
    only_bad = list(batched([Reading("", ())] * 9, 2))
    assert [len(batch) for batch in only_bad] == [4, 4, 1]
    assert [len(batch) for batch in batched(readings[::3], 3)] == [3, 3, 1]


@pytest.mark.parametrize(
    ("shape", "resize_filter", "message"),
    [
        ((12, 10, 3), "lanczos", "images of 12x10x3; it must be squares"),
        ((12, 12, 2), "lanczos", "images of 12x12x2; it must be squares"),
        ((12, 12, 3), "cubic", "resize_filter is 'cubic'"),
    ],
)
def test_detectors_of_no_pictures_are_refused(shape, resize_filter, message):
    detector = Detector(build("cnn", shape, seed=4), 1.0, resize_filter)
    with pytest.raises(InputError, match=message):
        next(detect(detector, Pictures(["a.png"])))


def test_a_zip_without_suffix_and_a_tar(detector, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.write(folder / "1.png", "1.png")
    (tmp_path / "archive.tar").write_bytes(b"")
    zipped, tarred = predictions(detector, [tmp_path / "archive", tmp_path / "archive.tar"])
    (single,) = predictions(detector, [folder / "1.png"])
    assert (zipped.path, zipped.probability) == (f"{tmp_path}/archive/1.png", single.probability)
    assert "unpack it" in tarred.error


def test_a_pipe_is_refused_and_what_is_passed_over_is_said(detector, folder):
    (folder / "notes.txt").write_text("")
    (folder / "dataset.json").write_text("no labels are needed")
    assert Pictures([str(folder)]).passed_over == [f"1 files of {folder} are passed over: 1 .txt"]
    os.mkfifo(folder / "pipe.png")
    found = predictions(detector, [folder, folder / "pipe.png"])
    assert [each.error.partition(": ")[2] for each in found if each.error] == [
        "it is no regular file; remove it"
    ] * 2


def test_a_photo_of_108_megapixels(detector, tmp_path):
    Image.new("1", (12_000, 9_000)).save(tmp_path / "x.png")
    (prediction,) = predictions(detector, [tmp_path / "x.png"])
    assert prediction.error == ""
