"""Adam for several losses that share their slots, and that skips what is not finite as a whole."""

from collections.abc import Sequence

import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops.multi_tensor import adam_update

Gradients = list[tf.Tensor]


class Adam:
    """Adam (Kingma & Ba 2015) whose state any number of losses may update in turn.

    Keras' optimizer can't leave an update out: under a strategy it can't be called conditionally.
    Construct inside the strategy's scope.

    Args:
        variables: what is updated.
        learning_rate: step size.
        beta_1: decay of the first moment.
        beta_2: decay of the second moment.
        epsilon: added to the root of the second moment.

    Attributes:
        state: the moments of each variable, and the number of updates.
    """

    def __init__(
        self, variables: Sequence[tf.Variable], learning_rate: float, beta_1: float, beta_2: float,
        epsilon: float,
    ):  # fmt: skip
        self.variables = list(variables)
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.beta_1, self.beta_2 = beta_1, beta_2
        self._first = [_slot(variable, "m") for variable in self.variables]
        self._second = [_slot(variable, "v") for variable in self.variables]
        self._updates = tf.Variable(0, trainable=False, dtype=tf.int64, name="updates")
        self.state = [*self._first, *self._second, self._updates]

    def apply(self, gradients: Gradients) -> tf.Tensor:
        """Sums the replicas' gradients and updates all variables, or none of them.

        Args:
            gradients: this replica's share, one for each variable.

        Returns:
            Whether the sum is finite, so that the update was made: a boolean scalar.
        """
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        return context.merge_call(self._update, args=(gradients,))

    def _update(self, strategy: tf.distribute.Strategy, gradients: Gradients) -> tf.Tensor:
        finite = strategy.extended.update(
            self._updates, self._update_replica, args=(gradients,), group=False
        )
        return finite[0]  # the same on every replica

    def _update_replica(self, updates: tf.Variable, gradients: Gradients) -> tf.Tensor:
        return adam_update(
            updates, self.variables, self._first, self._second, gradients,
            learning_rate=self.learning_rate, beta_1=self.beta_1, beta_2=self.beta_2,
            epsilon=self.epsilon,
        )  # fmt: skip


def _slot(variable: tf.Variable, name: str) -> tf.Variable:
    return tf.Variable(tf.zeros(variable.shape), trainable=False, name=name)


def assign_all(variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]) -> None:
    """Assigns values, equal on every replica, to variables, from a replica's context."""

    def assign(strategy: tf.distribute.Strategy, values: Sequence[tf.Tensor]) -> None:
        for variable, value in zip(variables, values, strict=True):
            strategy.extended.update(variable, lambda v, x: v.assign(x), args=(value,))

    tf.distribute.get_replica_context().merge_call(assign, args=(list(values),))
