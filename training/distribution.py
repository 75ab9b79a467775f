"""Strategies, and how a batch is spread over their replicas."""

import numpy as np
import tensorflow as tf

from data import InputError


def make_strategy(cpu_replicas: int = 0) -> tf.distribute.Strategy:
    """MirroredStrategy over all visible GPUs; the default strategy for one device or none.

    Args:
        cpu_replicas: when positive, that many logical CPU devices are used instead of GPUs. They
            share the processor, so nothing gets faster: it is how replicas are tested without GPUs.

    Raises:
        InputError: the logical devices can't be made, because TensorFlow has already started.
    """
    if cpu_replicas > 0:
        return tf.distribute.MirroredStrategy(_logical_cpus(cpu_replicas))
    gpus = tf.config.list_logical_devices("GPU")
    if len(gpus) > 1:
        return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])
    return tf.distribute.get_strategy()


def _logical_cpus(count: int) -> list[str]:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
        )
    except RuntimeError as error:
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise InputError(
                f"cannot make {count} logical CPU devices: TensorFlow has already started; "
                "ask for them before anything else runs"
            ) from error
    return [f"CPU:{index}" for index in range(count)]


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Raises InputError unless every replica gets the same number of examples."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"batch size {batch_size} cannot be split over {replicas} replicas; "
            f"choose a multiple of {replicas}"
        )


def distribute(strategy: tf.distribute.Strategy, batch: tuple[np.ndarray, ...]) -> tuple:
    """Gives replica r the r-th of equal, contiguous slices along the first axis."""
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return tuple(tf.convert_to_tensor(array) for array in batch)
    return tuple(
        strategy.experimental_distribute_values_from_function(
            lambda context, array=array: tf.convert_to_tensor(
                np.split(array, replicas)[context.replica_id_in_sync_group]
            )
        )
        for array in batch
    )


def replica_slice(tensor: tf.Tensor) -> tf.Tensor:
    """The part of a global batch ([N, ...], equal on every replica) that is this replica's."""
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return tensor
    size = tensor.shape[0] // replicas
    start = context.replica_id_in_sync_group * size
    return tensor[start : start + size]
