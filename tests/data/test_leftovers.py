"""What killed writers left is removed by the next one, and nothing else ever is."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_knowledge_gaps.data import atomic_path, leftovers, whole_folder, write_text

ROOT = Path(__file__).resolve().parents[2]
WRITE = """
import os, pathlib, sys, time
from gan_knowledge_gaps.data import atomic_path, whole_folder
kind, path, then = sys.argv[1:]
with (whole_folder if kind == "folder" else atomic_path)(pathlib.Path(path)) as temporary:
    (temporary / "half" if kind == "folder" else temporary).write_text("half")
    print("writing", flush=True)
    if then == "die":
        os._exit(9)
    time.sleep(60)
"""


def write(kind: str, path: Path, then: str) -> subprocess.Popen:
    """A process that is writing to a path, or has just died of it."""
    command = [sys.executable, "-c", WRITE, kind, str(path), then]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    if then == "die":
        assert process.wait() == 9
    return process


def again(kind: str, path: Path) -> None:
    if kind == "folder":
        with whole_folder(path) as folder:
            (folder / "whole").write_text("")
    else:
        write_text(path, "whole")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows cannot ask for a process")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_killed_writers_leftover_goes_with_the_next_writing(tmp_path, kind):
    write(kind, tmp_path / "a.out", "die")
    assert len(names(tmp_path)) == 1
    again(kind, tmp_path / "a.out")
    assert names(tmp_path) == ["a.out"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_living_writer_keeps_what_it_writes(tmp_path, kind):
    process = write(kind, tmp_path / "a.out", "live")
    try:
        (theirs,) = names(tmp_path)
        again(kind, tmp_path / "a.out")
        assert names(tmp_path) == sorted([theirs, "a.out"])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_leftovers_of_other_names_stay(tmp_path):
    for name in ("b.out", "a", "a.out.x", "x.a.out"):
        write("file", tmp_path / name, "die")
    left = names(tmp_path)
    assert len(left) == 4
    others = [".a.out", ".a.0.out", ".a.12.out", ".a.1-0123abcd.out.bak", "a.1-0123abcd.out"]
    for name in others:
        (tmp_path / name).write_text("somebody's")
    again("file", tmp_path / "a.out")
    assert names(tmp_path) == sorted([*left, *others, "a.out"])


def dead_number() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("host", ["", "0123abcd"], ids=["an earlier version", "another machine"])
def test_where_nobody_can_ask_a_day_must_have_passed(tmp_path, host):
    # The same number may be a living process's there.
    left = tmp_path / f".a.{dead_number()}-01234567{host}.out"
    left.write_text("half")
    again("file", tmp_path / "a.out")
    assert names(tmp_path) == [left.name, "a.out"]
    old = time.time() - 90_000
    os.utime(left, (old, old))
    time.sleep(1.1)  # a folder is listed once a second
    again("file", tmp_path / "a.out")
    assert names(tmp_path) == ["a.out"]


def test_a_number_that_came_again_is_no_life(tmp_path):
    # In a container every process may have the same number.
    left = tmp_path / f".a.{os.getpid()}-01234567{leftovers._host()}.out"
    left.write_text("half")
    with atomic_path(tmp_path / "a.out") as ours:
        ours.write_text("")
        time.sleep(1.1)
        again("file", tmp_path / "a.out")  # what this process is writing stays
        assert ours.exists() and not left.exists()
    assert names(tmp_path) == ["a.out"]


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").write_text("")
    output = tmp_path / "outputs" / "new"
    output.parent.mkdir()
    link = output.with_name(f".new.{dead_number()}-01234567{leftovers._host()}")
    link.symlink_to(target)
    again("folder", output)
    assert names(output.parent) == ["new"] and names(target) == ["file"]


def _many(path: Path) -> None:
    for number in range(30):
        write_text(path, str(number))


def test_processes_that_write_to_one_path_do_not_disturb_each_other(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_many, args=(tmp_path / "a.out",)) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0] * 4
    assert names(tmp_path) == ["a.out"] and (tmp_path / "a.out").read_text() == "29"
