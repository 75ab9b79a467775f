"""Stopped anywhere and resumed, a training is the unbroken one: state, metrics and time."""

import json
import os
import shutil
import signal
from functools import partial

import pytest
from tiny_training import TinyTask, digest, logged, make_loop

from gan_knowledge_gaps.data import InputError, sha256_file, write_json
from gan_knowledge_gaps.training.signals import Interrupted

STEPS = 8


class KilledError(BaseException):
    """Stands for SIGKILL: the loop gets no chance to save."""


def kill():
    raise KilledError


def send(number: int):
    return partial(os.kill, os.getpid(), number)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Digest, metrics lines and result of a training that nothing disturbs."""
    task, folder = TinyTask(), tmp_path_factory.mktemp("unbroken")
    metrics = make_loop(task, STEPS, folder).run()
    return digest(task, STEPS), logged(folder), metrics


@pytest.fixture(autouse=True)
def handlers():
    """Records signals that the loop lets through, which would end the tests otherwise."""
    received = []
    previous = {
        number: signal.signal(number, lambda number, frame: received.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    yield received
    for number, handler in previous.items():
        signal.signal(number, handler)


def interrupted(folder, number: int, step: int, **options) -> Interrupted:
    """Runs until a signal that comes in the step after `step` steps."""
    with pytest.raises(Interrupted) as caught:
        make_loop(TinyTask(at={step: send(number)}), STEPS, folder, **options).run()
    return caught.value


def test_an_unbroken_run_logs_means_over_its_lines(unbroken):
    _, lines, metrics = unbroken
    assert [line["step"] for line in lines] == [3, 6, 8]
    assert {"step": 8, **metrics} == lines[-1]


@pytest.mark.parametrize("stops", [(1,), (3,), (2, 5, 7)])
def test_in_parts_it_ends_in_the_same_state(tmp_path, unbroken, stops):
    for steps in (*stops, STEPS):
        task = TinyTask()
        make_loop(task, steps, tmp_path).run()
        assert task.asked[-1] == steps - 1
    assert len(task.asked) == STEPS - stops[-1]
    assert digest(task, STEPS) == unbroken[0]


@pytest.mark.parametrize(
    ("number", "step", "code"),
    [
        (signal.SIGTERM, 0, 143),
        (signal.SIGINT, 2, 130),
        (signal.SIGTERM, 4, 143),
        (signal.SIGINT, STEPS - 1, 130),
    ],
)
def test_a_signal_saves_and_the_resumed_run_is_the_unbroken_one(
    tmp_path, unbroken, handlers, number, step, code
):
    stopped = interrupted(tmp_path, number, step, checkpoint_seconds=1e9)
    assert stopped.exit_code == code
    assert handlers == []
    task = TinyTask()
    metrics = make_loop(task, STEPS, tmp_path).run()
    assert task.asked == list(range(step + 1, STEPS))
    assert (digest(task, STEPS), logged(tmp_path), metrics) == unbroken


def test_a_signal_after_the_last_step_counts_too(tmp_path, unbroken):
    # Otherwise the process would go on to its next training.
    stop = send(signal.SIGTERM)
    loop = make_loop(
        TinyTask(), STEPS, tmp_path, sample_every=STEPS, write_samples=lambda *_: stop()
    )
    with pytest.raises(Interrupted):
        loop.run()
    task = TinyTask()
    metrics = make_loop(task, STEPS, tmp_path).run()
    assert task.asked == []
    assert (digest(task, STEPS), logged(tmp_path), metrics) == unbroken


def test_an_interruption_is_told_with_its_step(tmp_path, capsys):
    interrupted(tmp_path, signal.SIGTERM, 4)
    assert "tiny: stopped at step 5 of 8, checkpoint saved" in capsys.readouterr().err.splitlines()


def test_lines_past_the_last_checkpoint_are_written_anew(tmp_path, unbroken, capsys):
    interrupted(tmp_path, signal.SIGTERM, 3)
    with pytest.raises(KilledError):
        make_loop(TinyTask(at={7: kill}), STEPS, tmp_path, checkpoint_seconds=1e9).run()
    assert [line["step"] for line in logged(tmp_path)] == [3, 6]
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 7, "lo')
    task = TinyTask()
    make_loop(task, STEPS, tmp_path).run()
    assert task.asked == [4, 5, 6, 7]
    assert digest(task, STEPS) == unbroken[0]
    assert logged(tmp_path) == unbroken[1]


def test_killed_before_the_first_checkpoint_it_says_that_it_starts_again(
    tmp_path, unbroken, capsys
):
    with pytest.raises(KilledError):
        make_loop(TinyTask(at={4: kill}), STEPS, tmp_path, checkpoint_seconds=1e9).run()
    task = TinyTask()
    make_loop(task, STEPS, tmp_path).run()
    assert "starting again at step 0" in capsys.readouterr().err
    assert digest(task, STEPS) == unbroken[0]
    assert logged(tmp_path) == unbroken[1]


def test_a_damaged_newest_checkpoint_costs_time_only(tmp_path, unbroken, capsys):
    make_loop(TinyTask(), STEPS, tmp_path).run()
    (tmp_path / "checkpoints" / "step-000000008" / "state.index").unlink()
    task = TinyTask()
    make_loop(task, STEPS, tmp_path).run()
    assert task.asked == [6, 7]
    assert digest(task, STEPS) == unbroken[0]
    assert logged(tmp_path) == unbroken[1]


def test_damage_to_all_checkpoints_ends_the_run(tmp_path):
    make_loop(TinyTask(), STEPS, tmp_path).run()
    for path in tmp_path.glob("checkpoints/*/state.index"):
        path.unlink()
    task = TinyTask()
    with pytest.raises(InputError, match=r"no checkpoint .* can be used"):
        make_loop(task, STEPS, tmp_path).run()
    assert task.asked == []


def test_a_finished_run_trains_no_more_and_has_the_same_result(tmp_path, unbroken):
    # As after a kill between the last checkpoint and whatever follows the training.
    make_loop(TinyTask(), STEPS, tmp_path).run()
    task = TinyTask()
    assert make_loop(task, STEPS, tmp_path).run() == unbroken[2]
    assert task.asked == []
    assert digest(task, STEPS) == unbroken[0]
    assert logged(tmp_path) == unbroken[1]


def test_a_run_of_more_steps_does_not_pass_for_one_of_fewer(tmp_path):
    make_loop(TinyTask(), 3, tmp_path).run()
    with pytest.raises(InputError, match="3 steps, more than the 2 asked for"):
        make_loop(TinyTask(), 2, tmp_path).run()


def begun(folder, steps: int = 3):
    make_loop(TinyTask(), steps, folder).run()
    return folder


def test_the_checkpoint_of_another_run_is_not_its_own(tmp_path, unbroken, capsys):
    ours, theirs = begun(tmp_path / "ours"), begun(tmp_path / "theirs", 6)
    shutil.copytree(theirs / "checkpoints/step-000000006", ours / "checkpoints/step-000000006")
    task = TinyTask()
    make_loop(task, STEPS, ours).run()
    assert "step-000000006 cannot be used: it is of another run" in capsys.readouterr().err
    assert task.asked == [3, 4, 5, 6, 7]
    assert digest(task, STEPS) == unbroken[0]


def test_a_run_may_be_moved_and_copied(tmp_path, unbroken, capsys):
    begun(tmp_path / "first").rename(tmp_path / "moved")
    shutil.copytree(tmp_path / "moved", tmp_path / "copied")
    for name in ("moved", "copied"):
        task = TinyTask()
        make_loop(task, STEPS, tmp_path / name).run()
        assert task.asked[0] == 3 and digest(task, STEPS) == unbroken[0]
    assert "taken as this run's" not in capsys.readouterr().err


@pytest.mark.parametrize("lost", ["run.json", "the checkpoint's word", "both"])
def test_a_run_of_an_earlier_version_goes_on_once_with_a_word(tmp_path, unbroken, capsys, lost):
    folder = begun(tmp_path)
    if lost != "the checkpoint's word":
        (folder / "run.json").unlink()
    if lost != "run.json":
        checkpoint = folder / "checkpoints/step-000000003"
        description = json.loads((checkpoint / "description.json").read_text())
        del description["run"]
        write_json(checkpoint / "description.json", description)
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        manifest["sha256"]["description.json"] = sha256_file(checkpoint / "description.json")
        write_json(checkpoint / "manifest.json", manifest)
    for steps, said in ((6, 1), (STEPS, 0)):
        task = TinyTask()
        make_loop(task, steps, folder).run()
        assert capsys.readouterr().err.count("taken as this run's") == said
    assert task.asked == [6, 7] and digest(task, STEPS) == unbroken[0]
    assert logged(folder) == unbroken[1]


def test_a_log_that_was_cut_inside_a_character_does_not_stop_it(tmp_path, unbroken, capsys):
    folder = begun(tmp_path)
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 4, "\xc3')
    task = TinyTask()
    make_loop(task, STEPS, folder).run()
    assert "1 damaged of 2 lines left out (line 2)" in capsys.readouterr().err
    assert digest(task, STEPS) == unbroken[0] and logged(folder) == unbroken[1]
