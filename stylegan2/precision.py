"""Which precision of the convolutions is the faster one on this machine: measured, not guessed.

That a processor has instructions for bfloat16 does not say so: conversions and kernels that fall
back may cost more than they save.

The doctor calls `checks` in a process of its own.
"""

import dataclasses
from collections.abc import Callable, Mapping

import tensorflow as tf

from gan_knowledge_gaps.stylegan2 import losses
from gan_knowledge_gaps.stylegan2.config import NETWORKS, NetworkConfig
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.training.doctor.check import Check, guarded
from gan_knowledge_gaps.training.runtime import configure
from gan_knowledge_gaps.training.timing import medians

MEASURED = ("float32", "bfloat16")
# bfloat16 rounds at 2^-8: not for a gain that another measurement would not show.
LEAST_GAIN = 1.1
REPEATS = 5
_DOCTORS_IMAGES = 8


def seconds(network: NetworkConfig, images: int) -> dict[str, float]:
    """Median seconds of the generator's gradients, through the discriminator, in each precision.

    The precisions take turns. Compiling them takes most of the time, some ten seconds.

    Args:
        network: of whatever precision.
        images: of a chunk.

    Returns:
        Seconds by precision.
    """
    passes = {
        name: _pass(dataclasses.replace(network, precision=name), images) for name in MEASURED
    }
    return medians(passes, REPEATS, warmup=0)


def favoured(measured: Mapping[str, float]) -> str:
    """The precision to train in: bfloat16 where it is clearly faster."""
    gain = measured["float32"] / measured["bfloat16"]
    return "bfloat16" if gain >= LEAST_GAIN else "float32"


def describe(measured: Mapping[str, float]) -> str:
    """The measurement in words."""
    gain = measured["float32"] / measured["bfloat16"]
    return f"bfloat16 is {gain:.2f} times as fast as float32 in StyleGAN2's convolutions"


def checks() -> list[Check]:
    """What pays on this machine, by the smallest network for pictures."""
    configure()
    return guarded("Precision", _check)


def _check() -> Check:
    measured = seconds(NETWORKS["quick"], _DOCTORS_IMAGES)
    return Check("Precision", f"{describe(measured)}: --network_precision={favoured(measured)}")


def _pass(network: NetworkConfig, images: int) -> Callable[[], None]:
    """A call that takes the gradients and waits for them; compiled and run once."""
    generator, discriminator = Generator(network), Discriminator(network)
    variables = [variable.value for variable in generator.trainable_variables]
    z = tf.random.stateless_normal([images, network.latent_dim], (0, 1))
    labels = tf.one_hot(tf.zeros([images], tf.int32), network.label_dim or 1)
    labels = labels if network.label_dim else None

    @tf.function
    def gradients() -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = discriminator(generator(z, labels=labels), labels=labels)
            loss = tf.reduce_mean(losses.generator_logistic(logits))
        return tf.add_n([tf.reduce_sum(each) for each in tape.gradient(loss, variables)])

    def run() -> None:
        float(gradients())

    run()
    return run
