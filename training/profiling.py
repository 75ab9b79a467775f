"""`--profile=STEPS`: a trace of some steps of a training, for TensorBoard."""

import contextlib
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.training.progress import say

FOLDER = "profile"


def define_profile() -> None:
    """Declares --profile, for `LoopConfig.profile`."""
    flags.DEFINE_integer(
        "profile", 0, "Trace so many steps of a training for TensorBoard, once they are compiled, "
        "into profile/ in its folder; 0: do not.", lower_bound=0,
    )  # fmt: skip


class Profile:
    """Traces consecutive steps, none of which is compiled then; nothing that is trained changes.

    A context manager of the whole training. What was traced when that stops early is kept, unless
    an error stops it.

    Args:
        folder: of the training; the trace goes to `profile/` in it.
        label: what lines call the training.
        count: how many steps; 0 for none.
        last: steps of the training in all.
        graphs: what a step, by its number, is made of; each is compiled when it first comes.
    """

    def __init__(
        self,
        folder: Path,
        label: str,
        count: int,
        last: int,
        graphs: Callable[[int], Iterable[Hashable]],
    ):
        self._folder, self._label, self._count = folder / FOLDER, label, count
        self._last, self._graphs = last, graphs
        self._compiled: set[Hashable] = set()
        self._left = count  # steps to trace
        self._is_on = False

    def __enter__(self) -> "Profile":
        return self

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        if self._is_on:
            self._stop(save=error is None)
        elif self._left and self._compiled and error is None:
            say(f"{self._label}: no step traced: too few steps follow those that are compiled")

    @contextlib.contextmanager
    def step(self, step: int) -> Iterator[None]:
        """Around a step and the wait for its batch."""
        if self._left and not self._is_on:
            self._start_if_compiled(range(step, min(step + self._count, self._last)))
        if self._is_on:
            import tensorflow as tf

            # By these names TensorBoard knows a step.
            with tf.profiler.experimental.Trace("train", step_num=step, _r=1):
                yield
            self._left -= 1
            if not self._left:
                self._stop(save=True)
            return
        yield
        if self._left:
            self._compiled.update(self._graphs(step))

    def _start_if_compiled(self, steps: range) -> None:
        coming = set(itertools.chain.from_iterable(map(self._graphs, steps)))
        if coming and coming <= self._compiled:
            import tensorflow as tf

            tf.profiler.experimental.start(str(self._folder))
            self._is_on, self._left = True, len(steps)

    def _stop(self, save: bool) -> None:
        import tensorflow as tf

        tf.test.experimental.sync_devices()  # a GPU may be steps behind
        tf.profiler.experimental.stop(save=save)
        self._is_on, self._left = False, 0
        if save:
            say(f"{self._label}: steps traced: tensorboard --logdir={self._folder}")
