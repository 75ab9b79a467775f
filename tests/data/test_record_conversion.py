"""Conversions that are killed, go on, or are refused."""

import errno
import itertools
import os

import pytest
from filelock import FileLock
from forked import is_killed_at
from PIL import Image

from gan_knowledge_gaps.data.records import RecordImages, plan
from gan_knowledge_gaps.data.records import conversion as conversion_module
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.long
def test_killed_at_any_step_it_goes_on_to_the_same_bytes(pictures, converted, tmp_path):
    options = {"shards": 2, "limit": 5}
    unbroken = contents(converted(pictures, "unbroken", **options))
    for step in itertools.count():
        output = tmp_path / f"killed-{step}"
        if not is_killed_at(step, ConvertOptions(str(pictures), str(output), 8, **options)):
            break
        left = contents(output)
        # Nothing half-written under a final name; a manifest over whole shards only.
        final = {name for name in left if not name.startswith(".")} - {"conversion.json"}
        assert all(left[name] == unbroken[name] for name in final), step
        assert "manifest.json" not in final or unbroken.keys() == final, step
        stamps = {name: (output / name).stat().st_mtime_ns for name in final}
        converted(pictures, output.name, **options)
        assert contents(output) == unbroken, step
        for name in final:  # finished shards were kept, not made again
            if f"{name.replace('images', 'index')}.json" in final:
                assert (output / name).stat().st_mtime_ns == stamps[name], step
    # 5 pictures; 2 shards, 2 indices, the plan and the manifest, each opened and renamed at least.
    assert step > 5 + 6 * 2


@pytest.mark.parametrize("what", ["images-00001-of-00003", "index-00002-of-00003.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_run_again_it_repairs_what_is_damaged(pictures, converted, what, damage):
    folder = converted(pictures)
    before = contents(folder)
    kept = (folder / "images-00000-of-00003").stat().st_mtime_ns
    if damage == "gone":
        (folder / what).unlink()
    else:
        damaged = bytearray(before[what])
        damaged[len(damaged) // 2] ^= 1
        (folder / what).write_bytes(damaged if damage == "changed" else damaged[:-9])
    assert contents(converted(pictures)) == before
    assert (folder / "images-00000-of-00003").stat().st_mtime_ns == kept


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": 16}, "resolution 8, not 16"),
        ({"channels": 1}, "channels 3, not 1"),
        ({"resize_filter": "box"}, "filter lanczos, not box"),
        ({"crop": "none"}, "crop center, not none"),
        ({"shards": 2}, "shards 3, not 2"),
        ({"limit": 10}, "limit None, not 10"),
    ],
)
def test_other_parameters_are_refused(pictures, converted, input_error, options, message, finished):
    folder = converted(pictures)
    if not finished:
        make_unfinished(folder, pictures)
    before = contents(folder)
    refusal = input_error(converted, pictures, **options)
    assert refusal.startswith(f"--output {folder} holds a conversion of {message}: give another")
    assert contents(folder) == before


def make_unfinished(folder, source):
    """As a kill after the first shard leaves it."""
    options = ConvertOptions(str(source), str(folder), 8, shards=3)
    plan.note_plan(folder, Conversion(options).plan)
    for path in [*folder.glob("*-0000[12]-of*"), folder / "manifest.json"]:
        path.unlink()


def test_another_source_is_refused(pictures, converted, input_error):
    converted(pictures)
    (pictures / "9.png").rename(pictures / "99.png")
    assert "a conversion of other files or labels" in input_error(converted, pictures)
    (pictures / "99.png").rename(pictures / "9.png")
    Image.new("RGB", (9, 9)).save(pictures / "9.png")
    assert "--source has changed since" in input_error(converted, pictures)


def test_a_picture_that_changed_meanwhile_is_converted_again(pictures, converted):
    folder = converted(pictures)
    make_unfinished(folder, pictures)
    kept = contents(folder)["images-00000-of-00003"]
    Image.new("RGB", (9, 9)).save(pictures / "0.png")
    assert contents(converted(pictures)) == contents(converted(pictures, "fresh"))
    assert contents(folder)["images-00000-of-00003"] != kept


def test_another_pillow_does_not_go_on(pictures, converted, input_error, monkeypatch):
    folder = converted(pictures)
    make_unfinished(folder, pictures)
    monkeypatch.setattr(plan, "pillow_version", "0.1")
    assert ", not 0.1: give another folder" in input_error(converted, pictures)
    monkeypatch.undo()
    before = contents(converted(pictures))
    monkeypatch.setattr(plan, "pillow_version", "0.1")
    assert contents(converted(pictures)) == before  # finished: there is nothing to write


def test_an_output_that_is_something_else_is_refused(pictures, tmp_path, converted, input_error):
    assert "pictures holds other files" in input_error(converted, pictures, "pictures")
    (tmp_path / "file").write_text("")
    assert "file as a folder (File exists)" in input_error(converted, pictures, "file")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged/manifest.json").write_text("{")
    assert "manifest.json is damaged" in input_error(converted, pictures, "damaged")


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    "damage",
    [
        lambda contents: contents[:-20],
        lambda contents: b"",
        lambda contents: b"\xff" + contents,
        lambda contents: b"[" * 100_000,
        lambda contents: contents.replace(b"lanczos", b"box", 1),
    ],
    ids=["cut", "empty", "not UTF-8", "deep", "another value"],
)
def test_damaged_notes_do_not_block_the_same_conversion(
    pictures, converted, input_error, damage, finished
):
    folder = converted(pictures)
    before = contents(folder)
    if not finished:
        make_unfinished(folder, pictures)
    path = folder / ("manifest.json" if finished else "conversion.json")
    path.write_bytes(damage(path.read_bytes()))
    # Another conversion must not write over it, and is told which file is in the way.
    message = input_error(converted, pictures, resolution=16)
    assert f"{path} is damaged" in message and "delete that file" in message
    assert contents(converted(pictures)) == before
    assert len(RecordImages(folder)) == 11


def test_damaged_notes_do_not_hide_another_version_of_pillow(pictures, converted, monkeypatch):
    folder = converted(pictures)
    (folder / "manifest.json").write_text("{")
    stamp = (folder / "images-00000-of-00003").stat().st_mtime_ns
    monkeypatch.setattr(plan, "pillow_version", "0.1")
    converted(pictures)
    assert RecordImages(folder).manifest["software"]["pillow"] == "0.1"
    assert (folder / "images-00000-of-00003").stat().st_mtime_ns != stamp  # made again


def test_two_processes_do_not_write_to_one_output(pictures, tmp_path, converted, input_error):
    (tmp_path / "records").mkdir()
    with FileLock(tmp_path / "records/.lock"):
        assert "another process is writing" in input_error(converted, pictures)
    converted(pictures)


def test_a_limit_takes_the_first(pictures, converted):
    manifest = RecordImages(converted(pictures, limit=5)).manifest
    assert (manifest["images"], manifest["source"]["pictures"]) == (5, 5)


@pytest.mark.parametrize(
    ("options", "shards"),
    [
        ({}, 2),
        ({"limit": 4096}, 1),
        ({"shard_megabytes": 1}, 2),  # 1e6 / (8 * 8 * 3) = 5208 images, more than 4096
        ({"shard_megabytes": 1, "resolution": 64}, 62),  # 81 images of 12,288 bytes each
        ({"shard_megabytes": 1, "resolution": 1024}, 5000),  # more than 1 MB each
    ],
)
def test_the_number_of_shards(options, shards):
    options = ConvertOptions("", "", **{"resolution": 8, **options})
    assert options.count_shards(min(5000, options.limit or 5000)) == shards


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shards": 12}, "11 pictures"),
        ({"shards": 0}, "--shards must be 1 or more, not 0"),
        ({"limit": -1}, "--limit must be 1 or more, not -1"),
        ({"shard_megabytes": 0}, "--shard_megabytes"),
        ({"resolution": 0}, "--resolution must be 1 or more, not 0"),
    ],
)
def test_options_out_of_range(pictures, converted, input_error, options, message):
    assert message in input_error(converted, pictures, **options)


def test_no_source_and_no_images(tmp_path, converted, input_error):
    message = input_error(converted, tmp_path / "gone")
    assert message.startswith(f"--source {tmp_path / 'gone'} does not exist")
    (tmp_path / "empty").mkdir()
    assert "no images in" in input_error(converted, tmp_path / "empty")
    assert not (tmp_path / "records").exists()


def test_a_full_disk_is_one_line_and_it_goes_on(pictures, converted, input_error, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(conversion_module, "write_index", full)
    message = input_error(converted, pictures)
    assert "(No space left on device): put it right; the same command goes on" in message
    monkeypatch.undo()
    assert len(RecordImages(converted(pictures))) == 11


def test_a_full_disk_under_tensorflow(pictures, converted, input_error):
    resource = pytest.importorskip("resource", reason="Windows has no limits of file size")
    # Python ignores SIGXFSZ, so that writing beyond the limit is an error like a full disk.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        message = input_error(converted, pictures, resolution=64)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot write to" in message
    assert "the same command goes on" in message
    assert len(RecordImages(converted(pictures, resolution=64))) == 11
