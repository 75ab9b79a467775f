"""python -m data.convert and python -m data.verify, as they are typed."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import DATASETS
from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.records.verification import check_pixels, damaged_shards

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def many(tmp_path) -> Path:
    """A zip of 1,000 times the same picture: a second or more of work."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "x.png")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for i in range(1000):
            archive.writestr(f"{i}.png", (tmp_path / "x.png").read_bytes())
    return tmp_path / "many.zip"


def run(*line: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `python -m` this."""
    done = commands.run("-m", *line)
    return done.returncode, done.stdout, done.stderr


def test_stopped_it_says_so_and_goes_on(many, tmp_path):
    output = tmp_path / "records"
    line = ("data.convert", f"--source={many}", f"--output={output}", "--resolution=48")
    command = commands.start("-m", *line, "--shards=20")
    while not (output / "images-00000-of-00020").exists():
        assert command.poll() is None
        time.sleep(0.005)
    command.send_signal(signal.SIGTERM)
    stdout, stderr = command.communicate()
    assert (command.returncode, stdout) == (143, "")
    assert stderr.endswith("stopped by SIGTERM; the same command resumes\n")
    shards = list(output.glob("images-*"))
    assert 1 <= len(shards) < 20
    assert not list(output.glob(".*"))
    stamps = {shard: shard.stat().st_mtime_ns for shard in shards}

    code, stdout, _ = run(*line, "--shards=20")
    assert code == 0
    assert stdout.startswith(f"{output}: 1,000 images in 20 shards, ")
    assert all(shard.stat().st_mtime_ns == stamp for shard, stamp in stamps.items())
    assert damaged_shards(output) == []


def test_verify_says_what_is_damaged(pictures, converted, tmp_path):
    folder = converted(pictures)
    sound = f"{folder}: 11 images in 3 shards are sound\n"
    assert run("data.verify", folder, "--pixels") == (0, sound, "")
    shard = folder / "images-00001-of-00003"
    contents = shard.read_bytes()
    shard.write_bytes(contents[:-1] + bytes([contents[-1] ^ 1]))
    code, _, stderr = run("data.verify", folder)
    assert code == 2
    found, error = stderr.splitlines()
    assert found.startswith(f"{shard}: ") and found.endswith("at images 3")
    assert error.startswith("error: 1 of 3 shards") and "python -m data.convert" in error


def test_bad_input_is_lines_and_exit_code_2(pictures, tmp_path):
    line = ("data.convert", f"--source={pictures}", f"--output={tmp_path}/x")
    for command, needed in ((line, "--resolution is missing"), (["data.verify"], "no folder")):
        code, stdout, stderr = run(*command)
        assert (code, stdout, stderr.count("\n")) == (2, "", 1)
        assert stderr.startswith("error: ") and needed in stderr
    (pictures / "3.png").write_bytes(b"")
    code, stdout, stderr = run(*line, "--resolution=8")
    assert (code, stdout) == (2, "")
    first, last = stderr.splitlines()
    assert first.startswith(f"cannot read {pictures / '3.png'} as an image (")
    assert last.startswith("error: 1 pictures cannot be read")


@pytest.mark.long
def test_as_it_is_typed(pictures, tmp_path):
    line = ["data.convert", f"--source={pictures}", f"--output={tmp_path}/x", "--resolution=8"]
    line += ["--channels=1", "--filter=box", "--crop=center", "--shard_megabytes=1", "--limit=9"]
    done = subprocess.run(
        [sys.executable, "-m", *line], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{tmp_path}/x: 9 images in 1 shards,")
    parameters = RecordImages(tmp_path / "x").manifest["parameters"]
    assert [parameters[name] for name in ("resolution", "channels", "filter", "crop", "limit")] == [
        8, 1, "box", "center", 9,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def faces() -> Path:
    if "GAPS_DATA" not in os.environ:
        pytest.skip("GAPS_DATA is unset: it names the folder that holds faces/utkface.zip")
    return Path(os.environ["GAPS_DATA"]) / "faces/utkface.zip"


def test_real_faces(faces, converted):
    folder = converted(faces, resolution=32, limit=200, shards=3)
    images = RecordImages(folder)
    check_pixels(folder)
    assert (len(images), images.shape) == (200, (32, 32, 3))
    as_it_is = DATASETS["folder"](faces, 32, 3)[0].read(np.arange(200))
    assert np.array_equal(images.read(np.arange(200)), as_it_is)
    # Photographs of faces, not noise: neighbouring pixels are alike.
    assert np.abs(np.diff(as_it_is.astype(int), axis=2)).mean() < 20
    assert sum(shard["bytes"] for shard in images.manifest["shards"]) < as_it_is.nbytes
