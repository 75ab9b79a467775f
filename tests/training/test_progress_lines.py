"""Progress is plain lines in a file, and a bar on a terminal."""

import io
import sys
from types import SimpleNamespace

import pytest

from gan_knowledge_gaps.training import progress as module
from gan_knowledge_gaps.training.progress import Progress, say


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", clock)
    return clock


def work(clock, seconds, **options) -> None:
    with Progress("train", total=1_012, start=1_000, **options) as progress:
        for each in seconds:
            clock.now += each
            progress.advance(note=f"loss {each:g}")


def test_a_line_has_count_rate_and_time_left(clock, capsys, monkeypatch):
    monkeypatch.setattr(module, "PLAIN_LINE_SECONDS", 0)
    work(clock, [2.0, 4.0], unit="images")
    assert capsys.readouterr() == (
        "",
        "train: 1,001 of 1,012 images  loss 2\n"  # which compiled
        "train: 1,002 of 1,012 images, 0.2/s, 40.0 s left  loss 4\n",
    )


def test_lines_keep_their_distance_in_time(clock, capsys):
    assert module.PLAIN_LINE_SECONDS == 15
    work(clock, [10.0, 6.0, 10.0, 4.0, 2.0])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1,002", "1,005"]


def test_a_short_work_says_nothing(clock, capsys):
    work(clock, [1.0, 2.0])
    assert capsys.readouterr() == ("", "")


def test_several_steps_at_once_and_no_note(clock, capsys, monkeypatch):
    monkeypatch.setattr(module, "PLAIN_LINE_SECONDS", 0)
    with Progress("sample", total=8) as progress:
        for seconds in (5.0, 2.0):
            clock.now += seconds
            progress.advance(3)
    assert progress.done == 6
    assert capsys.readouterr().err.endswith("sample: 6 of 8 steps, 1.5/s, 1.3 s left\n")


def test_lines_hold_no_control_characters(capsys, monkeypatch):
    # With the real clock, and with what is said in between.
    monkeypatch.setattr(module, "PLAIN_LINE_SECONDS", 0)
    with Progress("train", total=50) as progress:
        for _ in range(50):
            progress.advance(note="loss 1")
            say("in between")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("in between\n") == 50
    assert err.replace("\n", "").isprintable()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar_that_leaves(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("train", total=9, start=5) as progress:
        progress.advance(note="loss 1")
        say("in between")
        progress.advance()
    shown = terminal.getvalue()
    assert "train" in shown
    assert "5/9" in shown  # it starts where the last process left off
    assert "\rin between\n" in shown  # the bar makes room for the line
    assert shown.split("\r")[-1].strip() == ""
