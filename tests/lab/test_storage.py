"""The command that lists, verifies and removes artifacts, and the limit of the caches."""

import json
import os
from pathlib import Path

import commands
import keras
import numpy as np
import pytest

from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.lab.store.cache import Cache
from gan_knowledge_gaps.lab.store.inventory import affected, entries, named_in_reports
from gan_knowledge_gaps.lab.store.listing import age_text, bytes_text, listing
from gan_knowledge_gaps.lab.store.removal import (
    Selection,
    removals,
    remove,
    remove_leftovers,
    unneeded,
)
from gan_knowledge_gaps.lab.store.verification import damaged
from gan_knowledge_gaps.training.checkpoints import Checkpoints


def test_unneeded_is_what_no_report_and_no_unfinished_training_builds_on():
    #  a <- b <- c (reported)    d <- e    f <- g (unfinished)    h
    used = {"b": ["a"], "c": ["b"], "e": ["d"], "g": ["f"]}
    depends_on = {key: used.get(key, []) for key in "abcdefgh"}
    assert unneeded(depends_on, "c", "g") == {"d", "e", "h"}
    assert unneeded(depends_on, "", "") == set("abcdefgh")
    # A report names what is not here any more, and a circle ends.
    assert unneeded({"x": ["y"], "y": ["x"], "z": []}, ["x", "gone"], "") == {"z"}


def make(workdir: Path, key: str, on: dict[str, str] | None = None, done: bool = True) -> Artifact:
    """An artifact with a checkpoint, a cache, a picture, and a model of one number."""
    artifact = Artifact(workdir / "artifacts" / key, f"a {key}")
    artifact.start({"depends_on": on or {}})
    variable = keras.Variable(np.float32([len(key)]))
    Checkpoints(artifact.folder / "checkpoints", {"all": [variable.value]}).save(1)
    (artifact.folder / "samples.png").write_bytes(bytes(30))
    if done:
        inputs = keras.Input((1,))
        keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(artifact.folder / "model.keras")
        artifact.finish({"seconds": 1.0, "depends_on": on or {}})
        Cache(workdir).array(artifact.folder / "images-0.npz", lambda: np.zeros(100, np.uint8))
    return artifact


@pytest.fixture
def workdir(tmp_path) -> Path:
    """One <- two (reported), one <- three (begun), four, and what was moved aside."""
    one = make(tmp_path, "gan-1")
    on_one = {"gan-1": one.weights_sha256()}
    make(tmp_path, "classifier-2", on_one)
    make(tmp_path, "gan-3", on_one, done=False)
    make(tmp_path, "gan-4")
    make(tmp_path, "gan-5", {"gan-1": "other weights"}).set_aside("stale")
    Cache(tmp_path).array(tmp_path / "statistics" / "judge" / "s.npz", lambda: np.zeros(10))
    (tmp_path / "results" / "table").mkdir(parents=True)
    report = {"provenance": {"classifier-2": "a classifier"}}
    (tmp_path / "results" / "table" / "report.json").write_text(json.dumps(report))
    return tmp_path


def names(workdir: Path) -> list[str]:
    return sorted(path.name for path in (workdir / "artifacts").iterdir() if path.name[0] != ".")


ALL = ["classifier-2", "gan-1", "gan-3", "gan-4", "gan-5.stale-1"]


def test_the_inventory_has_states_and_sizes(workdir):
    found = {entry.key: entry for entry in entries(workdir)}
    assert sorted(found) == ALL
    states = {key: entry.state for key, entry in found.items()}
    assert states == dict(zip(ALL, ["done", "done", "started", "done", "stale"], strict=True))
    for entry in found.values():
        files = [path for path in entry.artifact.folder.rglob("*") if path.is_file()]
        assert entry.bytes == sum(path.stat().st_size for path in files)
        assert entry.sizes["samples"] == 30
        assert entry.artifact.label == f"a {entry.key.removesuffix('.stale-1')}"
    model = found["gan-1"].artifact.folder / "model.keras"
    assert found["gan-1"].sizes["model"] == model.stat().st_size
    assert found["gan-3"].sizes["caches"] == 0 < found["gan-1"].sizes["caches"]
    lines = listing(workdir, list(found.values())).splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ALL
    assert lines[6].startswith("5 artifacts") and lines[7].startswith("statistics")


def test_what_builds_on_other_weights_is_stale_and_so_is_what_builds_on_that(workdir):
    two = Artifact(workdir / "artifacts" / "classifier-2", "two")
    make(workdir, "gan-6", {"classifier-2": two.weights_sha256()})
    assert affected(workdir, "gan-1") == []
    make(workdir, "gan-1")  # other weights
    stale = {entry.key for entry in entries(workdir) if entry.state == "stale"}
    assert stale == {"classifier-2", "gan-3", "gan-6", "gan-5.stale-1"}
    assert [each.key for each in affected(workdir, "gan-1")] == ["classifier-2", "gan-3", "gan-6"]


def test_verification_names_each_damage(workdir):
    folder = workdir / "artifacts" / "gan-1"
    assert list(damaged(workdir)) == []
    for name in ("model.keras", "images-0.npz", "checkpoints/step-000000001/description.json"):
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
    (workdir / "artifacts" / "gan-4" / "DONE.json").write_text("{")
    (workdir / "statistics" / "judge" / "s.npz").write_bytes(b"")
    lines = list(damaged(workdir))
    assert len(lines) == 5
    for line, words in zip(
        lines,
        (
            "gan-1/model.keras is missing or damaged",
            "step-000000001 cannot be used (description.json has changed",
            "gan-1/images-0.npz is damaged",
            "gan-4/DONE.json is missing or damaged: run",
            "statistics/judge/s.npz is damaged",
        ),
        strict=True,
    ):
        assert words in line
    assert {entry.key for entry in entries(workdir) if entry.state == "damaged"} == {"gan-4"}


def chosen(workdir: Path, *keep: str, **kinds: bool) -> list[str]:
    results = [workdir / "results"]
    return [each.what for each in removals(workdir, Selection(**kinds), results, keep)]


def test_what_is_chosen(workdir):
    assert chosen(workdir, unneeded=True) == ["gan-4  a gan-4, unneeded"]
    assert chosen(workdir, "gan-4", unneeded=True) == []
    assert chosen(workdir, stale=True) == ["gan-5.stale-1  a gan-5, moved aside"]
    checkpoints = chosen(workdir, "classifier-2", checkpoints=True)
    assert [each.split()[0] for each in checkpoints] == ["gan-4", "gan-5.stale-1"]
    caches = chosen(workdir, unneeded=True, caches=True)
    assert len(caches) == 5 and caches[-1] == "statistics"  # gan-4 goes as a whole
    (workdir / "artifacts" / "gan-4" / "model.keras").write_bytes(b"")
    assert not any("gan-4" in each for each in chosen(workdir, checkpoints=True))


def test_nobody_can_tell_what_is_needed_of_an_unreadable_record(workdir):
    (workdir / "artifacts" / "gan-3" / "STARTED.json").write_text("")
    with pytest.raises(ValueError, match="gan-3 does not say what it was trained on"):
        chosen(workdir, unneeded=True)
    report = workdir / "results" / "table" / "report.json"
    report.write_text("{}")
    with pytest.raises(ValueError, match=r"report\.json is damaged"):
        named_in_reports(workdir)


def test_nothing_goes_that_another_process_holds(workdir):
    (removal,) = removals(workdir, Selection(unneeded=True), [workdir / "results"])
    with Artifact(removal.artifact.folder, "theirs").lock():
        assert not remove(removal) and names(workdir) == ALL
    assert remove(removal) and "gan-4" not in names(workdir)
    # A removal that was killed half way leaves a hidden folder.
    (workdir / "artifacts" / ".removing-gan-9").mkdir()
    halves = [workdir / "statistics" / f".s.{number}-0123abcd.npz" for number in (1, 2)]
    for path in halves:
        path.write_bytes(b"half")
    os.utime(halves[0], (0, 0))
    assert len(entries(workdir)) == 4
    remove_leftovers(workdir)
    assert not list(workdir.rglob(".removing-*"))
    assert [path.exists() for path in halves] == [False, True]  # One may be in the making.


def start(*arguments: str) -> commands.Process:
    return commands.start("-m", "experiments.artifacts", *arguments)


def test_the_command_and_its_exit_codes(workdir):
    (workdir / "artifacts" / "gan-4" / "model.keras").write_bytes(b"damaged")
    here = f"--workdir={workdir}"
    commands = [["verify", here], ["remove", here, "--unneeded"], ["sweep", here]]
    done = []
    for process in [start(*each) for each in commands]:
        printed, said = process.communicate(timeout=240)
        done.append((process.returncode, printed, said))
    assert [code for code, _, _ in done] == [1, 0, 2], done
    assert "gan-4/model.keras is missing or damaged: run" in done[0][1]
    assert "gan-4  a gan-4, unneeded" in done[1][1] and "without --yes" in done[1][1]
    assert done[2][2].startswith("error: say what to do") and done[2][2].count("\n") == 1
    assert names(workdir) == ALL
    removing = start("remove", here, "--unneeded", "--stale", "--yes")
    printed, said = removing.communicate(timeout=240)
    assert removing.returncode == 0, said
    assert names(workdir) == ["classifier-2", "gan-1", "gan-3"] and " removed" in printed


def test_bytes_and_ages_are_told_in_units():
    sizes = (0, 999, 1000, 1_234_567, 999_960, 5e12, 2e16)
    assert [bytes_text(size) for size in sizes] == [
        "0 B", "999 B", "1.0 kB", "1.2 MB", "1.0 MB", "5.0 TB", "20000.0 TB",
    ]  # fmt: skip
    ages = (5, 60, 7199, 7200, 86400 * 3)
    assert [age_text(age) for age in ages] == ["now", "1 min", "1 h", "2 h", "3 d"]


def test_a_cache_keeps_to_its_limit(tmp_path):
    def array(name: str, size: int = 10_000) -> np.ndarray:
        path = tmp_path / "artifacts" / "gan-1" / name
        made = []

        def compute() -> np.ndarray:
            made.append(name)
            return np.full(size, len(name), np.uint8)

        values = cache.array(path, compute)
        np.testing.assert_array_equal(values, np.full(size, len(name), np.uint8))
        asked.append((name, bool(made)))
        if path.exists():  # A clock of whole seconds would do.
            os.utime(path, (len(asked), len(asked)))
        return values

    def files() -> list[str]:
        return sorted(path.name for path in tmp_path.rglob("*s-*.npz") if path.name[0] != ".")

    asked: list[tuple[str, bool]] = []
    cache = Cache(tmp_path, 35_000)
    half = tmp_path / "artifacts" / "gan-1" / ".images-9.1-0123abcd.npz"
    half.parent.mkdir(parents=True)
    half.write_bytes(bytes(10))  # in the making
    for name in ("logits-1.npz", "images-1.npz", "images-2.npz"):
        array(name)
    array("images-1.npz")
    assert asked[-1] == ("images-1.npz", False)
    array("images-3.npz")  # The second images were used the longest ago; logits stay.
    assert files() == ["images-1.npz", "images-3.npz", "logits-1.npz"]
    array("images-4.npz", 50_000)  # Larger than everything: nothing goes for it.
    assert files() == ["images-1.npz", "images-3.npz", "logits-1.npz"]
    array("images-5.npz", 33_000)
    assert files() == ["images-5.npz"]
    assert sum(path.stat().st_size for path in tmp_path.rglob("images-*")) <= 35_000
    assert half.exists()
    array("images-2.npz")
    assert asked[-1] == ("images-2.npz", True)
