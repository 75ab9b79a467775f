"""The audit warns of what tells the same photographs apart, and of nothing where nothing does."""

import json
from collections.abc import Callable
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import ExifTags, Image
from related_pictures import portrait, scene

from gan_knowledge_gaps.classifiers.auditing.audit import audit
from gan_knowledge_gaps.classifiers.auditing.findings import differs, distance
from gan_knowledge_gaps.classifiers.auditing.probe import probe
from gan_knowledge_gaps.data import open_path, smallest_side
from gan_knowledge_gaps.data.resize import CropResize

PHOTOS = 100


def exif() -> Image.Exif:
    found = Image.Exif()
    found[ExifTags.Base.Model] = "a camera"
    return found


def write(
    folder: Path,
    numbers: range,
    change: Callable = lambda image: image,
    suffix: str = ".png",
    **options,
) -> Path:
    folder.mkdir()
    for number in numbers:
        with (folder / f"{number}{suffix}").open("wb") as file:
            change(portrait(number)).save(file, **{"format": "PNG", **options})
    return folder


@pytest.fixture(scope="module")
def natural(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("audit") / "natural", range(PHOTOS))


def kinds(natural: Path, generated: Path, common_size: int | None = None) -> list[str]:
    sets = [open_path(str(each), 48, 3, common_size=common_size) for each in (natural, generated)]
    content, _ = audit(sets, ["generated"], common_size)
    return [each["kind"] for each in content["findings"] if each["kind"] != "natural"]


def test_halves_of_the_same_photographs_are_not_told_apart(natural, tmp_path):
    assert kinds(natural, write(tmp_path / "others", range(PHOTOS, 2 * PHOTOS))) == []


def halved(image: Image.Image) -> Image.Image:
    return image.resize((48, 48), Image.Resampling.LANCZOS)


@pytest.mark.parametrize(
    ("change", "options", "kind"),
    [
        (halved, {}, "size"),
        (lambda image: halved(image).resize((96, 96), Image.Resampling.BICUBIC), {}, "resampling"),
        (lambda image: image.crop((10, 10, 86, 86)).resize((96, 96)), {}, "thumbnails"),
        (lambda image: image, {"format": "JPEG", "quality": 90}, "JPEG"),  # named .png
        (lambda image: image, {"format": "BMP"}, "files"),
        (lambda image: image, {"exif": exif()}, "files"),
    ],
)
def test_the_same_photographs_treated_otherwise_are_warned_of(
    natural, tmp_path, change, options, kind
):
    assert kind in kinds(natural, write(tmp_path / "generated", range(PHOTOS), change, **options))


def test_jpeg_tables_are_told_apart(tmp_path):
    first, second = (
        write(tmp_path / str(quality), range(PHOTOS), format="JPEG", quality=quality)
        for quality in (95, 80)
    )
    content, _ = audit([open_path(str(each), 48, 3) for each in (first, second)], ["second"])
    assert [each["JPEG quality"] for each in content["sets"]] == [95, 80]
    (text,) = (each["text"] for each in content["findings"] if each["kind"] == "files")
    assert "JPEG quality (95 against 80)" in text and "quantization tables" in text


def test_one_size_for_all_makes_the_same_pixels(natural, tmp_path):
    generated = write(tmp_path / "generated", range(PHOTOS), halved)
    assert min(smallest_side(str(each)) for each in (natural, generated)) == 48
    assert "size" not in kinds(natural, generated, common_size=48)
    large, small = portrait(3), halved(portrait(3))
    plain, common = CropResize(64, 3), CropResize(64, 3, common_size=48)
    assert np.abs(plain(large).astype(int) - plain(small)).max() > 10
    np.testing.assert_array_equal(common(large), common(small))


def test_a_probe_is_right_about_what_it_knows():
    random = np.random.default_rng(0)
    noise, labels = random.normal(size=(600, 20)), np.repeat([False, True], 300)
    none = probe(noise, labels, np.arange(600))
    assert abs(none.auc - 0.5) < 0.08 and not none.tells
    told = probe(noise + labels[:, None] * [1.5, *[0] * 19], labels, np.arange(600))
    # Two normal distributions 1.5 apart: Phi(1.5 / sqrt 2) = 0.856.
    assert told.tells and told.auc == pytest.approx(0.856, abs=0.04)
    assert probe(noise[:40], labels[280:320], np.arange(40)) is None
    # What knows 30 persons by heart knows nothing of others.
    persons = np.arange(600) // 20
    known = random.normal(size=(30, 20))[persons] + 0.1 * noise
    assert probe(known, labels, persons).auc < 0.8 < 0.95 < probe(known, labels, np.arange(600)).auc


def test_distances_are_those_of_scipy():
    from scipy.stats import ks_2samp

    random = np.random.default_rng(0)
    first, second = random.normal(size=90), random.normal(0.5, 1, 70).round(1)
    assert distance(first, second) == pytest.approx(ks_2samp(first, second).statistic)
    assert distance(np.array(["a", "a", "b"]), np.array(["a", "c"])) == pytest.approx(0.5)
    assert not differs(first[:45], first[45:]) and differs(first, first + 2)


@pytest.mark.long
def test_near_duplicates_across_the_split_are_counted_and_can_be_kept_together(tmp_path):
    for name, seeds in (("natural", range(60)), ("generated", range(100, 160))):
        (tmp_path / name).mkdir()
        for seed in seeds:
            scene(seed).save(tmp_path / name / f"{seed}.png")
            scene(seed).resize((70, 70)).save(tmp_path / name / f"{seed}-copy.jpg", quality=70)
    scene(0).resize((64, 64)).save(tmp_path / "generated/edit.png")
    flags = (
        "-m", "classifiers.audit", f"--natural={tmp_path / 'natural'}",
        f"--generated={tmp_path / 'generated'}", f"--output={tmp_path / 'audit'}",
    )  # fmt: skip
    done = commands.run(*flags)
    assert done.returncode == 0, done.stderr
    table = json.loads((tmp_path / "audit/audit-sets.json").read_text())
    cells = dict(zip(table["rows"], table["cells"], strict=True))
    assert cells["with a near-duplicate"] == [120, 121]
    assert cells["near one of the other kind"] == [2, 1]
    leaked, expected = cells["evaluating, near one that trains"], []
    for name in ("natural", "generated"):
        each = open_path(str(tmp_path / name), 64, 3)
        seeds = np.array([path.split("-")[0].split(".")[0] for path in each.paths])
        train, evaluation = each.dataset.parts
        expected.append(int(np.isin(seeds[evaluation], seeds[train]).sum()))
    assert leaked[0] == expected[0] and 0 <= leaked[1] - expected[1] <= 1
    assert "that evaluate have a near-duplicate among" in done.stderr
    strict = commands.run(*flags, "--strict", f"--groups={tmp_path / 'audit/groups.csv'}")
    assert strict.returncode == 2 and strict.stderr.splitlines()[-1].startswith("error: --strict")
    assert "that evaluate have a near-duplicate among" not in strict.stderr


@pytest.mark.long
def test_grey_records_are_compared_by_their_grey_levels_too(natural, tmp_path):
    def faded(image: Image.Image) -> Image.Image:
        return image.point(lambda level: level // 2 + 64)

    made = write(tmp_path / "faded", range(PHOTOS, 2 * PHOTOS), faded)
    for folder, name in ((natural, "grey"), (made, "faded_grey")):
        done = commands.run(
            "-m", "data.convert", f"--source={folder}", f"--output={tmp_path / name}",
            "--resolution=16", "--channels=1",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    flags = (
        "-m", "classifiers.audit", f"--natural={tmp_path / 'grey'}",
        f"--generated={tmp_path / 'faded_grey'}", "--resolution=16",
    )  # fmt: skip
    refused = commands.run(*flags)
    assert refused.returncode == 2 and "--channels=1" in refused.stderr
    done = commands.run(*flags, "--channels=1")
    assert done.returncode == 0, done.stderr
    assert "at 16 pixels, without any detail" in done.stderr
