"""The status of a workdir: states, rates and time left, against hand counts; nothing is written."""

import json
import time

import commands
import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.planning.remaining import remaining
from gan_knowledge_gaps.lab.specs import GAN, Classifier
from gan_knowledge_gaps.lab.store.plans import Planned, read_plans, write_plan
from gan_knowledge_gaps.lab.store.progress import Progress, progress_of

GANS = [GAN(seed) for seed in range(2)]
JUDGE = Classifier(0, GANS)
ALL = [*GANS, JUDGE]


def planned(key: str, *needs: str, cost: str | None = "gan", steps: int = 10) -> Planned:
    return Planned(key, key, cost or "snapshot", cost, steps, needs)


def test_time_left_is_by_rates_and_by_what_waits_for_what():
    trainings = [
        Progress(planned("a"), "done", 10, 10, 2.0),
        Progress(planned("b"), "running", 5, 10, 1.0),
        Progress(planned("c"), "waiting", 0, 10),
        Progress(planned("s", "b", cost=None), "waiting"),
        Progress(planned("j", "s", "c", cost="judge"), "waiting", 0, 100),
    ]
    left = remaining(trainings)
    # c by the mean of a and b, 0.75 s a step; of judges nothing is known; s is derived.
    assert left.each == {"b": 5.0, "c": 7.5, "s": 0.0, "j": None}
    assert (left.seconds, left.at_a_time, left.unknown) == (12.5, 1, 1)
    known = [*trainings, Progress(planned("k", cost="judge"), "running", 0, 4, 4.0)]
    left = remaining(known)
    # Two at a time: b and k (1 s), then c until 8.5, then j for 25 s.
    assert (left.seconds, left.at_a_time, left.unknown) == (33.5, 2, 0)


@pytest.fixture
def workdir(lab):
    """One GAN is trained, another began and was killed; their classifier waits."""
    lab.train(GANS[:1])
    write_plan(lab, ALL, lab.workdir / "results" / "some")
    begun = lab.artifact(GANS[1])
    begun.start({"depends_on": {}, "steps": 40, "batch_size": 8})
    lines = [{"step": step, "images_per_second": 16.0, "loss": 1.0} for step in (10, 20)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (begun.folder / "metrics.jsonl").write_text(text + '{"step": 30, "lo')
    return lab.workdir


def states(workdir, now=None) -> dict[str, Progress]:
    (plan,) = read_plans(workdir)
    return {each.label: progress_of(workdir, each, now) for each in plan.values}


def test_states_are_told_from_the_files_alone(lab, workdir):
    done, running, waiting = states(workdir).values()
    assert (done.state, running.state, waiting.state) == ("done", "running", "waiting")
    assert done.rate == pytest.approx(4 / lab.artifact(GANS[0]).manifest()["seconds"])
    assert (running.step, running.steps, running.rate) == (20, 40, 2.0)
    assert waiting.steps == JUDGE.steps(lab.config, 32)
    # Lines come every 5 s at that rate: five minutes without one is the least that counts.
    later = time.time() + 299
    assert states(workdir, later)[repr(GANS[1])].state == "running"
    assert states(workdir, later + 2)[repr(GANS[1])].state == "stopped"


def test_a_training_that_fails_says_why_until_it_begins_again(lab, workdir, monkeypatch):
    def fail(*_):
        raise InputError("a loss became nan")

    monkeypatch.setattr("gan_knowledge_gaps.lab.stages._train", fail)
    with pytest.raises(InputError):
        lab.train([GANS[1]])
    failed = states(workdir)[repr(GANS[1])]
    assert (failed.state, failed.error) == ("failed", "a loss became nan")
    monkeypatch.undo()
    lab.train([GANS[1]])
    assert states(workdir)[repr(GANS[1])].state == "done"


def listing(folder) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_the_command_tells_it_and_writes_nothing(workdir):
    before = listing(workdir)
    arguments = "-m", "experiments.status", f"--workdir={workdir}"
    status = json.loads(commands.run(*arguments, "--json").stdout)
    assert listing(workdir) == before
    assert status["counts"] == {"done": 1, "running": 1, "stopped": 0, "failed": 0, "waiting": 1}
    by_label = {each["label"]: each for each in status["trainings"]}
    assert by_label[repr(GANS[1])]["seconds_left"] == 10.0
    assert (status["seconds_left"], status["unknown"]) == (10.0, 1)
    files = [path for path in workdir.rglob("*") if path.is_file()]
    assert status["disk"]["used"] == sum(path.stat().st_size for path in files)
    text = commands.run(*arguments).stdout
    for part in ("1 done, 1 running", "left: 10 seconds, 1 at a time", "step 20 of 40 (50%)"):
        assert part in text


def test_damaged_plans_are_passed_over(workdir):
    (path,) = (workdir / "plans").glob("*.json")
    (path.with_name("other.json")).write_text('{"command": "x", "values": [{"key": 1}]}')
    assert [plan.path for plan in read_plans(workdir)] == [path]
