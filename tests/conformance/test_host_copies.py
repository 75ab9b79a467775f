"""A GPU waits for nothing in a step: no copy to the host, no read by it, no graph built anew."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from host_copies import host_copies
from marks import marked
from tasks import make_task
from tensorflow.python.framework import ops

from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.task import Task

STEPS = 20
BATCH = 8


def _images(seed: int, size: int = 28) -> ArrayImages:
    random = np.random.default_rng(seed)
    return ArrayImages(random.integers(0, 256, (40, size, size, 1), dtype=np.uint8))


def _plain_gan() -> Task:
    return DCGANTask(DCGANConfig(width=1 / 16, batch_size=BATCH), _images(0), seed=3)


def _classifier() -> Task:
    config = ClassifierConfig(batch_size=BATCH, patience=99, epochs=99)
    return ClassifierTask(
        "cnn", config, _images(0), [_images(1)], 4, validation=(_images(2), _images(3))
    )


def _jpeg_classifier() -> Task:
    config = ClassifierConfig(batch_size=BATCH, jpeg_quality=75)
    return ClassifierTask("cnn", config, _images(0), [_images(1)], 4)


def _stylegan2() -> Task:
    """In chunks, with both regularizations every other step."""
    network = NetworkConfig(
        resolution=8, channels=1, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1
    )
    training = TrainingConfig(
        batch_size=BATCH, micro_batch=BATCH // 2, generator_interval=2, discriminator_interval=2,
        mirror=True,
    )  # fmt: skip
    return StyleGAN2Task(network, training, _images(0, 8), seed=6)


TASKS = {
    "gan": _plain_gan, "gan that fools": lambda: make_task("gan"), "classifier": _classifier,
    "classifier of JPEG": _jpeg_classifier, "digits": lambda: make_task("digits"),
    "stylegan2": _stylegan2,
}  # fmt: skip
# What a step may hand to the host, by the type of the operation.
KNOWN = {
    # The codec, which is exact, has no GPU kernel; `jpeg_quality` is off by default. It takes the
    # whole batch at once, not image by image.
    "classifier of JPEG": {"TensorListFromTensor"},
}


class Watched:
    """Trains a task, and notes what would make a GPU wait.

    Attributes:
        traced: steps that were done when a graph of the step was built.
        reads: values that the host read, by the number of steps that were done.
        graphs: those graphs.
    """

    def __init__(self, task: Task, folder, monkeypatch):
        self.traced, self.reads, self.graphs = [], Counter(), []
        self._done = 0
        train_step, after_step = task.train_step, task.after_step

        def traced(*args, **options):
            self.traced.append(self._done)
            self.graphs.append(tf.compat.v1.get_default_graph())
            return train_step(*args, **options)

        def counted(step):
            self._done = step
            return after_step(step)

        read = ops._EagerTensorBase._numpy

        def noted(tensor):
            if tensor.dtype not in (tf.int32, tf.string):  # which are on the host in any case
                self.reads[self._done] += 1
            return read(tensor)

        monkeypatch.setattr(task, "train_step", traced)
        monkeypatch.setattr(task, "after_step", counted)
        config = LoopConfig(log_every=STEPS, sample_every=0, checkpoint_seconds=1e9)
        loop = Loop(task, STEPS, folder, label="t", config=config)
        with monkeypatch.context() as patch:
            patch.setattr(ops._EagerTensorBase, "_numpy", noted)
            loop.run()


@pytest.mark.parametrize("kind", marked(TASKS))
def test_twenty_steps_leave_a_gpu_alone(kind, tmp_path, monkeypatch):
    watched = Watched(TASKS[kind](), tmp_path, monkeypatch)
    # Every kind of step has come in the first 6.
    assert watched.traced and max(watched.traced) < 6
    copies = {copy for graph in watched.graphs for copy in host_copies(graph)}
    types = {copy.partition(" ")[0] for copy in copies}
    assert types <= KNOWN.get(kind, set()), copies
    # Metrics are read with a line of the log, here after the last step; a validation reads logits.
    read_in = {step for step, count in watched.reads.items() if count and step < STEPS}
    assert read_in <= {step for step in range(STEPS) if kind == "classifier" and step % 10 == 0}


def found(function, *given) -> set[str]:
    graph = tf.function(function).get_concrete_function(*given).graph
    return {copy.partition(" ")[0] for copy in host_copies(graph)}


FLOATS = tf.TensorSpec([4], tf.float32)


def counting(dtype):
    one = tf.constant(1, dtype)
    return lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, x * x), (one, x))


def test_the_walk_finds_what_waits_and_nothing_else():
    assert found(lambda x: tf.nn.softmax(tf.reshape(x, [2, 2]) @ tf.ones([2, 2])), FLOATS) == set()
    assert found(lambda x: x[: tf.shape(x)[0] // 2 + 1] * 2.0, FLOATS) == set()
    assert found(lambda x: tf.cond(x[0] > 0, lambda: x, lambda: -x), FLOATS) == {"StatelessIf"}
    assert found(lambda x: tf.where(x[0] > 0, x, -x), FLOATS) == set()
    assert found(lambda x: 1 + tf.cast(x, tf.int32), FLOATS) == {"AddV2"}
    assert found(lambda x: x[tf.cast(x[0], tf.int32)], FLOATS) != set()
    assert found(lambda x: tf.numpy_function(np.sin, [x], tf.float32), FLOATS) == {"PyFunc"}
    inner = tf.function(lambda x: tf.numpy_function(np.sin, [x], tf.float32))
    assert found(lambda x: inner(x) + 1.0, FLOATS) == {"PyFunc"}
    assert found(counting(tf.int32), FLOATS) == set()
    assert found(counting(tf.int64), FLOATS) == {"StatelessWhile"}
