"""A training by the graphs of another one has the bits that it would have had alone."""

import gc

import pytest
import tensorflow as tf
from marks import marked
from tasks import KINDS, make_task
from tensorflow.python.framework.func_graph import FuncGraph

from gan_knowledge_gaps.training import custom_gradients
from gan_knowledge_gaps.training.compiling import CompiledSteps
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.loop import Loop, LoopConfig

STEPS = 5
SHARED = [kind for kind in KINDS if kind not in ("attributor", "detector")]
CONFIG = LoopConfig(log_every=1, sample_every=0, checkpoint_seconds=1e9)


def train(steps: CompiledSteps, kind: str, number: int, folder, count: int = STEPS):
    """Trains by what is compiled; gives the task that was trained."""
    with custom_gradients.release_gradient_registry():
        training = steps.training(make_task(kind, number), {})
        task, run_step = training.task, training.run_step
        Loop(task, count, folder, label=kind, config=CONFIG, run_step=run_step).run()
    return task


@pytest.mark.long
@pytest.mark.parametrize("kind", marked(SHARED))
def test_trainings_one_after_another_have_the_bits_of_trainings_alone(kind, tmp_path):
    steps, alone, together = CompiledSteps(tf.distribute.get_strategy()), [], []
    for number in (0, 1):
        fresh = CompiledSteps(tf.distribute.get_strategy())
        task = train(fresh, kind, number, tmp_path / f"alone {number}")
        alone.append(state_digest(task.state, STEPS))
    tasks = set()
    for at, number in enumerate((0, 1, 0)):
        task = train(steps, kind, number, tmp_path / f"{at}")
        tasks.add(id(task))
        together.append(state_digest(task.state, STEPS))
    assert len(tasks) == 1
    assert together == [*alone, alone[0]]
    assert alone[0] != alone[1]


def test_what_differs_in_more_than_values_is_compiled_anew():
    graphs = [make_task(kind).graph for kind in SHARED]
    assert None not in graphs and len(set(graphs)) == len(graphs)
    assert make_task("detector").graph is None


@pytest.mark.long
def test_twelve_trainings_keep_no_more_graphs_and_variables_than_two(tmp_path):
    steps, counts = CompiledSteps(tf.distribute.get_strategy()), []
    for number in range(12):
        train(steps, "gan", number % 5, tmp_path / f"{number}", count=1)
        if number in (1, 11):
            counts.append((alive(FuncGraph), alive(tf.Variable)))
    assert counts[0] == counts[1]
    assert counts[0][0] > 0


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())
