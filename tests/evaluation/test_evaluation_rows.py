"""Rows that are kept in pieces: after a kill, damage, and for other numbers of them."""

import numpy as np
import pytest

from gan_knowledge_gaps.evaluation import rows as module
from gan_knowledge_gaps.evaluation.rows import Rows


class Squares:
    """Rows (i, i^2) in batches of 3, counting what is computed."""

    def __init__(self):
        self.computed, self.fail_at = [], None

    def __call__(self, start, stop):
        for first in range(start, stop, 3):
            indices = np.arange(first, min(first + 3, stop))
            if self.fail_at in indices:
                raise KeyboardInterrupt
            self.computed += indices.tolist()
            yield np.stack([indices, indices**2], axis=1).astype(np.float32)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(module, "PIECE", 4)


@pytest.fixture
def squares():
    return Squares()


def expected(count: int) -> np.ndarray:
    return np.stack([np.arange(count), np.arange(count) ** 2], axis=1)


def test_a_kill_costs_one_piece_and_the_second_time_costs_nothing(tmp_path, squares):
    rows = Rows(tmp_path, {"a": 1}, 10, squares, "squares")
    squares.fail_at = 7
    with pytest.raises(KeyboardInterrupt):
        rows.all()
    squares.computed.clear()
    squares.fail_at = None
    np.testing.assert_array_equal(rows.all(), expected(10))
    assert squares.computed == [4, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(rows.all(), expected(10))
    assert len(squares.computed) == 6


def test_another_number_shares_whole_pieces_and_another_key_shares_none(tmp_path, squares):
    Rows(tmp_path, {"a": 1}, 10, squares, "squares").all()
    squares.computed.clear()
    np.testing.assert_array_equal(
        Rows(tmp_path, {"a": 1}, 5, squares, "squares").all(), expected(5)
    )
    assert squares.computed == [4]
    Rows(tmp_path, {"a": 2}, 4, squares, "squares").all()
    assert squares.computed == [4, 0, 1, 2, 3]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_damage_is_said_and_computed_again(damage, tmp_path, squares, capsys):
    rows = Rows(tmp_path, {"a": 1}, 10, squares, "squares")
    rows.all()
    path = rows.folder / "000000004-000000008.npz"
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    path.write_bytes(
        {"flip": contents, "cut": contents[:-30], "empty": b"", "other": b"text"}[damage]
    )
    squares.computed.clear()
    np.testing.assert_array_equal(rows.all(), expected(10))
    assert squares.computed == [4, 5, 6, 7]
    assert f"{path} is damaged; computing it again" in capsys.readouterr().err


def test_a_reduction_is_kept_as_well_for_its_own_number(tmp_path, squares):
    def total(pieces):
        return sum(piece.sum(axis=0) for piece in pieces)

    for count in (10, 6):
        rows = Rows(tmp_path, {"a": 1}, count, squares, "squares")
        for _ in range(2):
            np.testing.assert_array_equal(rows.reduced("total", total), expected(count).sum(axis=0))
    reductions = []
    rows.reduced("total", reductions.append)
    assert not reductions
    rows.discard()
    assert not rows.folder.exists()
    np.testing.assert_array_equal(rows.all(), expected(6))
