"""Several workers: processes, on as many machines, that make the same steps of one training.

All of them hold the same variables. One, the chief, writes: checkpoints, metrics, pictures, models.
"""

import contextlib
import hashlib

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError

# What TensorFlow raises in the workers that are left when one ends or can't be reached any more.
_LOSS = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)


class Workers:
    """The workers of a strategy; where it is of one process, that is the only one, and the chief.

    Every method is a step of all workers: each of them must call it, in the same order, and waits
    for the others.

    Args:
        strategy: any strategy.

    Attributes:
        count: number of workers.
        is_chief: whether this one writes.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self.count, self.is_chief = 1, True
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            jobs = strategy.cluster_resolver.cluster_spec().as_dict()
            self.count = max(1, sum(map(len, jobs.values())))
            self.is_chief = strategy.extended.should_checkpoint
        self._sum = tf.function(
            lambda mine: strategy.reduce(tf.distribute.ReduceOp.SUM, mine, axis=None)
        )

    def any(self, *mine: bool) -> list[bool]:
        """For each of several flags, whether it is set in any worker."""
        return [total > 0 for total in self._totals(*mine)]

    def of_chief(self, number: int) -> int:
        """The chief's integer, in all workers."""
        return self._totals(number if self.is_chief else 0)[0]

    def check_same(self, mine: bytes, what: str) -> None:
        """Raises InputError, in all workers, unless all of them have the same bytes.

        Args:
            mine: this worker's.
            what: what the bytes are of, in the plural.
        """
        number = int.from_bytes(hashlib.sha256(mine).digest()[:7], "big")
        (differ,) = self.any(self.of_chief(number) != number)
        if differ:
            self.part()
            raise InputError(
                f"the workers' {what} differ; start all of them with the same command and data"
            )

    def part(self) -> None:
        """Waits until all workers have called this, or have ended.

        A worker that exits right after its last step could break a sum that another waits for.
        """
        with contextlib.suppress(*_LOSS):
            self._totals(0)

    def _totals(self, *mine: int) -> list[int]:
        if self.count == 1:
            return list(mine)
        return self._sum(tf.constant(np.array(mine, np.int64))).numpy().tolist()


def is_loss(error: BaseException) -> bool:
    """Whether an error says that another worker has ended or cannot be reached."""
    return isinstance(error, _LOSS)
