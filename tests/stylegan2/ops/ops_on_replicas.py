"""Runs the operations on as many threads as told, and on two replicas; prints what came out.

In a process of its own, because both are decided before TensorFlow starts.
"""

import hashlib
import json
import sys

from gan_knowledge_gaps.training.distribution import make_strategy
from gan_knowledge_gaps.training.runtime import configure

configure()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
two = make_strategy(cpu_replicas=2)

from gan_knowledge_gaps.stylegan2.ops import fused_bias_act, upfirdn_2d  # noqa: E402


def layer(images, bias, layout: str, implementation: str):
    images = upfirdn_2d(
        images, [1, 3, 3, 1], 2, 1, (2, 1, 2, 1), 1 / 16, layout, implementation=implementation
    )
    axis = layout.index("C")
    return fused_bias_act(images, bias, "swish", axis=axis, implementation=implementation)


def penalty(images, bias, layout="NHWC", implementation="custom"):
    """The gradients of a gradient's square, with respect to images and bias."""
    with tf.GradientTape() as outer:
        outer.watch([images, bias])
        with tf.GradientTape() as inner:
            inner.watch(images)
            output = layer(images, bias, layout, implementation)
        square = tf.reduce_sum(inner.gradient(output, images) ** 2)
    return outer.gradient(square, [images, bias])


def digest(layout: str) -> str:
    shape = (6, 40, 30, 24) if layout == "NHWC" else (6, 24, 40, 30)
    images = tf.random.stateless_normal(shape, (1, 2))
    bias = tf.random.stateless_normal([24], (3, 4))
    parts = [layer(images, bias, layout, "custom"), *penalty(images, bias, layout)]
    return hashlib.sha256(b"".join(each.numpy().tobytes() for each in parts)).hexdigest()


images = tf.random.stateless_normal([4, 6, 5, 3], (5, 6))
bias = tf.constant([0.1, -0.2, 0.3])


@tf.function
def on_replicas():
    def step(context_images):
        by_images, by_bias = penalty(context_images, bias)
        replicas = tf.distribute.get_replica_context()
        return by_images, replicas.all_reduce(tf.distribute.ReduceOp.SUM, by_bias)

    halves = two.experimental_distribute_values_from_function(
        lambda context: images[2 * context.replica_id_in_sync_group :][:2]
    )
    return two.run(step, [halves])


def compared() -> dict:
    by_images, by_bias = on_replicas()
    plain = penalty(images, bias, implementation="tensorflow")
    return {
        "images": np.concatenate([each.numpy() for each in by_images.values]).tolist(),
        "bias": [each.numpy().tolist() for each in by_bias.values],
        "plain images": plain[0].numpy().tolist(),
        "plain bias": plain[1].numpy().tolist(),
    }


threads = int(sys.argv[1])
outcome = {"digests": [digest("NHWC"), digest("NCHW")]}
print(json.dumps(outcome if threads == 1 else outcome | compared()))
