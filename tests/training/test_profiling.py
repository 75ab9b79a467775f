"""--profile: a trace of steps that are compiled, for TensorBoard; the training is as without."""

import os
import signal
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2
from tiny_training import TinyTask, digest, logged, make_loop

from gan_knowledge_gaps.training.profiling import FOLDER
from gan_knowledge_gaps.training.signals import Interrupted

STEPS = 12


class OfTwoKinds(TinyTask):
    """Every fourth step is of another kind, as StyleGAN2's."""

    def parts(self, step):
        return [step % 4 == 0]

    def train_step(self, step, inputs, part):
        return super().train_step(step, inputs)


def trained(folder: Path, steps: int = STEPS, task=None, **options):
    task = task or OfTwoKinds()
    result = make_loop(task, steps, folder, **options).run()
    return digest(task, steps), result, logged(folder)


def traced(folder: Path) -> list[int]:
    """The steps in a training's only trace, by the names that TensorBoard looks for."""
    (file,) = (folder / FOLDER).glob("plugins/profile/*/*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(file.read_bytes())
    steps, operations = [], set()
    for plane in space.planes:
        names = {key: each.name for key, each in plane.event_metadata.items()}
        stats = {key: each.name for key, each in plane.stat_metadata.items()}
        operations |= set(names.values())
        for event in (event for line in plane.lines for event in line.events):
            if names[event.metadata_id] == "train":
                values = {stats[each.metadata_id]: each.int64_value for each in event.stats}
                steps.append(values["step_num"])
    assert any(name.endswith((":MatMul", ":_MklMatMul")) for name in operations)
    return sorted(steps)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize(
    ("count", "steps"),
    [(2, [2, 3]), (3, [2, 3, 4]), (99, list(range(2, STEPS)))],
)
def test_it_traces_steps_that_are_compiled_and_changes_nothing(
    tmp_path, plain, capsys, count, steps
):
    # Steps 0 and 1 are the first of their kinds.
    assert trained(tmp_path, profile=count) == plain
    assert traced(tmp_path) == steps
    line = f"tiny: steps traced: tensorboard --logdir={tmp_path / FOLDER}"
    assert capsys.readouterr().err.splitlines().count(line) == 1


def test_a_resumed_training_is_traced_and_ends_as_without(tmp_path, plain):
    trained(tmp_path, steps=6)
    assert trained(tmp_path, profile=2) == plain
    assert traced(tmp_path) == [9, 10]  # 6 and 8 are the first of their kinds in this process


def test_too_few_steps_are_said(tmp_path, capsys):
    trained(tmp_path, steps=1, profile=2)
    assert "tiny: no step traced: too few" in capsys.readouterr().err
    assert not (tmp_path / FOLDER).exists()
    trained(tmp_path, steps=1, profile=2)  # it is done already
    assert "no step traced" not in capsys.readouterr().err


def test_what_was_traced_before_a_signal_is_kept(tmp_path):
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    task = OfTwoKinds(at={3: lambda: os.kill(os.getpid(), signal.SIGINT)})
    try:
        with pytest.raises(Interrupted):
            trained(tmp_path, task=task, profile=9)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert traced(tmp_path) == [2, 3]


def test_an_error_leaves_no_profiler_running(tmp_path):
    task = OfTwoKinds(at={3: lambda: 1 // 0})
    with pytest.raises(ZeroDivisionError):
        trained(tmp_path / "failing", task=task, profile=9)
    tf.profiler.experimental.start(str(tmp_path / "another"))  # there can be one only
    tf.profiler.experimental.stop(save=False)
