"""One of two workers, as TF_CONFIG says: trains a tiny task in several ways, prints what came out.

python one_of_two.py FOLDER scenarios            # one after another, in this process
python one_of_two.py FOLDER train [KILLED STEP]  # once; worker KILLED kills itself at STEP
"""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.runtime import prepare_import

prepare_import()

import numpy as np  # noqa: E402
from tiny_training import TinyTask, digest, logged, make_loop  # noqa: E402

from gan_knowledge_gaps.data import InputError  # noqa: E402
from gan_knowledge_gaps.training.cluster import find_cluster  # noqa: E402
from gan_knowledge_gaps.training.distribution import distribute, make_strategy  # noqa: E402
from gan_knowledge_gaps.training.progress import say  # noqa: E402
from gan_knowledge_gaps.training.signals import Interrupted  # noqa: E402

STEPS = 12


def main(arguments: list[str]) -> None:
    folder, what, *numbers = arguments
    stops = [tuple(map(int, numbers))] if numbers else []
    worker = Worker(Path(folder))
    if what == "train":
        at = {int(step): worker.kill for index, step in stops if index == worker.index}
        print(json.dumps(digest(worker.train("run", at), STEPS)))
    else:
        print(json.dumps(worker.scenarios()))


class Worker:
    """This worker."""

    def __init__(self, folder: Path):
        self.folder, self.index = folder, find_cluster().index
        self.strategy = make_strategy()

    def train(
        self, name: str, at: dict[int, Callable[[], None]] | None = None, **options
    ) -> TinyTask:
        with self.strategy.scope():
            task = TinyTask(hidden=True, at=at)
        make_loop(task, STEPS, self.folder / name, strategy=self.strategy, **options).run()
        return task

    def scenarios(self) -> dict:
        samples = []
        unbroken = self.train(
            "unbroken", sample_every=5, write_samples=lambda path, _: samples.append(path.name)
        )
        stopped = self.stopped()
        steps = [path.name for path in sorted((self.folder / "resumed").glob("*/step-*"))]
        resumed = self.train("resumed")
        alone = self.alone() if self.index == 0 else None
        batch = (np.arange(8).reshape(4, 2), np.float32([0, 1, 2, 3]))
        say("a line for the person who watches")
        return {
            "replicas": self.strategy.num_replicas_in_sync,
            "alone": alone,
            "values": values(unbroken),
            "digest": digest(unbroken, STEPS),
            "metrics": logged(self.folder / "unbroken"),
            "samples": samples,
            "stopped": stopped,
            "stopped after": steps,
            "resumed digest": digest(resumed, STEPS),
            "batch": [
                [each.numpy().tolist() for each in self.strategy.experimental_local_results(part)]
                for part in distribute(self.strategy, batch)
            ],
            "not finite": error(self.spoiled),
            "files": sorted(path.name for path in (self.folder / "spoiled").glob("*/step-*")),
            "other images": error(self.other_images),
        }

    def stopped(self) -> str:
        """SIGTERM comes to the other worker alone, after 4 steps."""
        at = {4: lambda: os.kill(os.getpid(), signal.SIGTERM)} if self.index == 1 else {}
        try:
            self.train("resumed", at, checkpoint_seconds=1e9)
        except Interrupted as interrupted:
            return str(interrupted)
        return ""

    def alone(self) -> dict:
        """The same training on one device."""
        task = TinyTask(hidden=True)
        make_loop(task, STEPS, self.folder / "alone").run()
        return {"values": values(task), "metrics": logged(self.folder / "alone")}

    def spoiled(self) -> None:
        with self.strategy.scope():
            task = TinyTask()
        task.poison = lambda step: float("nan") if step >= 4 else 0.0
        make_loop(task, STEPS, self.folder / "spoiled", strategy=self.strategy).run()

    def other_images(self) -> None:
        with self.strategy.scope():
            task = TinyTask()
        task.poison = lambda step: float(self.index)
        make_loop(task, STEPS, self.folder / "images", strategy=self.strategy).run()

    def kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def values(task: TinyTask) -> list:
    return [each.numpy().tolist() for name in sorted(task.state) for each in task.state[name]]


def error(function: Callable[[], None]) -> str:
    try:
        function()
    except InputError as error:
        return str(error)
    return ""


command.run(main, positional=True)
