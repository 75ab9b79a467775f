"""Names that are no UTF-8, which TensorFlow does not take, and arrays in damaged files."""

import os

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.training.arrays import read_array, write_array
from gan_knowledge_gaps.training.checkpoints import Checkpoints
from gan_knowledge_gaps.training.paths import utf8_folder
from gan_knowledge_gaps.training.progress import say

NAME = os.fsdecode(b"caf\xe9")


def test_a_folder_in_utf8_is_itself(tmp_path):
    with utf8_folder(tmp_path / "café") as folder:
        assert folder == tmp_path / "café"


def test_a_link_leads_to_other_folders(tmp_path, monkeypatch):
    (tmp_path / NAME).mkdir()
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / NAME, (tmp_path / NAME).relative_to(tmp_path)):
        with utf8_folder(path) as folder:
            assert str(folder).isascii()
            (folder / "x").write_text("written")
        assert (tmp_path / NAME / "x").read_text() == "written"
        assert not folder.exists()


def test_checkpoints_in_a_folder_of_bytes(tmp_path, capsys):
    variable = tf.Variable([1.0, 2.0])
    checkpoints = Checkpoints(tmp_path / NAME, {"x": [variable]})
    checkpoints.save(3)
    variable.assign([0.0, 0.0])
    assert checkpoints.restore_newest() == 3
    np.testing.assert_array_equal(variable, [1.0, 2.0])
    assert "/caf\\udce9/step-000000003" in capsys.readouterr().err


def test_lines_show_names_escaped(capsys):
    say(f"{NAME}\x1b[31m\nsecond line")
    assert capsys.readouterr().err == "caf\\udce9\\x1b[31m\nsecond line\n"


def test_any_damage_of_an_array_is_noticed(tmp_path, capsys):
    values = np.arange(5.0)
    write_array(tmp_path / "x.npz", values)
    contents = (tmp_path / "x.npz").read_bytes()
    for i in range(len(contents)):
        for flip in (0x01, 0x08, 0xFF):
            damaged = contents[:i] + bytes([contents[i] ^ flip]) + contents[i + 1 :]
            (tmp_path / "x.npz").write_bytes(damaged)
            found = read_array(tmp_path / "x.npz")
            assert found is None or np.array_equal(found, values), (i, flip)
    assert "is damaged; computing it again" in capsys.readouterr().err
