"""One update of a network: gradients over the chunks of a minibatch, then Adam."""

from collections.abc import Callable

import tensorflow as tf

from gan_knowledge_gaps.stylegan2.adam import Adam
from gan_knowledge_gaps.stylegan2.randomness import Draws

Metrics = dict[str, tf.Tensor]
# (draws of the chunk, *batch of the chunk) -> loss [n], metrics [n, ...].
Loss = Callable[..., tuple[tf.Tensor, Metrics]]


class Update:
    """Updates a network from one loss.

    The graph of the gradients is a function of its own, which every kind of step shares.

    Args:
        name: what it is called; also what its random draws are for.
        loss: gives the loss of each image of a chunk, [n], and metrics of each, [n, ...]. It may
            use a part of the chunk only.
        adam: the optimizer of the network's variables.
        batch_size: images of a minibatch, over all replicas.
        chunk_size: images of a chunk.
    """

    def __init__(self, name: str, loss: Loss, adam: Adam, batch_size: int, chunk_size: int):
        self.name, self.loss, self.adam = name, loss, adam
        self.batch_size, self.chunk_size = batch_size, chunk_size
        self._gradients = tf.function(self._sum_over_chunks)

    def __call__(self, step: tf.Tensor, seed: tf.Tensor, batch: tuple[tf.Tensor, ...]) -> Metrics:
        """Updates the variables from this replica's slice of the minibatch.

        Args:
            step: the minibatch, an int64 scalar.
            seed: of the training, an int64 scalar.
            batch: this replica's slice.

        Returns:
            This replica's share of the mean of each metric, and of `<name>_skipped`: 1 if the
            gradients were not finite and nothing was updated, else 0.
        """
        context = tf.distribute.get_replica_context()
        chunks = batch[0].shape[0] // self.chunk_size
        first = tf.cast(context.replica_id_in_sync_group * chunks, tf.int64)
        gradients, metrics = self._gradients(step, seed, first, *batch)
        applied = tf.cast(self.adam.apply(gradients), tf.float32)
        return metrics | {f"{self.name}_skipped": (1.0 - applied) / context.num_replicas_in_sync}

    def _sum_over_chunks(self, step: tf.Tensor, seed: tf.Tensor, first: tf.Tensor, *batch):
        """Gradients and metrics, each the replica's share of the minibatch's mean."""
        count = batch[0].shape[0] // self.chunk_size
        chunks = [tf.reshape(each, [count, self.chunk_size, *each.shape[1:]]) for each in batch]

        def of_chunk(index: tf.Tensor) -> tuple[list[tf.Tensor], Metrics]:
            draws = Draws(seed, self.name, step, first + tf.cast(index, tf.int64))
            return self._of_chunk(draws, [each[index] for each in chunks])

        # Counted in int32, on the host: a GPU would have to be asked for an int64.
        total = of_chunk(tf.constant(0))
        if count == 1:
            return total
        _, total = tf.while_loop(
            lambda index, _: index < count,
            lambda index, sums: (index + 1, tf.nest.map_structure(tf.add, sums, of_chunk(index))),
            (tf.constant(1), total),
            parallel_iterations=1,
        )
        return total

    def _of_chunk(self, draws: Draws, chunk: list[tf.Tensor]):
        variables, share = self.adam.variables, self.chunk_size / self.batch_size
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            losses, metrics = self.loss(draws, *chunk)
            loss = tf.reduce_mean(losses) * share
        gradients = tape.gradient(
            loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        means = {name: tf.reduce_mean(value, axis=0) * share for name, value in metrics.items()}
        return gradients, means
