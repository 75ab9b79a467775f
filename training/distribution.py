"""Strategies, and how a batch is spread over their replicas."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.cluster import Cluster, find_cluster
from gan_knowledge_gaps.training.progress import mute
from gan_knowledge_gaps.training.rendezvous import wait_for_workers

if TYPE_CHECKING:
    import tensorflow as tf


def define_replicas() -> None:
    """Declares --cpu_replicas, for `make_strategy`."""
    flags.DEFINE_integer(
        "cpu_replicas", 0, "Split every batch over so many parts of the CPU, as a test; 0: do not.",
        lower_bound=0, upper_bound=64,
    )  # fmt: skip


def make_strategy(cpu_replicas: int = 0) -> tf.distribute.Strategy:
    """MirroredStrategy over all visible GPUs; the default strategy for one device or none.

    Where TF_CONFIG names several workers (`training/cluster.py`), MultiWorkerMirroredStrategy over
    all of theirs: it returns when all have connected. From then on only the chief prints.

    Args:
        cpu_replicas: when positive, that many logical CPU devices are used instead of GPUs. They
            share the processor, so nothing gets faster: it is how replicas are tested without GPUs.

    Raises:
        InputError: the logical devices can't be made, because TensorFlow has already started; or
            the workers can't find each other.
    """
    import tensorflow as tf

    cluster = find_cluster()
    if cluster is not None and len(cluster.addresses) > 1:
        if cpu_replicas > 0:
            raise InputError("several workers have no logical CPU devices: leave out cpu_replicas")
        return _join(cluster)
    if cpu_replicas > 0:
        return tf.distribute.MirroredStrategy(_logical_cpus(cpu_replicas))
    gpus = tf.config.list_logical_devices("GPU")
    if len(gpus) > 1:
        return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])
    return tf.distribute.get_strategy()


def _join(cluster: Cluster) -> tf.distribute.Strategy:
    """The strategy of several workers, once all of them are there."""
    import tensorflow as tf

    wait_for_workers(cluster)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
        task_type="worker",
        task_id=cluster.index,
        num_accelerators={"GPU": len(tf.config.list_physical_devices("GPU"))},
        rpc_layer="grpc",
    )
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except (tf.errors.OpError, RuntimeError) as error:
        own, reason = cluster.addresses[cluster.index], " ".join(str(error).split())
        raise InputError(f"{own} cannot join the other workers: {reason}") from error
    if threading.current_thread() is threading.main_thread():
        # TensorFlow takes SIGTERM for itself when it starts; it is taken back.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM) or signal.SIG_DFL)
    if cluster.index > 0:
        mute()
    return strategy


def _logical_cpus(count: int) -> list[str]:
    import tensorflow as tf

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
    """Gives replica r, of all workers' replicas, the r-th of equal slices along the first axis.

    Every worker gives the same global batch.
    """
    import tensorflow as tf

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
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return tensor
    size = tensor.shape[0] // replicas
    start = context.replica_id_in_sync_group * size
    return tensor[start : start + size]
