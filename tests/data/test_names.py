"""Names are bytes: those that are no UTF-8 are carried, shown escaped, and come back from JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError, RecordImages, load, write_json, write_text

ROOT = Path(__file__).resolve().parents[2]
BYTES = b"caf\xe9"
NAME = os.fsdecode(BYTES)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Ten pictures with names in Latin-1, in a folder with such a name."""
    folder = tmp_path / NAME
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    for i in range(10):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(folder / f"{NAME}{i}.png")
    return folder


def test_json_gives_the_bytes_back(tmp_path):
    write_json(tmp_path / "x.json", {NAME: [NAME, "café", "😀"]})
    text = (tmp_path / "x.json").read_bytes().decode("utf-8")
    assert '"caf\\udce9"' in text
    assert "café" in text
    ((key, values),) = json.loads(text).items()
    assert os.fsencode(key) == os.fsencode(values[0]) == BYTES
    assert values[1:] == ["café", "😀"]


def test_texts_show_them_escaped(tmp_path):
    write_text(tmp_path / "x.md", f"{NAME} café")
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == "caf\\udce9 café"
    message = str(InputError(f"no {NAME}\x1b[31m\n{'x' * 9000}"))
    assert message.isprintable()
    assert message.startswith("no caf\\udce9\\x1b[31m xxx")
    assert len(message) <= 1000


@pytest.mark.long
@pytest.mark.parametrize("locale", ["C.UTF-8", "ASCII"])
def test_a_conversion_in_a_folder_of_bytes(folder, tmp_path, locale):
    (folder / f"{NAME}3.png").write_bytes(b"bad")
    environment = {**os.environ, "LC_ALL": locale}
    if locale == "ASCII":  # Python itself falls back to UTF-8 where it is not told otherwise
        environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    output = tmp_path / f"{NAME}-records"
    line = [f"--source={folder}", f"--output={output}", "--resolution=8", "--skip_bad"]
    done = subprocess.run(
        [sys.executable, "-m", "data.convert", *line], cwd=ROOT, env=environment,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and b"caf\\udce9-records: 9 images" in done.stdout
    assert done.stderr.isascii() and b"caf\\udce93.png as an image" in done.stderr
    images = RecordImages(output)
    assert os.fsencode(images.manifest["source"]["name"]) == BYTES
    assert os.fsencode(images.manifest["skipped"][0]["filename"]) == BYTES + b"3.png"
    reds = images.read(np.arange(9))[:, 0, 0, 0].tolist()
    assert reds == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_an_error_names_the_file_in_one_printable_line(folder, input_error):
    (folder / f"{NAME}3.png").write_bytes(b"bad")
    message = input_error(load, "folder", str(folder))
    assert "caf\\udce9/caf\\udce93.png as an image" in message
    assert message.isprintable()
