"""Trains a tiny task on one device and on two logical CPU devices, and prints what came out.

In a process of its own, because the devices must be made before TensorFlow starts.
"""

import json
import os
import signal
import sys
from pathlib import Path

from gan_knowledge_gaps.training.distribution import distribute, make_strategy, replica_slice
from gan_knowledge_gaps.training.runtime import configure

configure()
two = make_strategy(cpu_replicas=2)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tiny_training import TinyTask, digest, logged, make_loop  # noqa: E402

from gan_knowledge_gaps.data import InputError  # noqa: E402
from gan_knowledge_gaps.training.signals import Interrupted  # noqa: E402

STEPS = 12
folder = Path(sys.argv[1])


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


def train(name: str, strategy: tf.distribute.Strategy, at: dict | None = None) -> TinyTask:
    with strategy.scope():
        task = TinyTask(hidden=True, at=at)
    make_loop(task, STEPS, folder / name, strategy=strategy).run()
    return task


def error(function, *arguments) -> str:
    try:
        function(*arguments)
    except InputError as error:
        return str(error)
    return ""


def values(task: TinyTask) -> list:
    return [each.numpy().tolist() for name in sorted(task.state) for each in task.state[name]]


def copies(task: TinyTask, replica: int) -> list:
    """What one replica holds of every variable."""
    return [
        each.values[replica].numpy().tolist()
        for name in sorted(task.state)
        for each in task.state[name]
    ]


def local(distributed) -> list:
    return [each.numpy().tolist() for each in two.experimental_local_results(distributed)]


def sliced() -> tf.Tensor:
    return replica_slice(tf.constant([[0.0], [1.0], [2.0], [3.0]]))


on_one = train("one", tf.distribute.get_strategy())
on_two = train("two", two)
try:
    train("resumed", two, at={4: stop})
    interrupted = False
except Interrupted:
    interrupted = True
on_two_resumed = train("resumed", two)
with two.scope():
    odd = TinyTask()
odd.batch_size = 5

batch = (np.arange(8).reshape(4, 2), np.float32([0, 1, 2, 3]))
print(
    json.dumps(
        {
            "replicas": two.num_replicas_in_sync,
            "one": values(on_one),
            "two": values(on_two),
            "copies": [copies(on_two, 0), copies(on_two, 1)],
            "metrics": [logged(folder / "one"), logged(folder / "two")],
            "interrupted": interrupted,
            "digests": [digest(on_two, STEPS), digest(on_two_resumed, STEPS)],
            "resumed copies": [copies(on_two_resumed, 0), copies(on_two_resumed, 1)],
            "resumed metrics": logged(folder / "resumed"),
            "distributed": [local(part) for part in distribute(two, batch)],
            "sliced": local(two.run(tf.function(sliced))),
            "odd batch": error(lambda: make_loop(odd, 1, folder)),
            "odd batch on two": error(lambda: make_loop(odd, 1, folder, strategy=two)),
            "as many again": error(make_strategy, 2),
            "more": error(make_strategy, 3),
        }
    )
)
