"""Reading ahead changes no bit of any training: its batches depend on the step alone."""

import numpy as np
import pytest
from marks import marked
from tasks import KINDS, make_task

from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask, resnet
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan.config import BATCH
from gan_knowledge_gaps.dcgan.networks import build_generator
from gan_knowledge_gaps.dcgan.sampling import sample
from gan_knowledge_gaps.lab.streaming import StreamedImages
from gan_knowledge_gaps.training import loop as loop_module
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.task import Task

STEPS = 4
STREAMED = "classifier of images that are made as they are read"


@pytest.fixture(autouse=True)
def _blocks(monkeypatch):
    monkeypatch.setattr(resnet, "BLOCKS", resnet.BLOCKS)  # which `make_task` changes


def make(kind: str) -> Task:
    if kind != STREAMED:
        return make_task(kind)
    natural = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    generators = [build_generator(8, 1 / 16, seed) for seed in (1, 2)]
    generated = [
        StreamedImages(
            lambda indices, each=each: sample(each, indices), "g", 0, 40, (28, 28, 1), BATCH
        )
        for each in generators
    ]
    config = ClassifierConfig(batch_size=8)
    return ClassifierTask("cnn", config, ArrayImages(natural), generated, seed=4)


def batches(task: Task, steps) -> dict[int, tuple[np.ndarray, ...]]:
    return {step: task.batch(step) for step in steps}


@pytest.mark.parametrize("kind", [*KINDS, STREAMED])
def test_a_batch_is_a_function_of_its_step(kind):
    task = make(kind)
    in_order = batches(task, range(30))  # several epochs
    mixed = np.random.default_rng(0).permutation(30).tolist()
    for others in (batches(task, mixed), batches(make(kind), mixed[:9])):
        for step, batch in others.items():
            for part, expected in zip(batch, in_order[step], strict=True):
                np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("kind", marked([*KINDS, STREAMED]))
def test_the_same_bits_with_and_without_reading_ahead(kind, tmp_path, monkeypatch):
    task = make(kind)
    variables = [each for part in task.state.values() for each in part]
    start = [each.numpy().copy() for each in variables]
    config = LoopConfig(log_every=1, sample_every=0, checkpoint_seconds=1e9)
    loops = [Loop(task, STEPS, tmp_path / each, label=each, config=config) for each in "ab"]
    metrics = loops[0].run()
    ahead = state_digest(task.state, STEPS)
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    monkeypatch.setattr(loop_module, "ahead", lambda items: (item for item in items))
    loops[1]._run_step = loops[0]._run_step  # which is compiled
    assert loops[1].run() == metrics
    assert state_digest(task.state, STEPS) == ahead
