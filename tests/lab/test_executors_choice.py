"""Which executor the flags choose, and on which GPUs the local one starts its workers."""

import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf
from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.executors import choice, local
from gan_knowledge_gaps.lab.executors.inline import Inline
from gan_knowledge_gaps.lab.executors.local import Local


@pytest.fixture
def chosen():
    """The executor of a command line."""
    before = set(flags.FLAGS)
    choice.define()

    def chosen(*arguments: str):
        flags.FLAGS(["experiment", *arguments])
        return choice.chosen()

    yield chosen
    for name in set(flags.FLAGS) - before:
        delattr(flags.FLAGS, name)
    flags.FLAGS.unparse_flags()


@pytest.mark.parametrize(
    ("arguments", "executor"),
    [
        ([], Inline),
        (["--workers=1"], Inline),
        (["--workers=2"], Local),
        (["--executor=local"], Local),
        (["--executor=local", "--workers=1"], Local),
        (["--executor=inline"], Inline),
        # What the report's job adds to the command that queued it.
        (["--executor=slurm", "--wait", "--slurm_gpus=2", "--executor=inline", "--nowait"], Inline),
    ],
)
def test_flags_choose_the_executor(chosen, arguments, executor):
    assert type(chosen(*arguments)) is executor


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--executor=slurm", "--workers=2"], "--workers goes with --executor=local"),
        (["--executor=inline", "--gpu_slots=2"], "--gpu_slots goes with --executor=local"),
        (["--slurm_time=5"], "--slurm_time goes with --executor=slurm"),
        (["--wait", "--workers=2"], "--wait goes with --executor=slurm"),
        (["--workers=2", "--gpu_slots=1"], "not both"),
        (["--executor=slurm", "--slurm_cpus=0"], "--slurm_cpus is 0; it must be at least 1"),
    ],
)
def test_flags_that_do_not_go_together_are_one_line(chosen, arguments, message):
    with pytest.raises(InputError) as error:
        chosen(*arguments)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_slots_need_a_gpu(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(InputError, match="TensorFlow sees none; give --workers"):
        Local(gpu_slots=2)


@pytest.mark.parametrize(
    ("given", "missing", "seen"),
    [
        ({}, 5, ["4", "6"]),  # One for each GPU.
        ({"gpu_slots": 2}, 5, ["4", "4", "6", "6"]),
        ({"gpu_slots": 2}, 2, ["4", "6"]),  # Two trainings are not on one of two GPUs.
        ({"workers": 1}, 5, ["4,6"]),
        ({"workers": 3}, 5, ["4", "4", "6"]),
        ({"workers": 3}, 0, []),
    ],
)
def test_each_worker_sees_its_gpus(monkeypatch, tmp_path, given, missing, seen):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0", "GPU:1"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    script = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    monkeypatch.setattr(local, "program", lambda: ["-c", script])
    monkeypatch.setattr(sys, "argv", ["experiment"])
    lines = []
    monkeypatch.setattr(local, "say", lines.append)
    lab = SimpleNamespace(missing=list, train=lambda specs: [])
    specs = [f"spec {index}" for index in range(missing)]
    assert Local(**given).train(lab, specs, tmp_path) == specs
    assert sorted(lines) == seen
