"""How predictions are written, and the command line."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gan_knowledge_gaps.classifiers.detect import given, open_output
from gan_knowledge_gaps.classifiers.detection.predictions import EVEN, classify, unread
from gan_knowledge_gaps.classifiers.detection.writers import COLUMNS, WRITERS
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import InputError

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype"
PREDICTIONS = [
    classify("a,b.png", [0.75], EVEN, "IPTC: digitalArt"),
    classify('folder/"c".jpg', [1e-9], EVEN),
    unread("new\nline\udcff.png", "cannot read it"),
    unread("x.png", "cannot read x.png: it is cut"),
]


def written(kind: str) -> str:
    stream = io.StringIO()
    writer = WRITERS[kind](stream)
    writer.write(PREDICTIONS[:1])
    writer.write(PREDICTIONS[1:])
    return stream.getvalue()


def test_the_table_is_aligned():
    assert written("table").splitlines() == [
        "P(generated)  verdict     picture",
        "      0.7500  generated   a,b.png  [IPTC: digitalArt]",
        '      0.0000  natural     folder/"c".jpg',
        "           -  unreadable  new\\nline\\udcff.png: cannot read it",
        "           -  unreadable  cannot read x.png: it is cut",
    ]


def test_csv_reads_back():
    rows = list(csv.reader(io.StringIO(written("csv"), newline="")))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == ["a,b.png", "0.75", "generated", "", "IPTC: digitalArt"]
    assert rows[2] == ['folder/"c".jpg', "1e-09", "natural", "", ""]
    assert rows[3] == ["new\nline\udcff.png", "", "", "cannot read it", ""]


def test_json_is_an_object_in_each_line():
    values = [json.loads(line) for line in written("json").splitlines()]
    assert [tuple(each) for each in values] == [COLUMNS] * 4
    assert list(values[0].values()) == [
        "a,b.png", 0.75, "generated", None, "IPTC: digitalArt"
    ]  # fmt: skip
    assert list(values[2].values()) == ["new\nline\udcff.png", None, None, "cannot read it", None]


def test_an_output_is_whole_or_not_there(tmp_path):
    path = tmp_path / "new/found.csv"
    with pytest.raises(ZeroDivisionError), open_output(str(path)) as stream:
        stream.write("half")
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []
    with open_output(str(path)) as stream:
        stream.write("caf\u00e9\udcff\n")
    assert path.read_bytes() == "caf\u00e9".encode() + b"\xff\n"
    with pytest.raises(InputError, match="is a folder"), open_output(str(tmp_path)):
        pass
    with pytest.raises(InputError, match="is not a folder"), open_output(str(path / "x")):
        pass


def run(*arguments) -> tuple[int, str, list[str]]:
    """Exit code, stdout, and stderr without TensorFlow's notices."""
    finished = commands.run("-m", "classifiers.detect", *arguments)
    assert "Traceback" not in finished.stderr
    said = ("cannot read", "error:", "0 of", "1 of", "2 of", "3 of")
    lines = [line for line in finished.stderr.splitlines() if line.startswith(said)]
    return finished.returncode, finished.stdout, lines


def test_the_command(tmp_path):
    detector = Detector(build("cnn", (12, 12, 3), seed=4), 2.5)
    detector.save(tmp_path / "detector")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    expected = []
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 256, (12, 12, 3), np.uint8)
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", f'<x D:DigitalSourceType="{SOURCE}/{"abc"[i]}"/>')
        Image.fromarray(pixels).save(pictures / f"{i}.png", pnginfo=info if i < 2 else None)
        logit = float(detector.model(pixels[None].astype(np.float32))[0, 0])
        expected.append(1 / (1 + np.exp(-logit / 2.5)))
    generated = sum(np.array(expected) > 0.45)

    arguments = [f"--detector={tmp_path / 'detector'}", pictures, "--threshold=0.45"]
    code, out, err = run(*arguments)
    assert code == 0
    lines = [line.split() for line in out.splitlines()[1:]]
    assert [line[0] for line in lines] == [f"{value:.4f}" for value in expected]
    assert [line[2] for line in lines] == [str(pictures / f"{i}.png") for i in range(3)]
    assert [line[3:] for line in lines] == [["[IPTC:", "a]"], ["[IPTC:", "b]"], []]
    assert err == [f"{generated} of 3 pictures called generated (P > 0.45)"]

    (pictures / "3.png").write_bytes(b"")
    output = tmp_path / "found.csv"
    code, out, err = run(*arguments, tmp_path / "x.png", "--format=csv", f"--output={output}")
    assert (code, out) == (2, "")
    assert err[0].startswith(f"cannot read {pictures / '3.png'} as an image")
    assert err[1:] == [
        f"cannot read {tmp_path / 'x.png'}: No such file or directory",
        f"{generated} of 3 pictures called generated (P > 0.45)",
        "error: 2 of 5 files could not be read",
    ]
    rows = list(csv.DictReader(output.open(newline="")))
    np.testing.assert_allclose([float(row[COLUMNS[1]]) for row in rows[:3]], expected, rtol=1e-5)
    assert [row["provenance"] for row in rows] == ["IPTC: a", "IPTC: b", "", "", ""]
    assert [row["error"] == "" for row in rows] == [True] * 3 + [False] * 2


@pytest.mark.parametrize("end", [b"\n", b"\0"])
def test_paths_may_come_from_standard_input(end, monkeypatch):
    names = [b"a b.png", b"caf\xff.png", b"c.png"]
    text = io.TextIOWrapper(io.BytesIO(end.join(names) + end))
    monkeypatch.setattr(sys, "stdin", text)
    assert given(["x", "-", "y"]) == ["x", *map(os.fsdecode, names), "y"]


def test_ctrl_c_says_that_it_starts_again(tmp_path):
    """It has nothing to resume from, and leaves nothing behind."""
    code = (
        "from gan_knowledge_gaps.classifiers import detect\n"
        "def stop(detector, pictures, writer, *rest):\n"
        "    writer.write([])\n"
        "    raise KeyboardInterrupt\n"
        "detect.load_detector, detect.detect_all = str, stop\n"
        "detect.thresholds_of = lambda *given: None\n"
        "detect.main()\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, "--detector=x", "--output=new/found.csv", "a.png"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert (finished.returncode, finished.stdout) == (130, "")
    assert finished.stderr == "stopped; the same command starts again\n"
    assert list((tmp_path / "new").iterdir()) == []
