"""StyleGAN2's images, in images/s, beside the ways a user would write it.

Both naive ways call the generator with random noise, a batch at a time, and make bytes of its
images with NumPy: as it is, and through `tf.function`. Ours are `stylegan2.sample`, which gives
image i whatever the batch, and what the evaluation uses, which gives the same from one graph.

    python -m benchmarks.stylegan2_generate [--resolutions=32,64] [--batch_sizes=16,32]
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig, sample
from gan_knowledge_gaps.stylegan2.config import GeneratorEvaluationConfig
from gan_knowledge_gaps.stylegan2.evaluated import GeneratedImages
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.timing import medians


def naive(generator: Generator, images: int, batch_size: int, graph: bool) -> Callable[[], None]:
    """A call that makes images as a user would."""
    network = tf.function(lambda z: generator(z)) if graph else generator

    def call() -> None:
        made = []
        for _ in range(0, images, batch_size):
            z = tf.random.normal([batch_size, generator.config.latent_dim], seed=0)
            made.append((np.clip(network(z), -1, 1) * 127.5 + 127.5).astype(np.uint8))
        np.concatenate(made)

    return call


def evaluated(generator: Generator, images: int, batch_size: int) -> Callable[[], None]:
    """A call that makes images as the evaluation does."""
    generated = GeneratedImages(generator, GeneratorEvaluationConfig(batch_size=batch_size))
    return lambda: generated.images(np.arange(images))


def main() -> None:
    """Times all of them at every resolution and batch size."""
    values = flags.FLAGS
    library.prefer(values.ops)
    tf.random.set_seed(0)
    for resolution in map(int, values.resolutions):
        generator = Generator(NetworkConfig(resolution=resolution, fmap_base=values.fmap_base))
        for batch_size in map(int, values.batch_sizes):
            work = {
                "generator(z)": naive(generator, values.images, batch_size, graph=False),
                "tf.function": naive(generator, values.images, batch_size, graph=True),
                "evaluation": evaluated(generator, values.images, batch_size),
            }
            if batch_size == 16:  # its own batch size, whatever is asked for
                work["stylegan2.sample"] = lambda generator=generator: sample(
                    generator, np.arange(values.images)
                )
            print(f"{resolution}x{resolution}, fmap_base {values.fmap_base}, batch {batch_size}")
            print_rates(medians(work, values.repeats), values.images, baseline="generator(z)")


if __name__ == "__main__":
    flags.DEFINE_list("resolutions", ["32", "64"], "Heights and widths of the images.")
    flags.DEFINE_list("batch_sizes", ["16", "32"], "Images at a time, multiples of 16.")
    flags.DEFINE_integer("images", 64, "Images of a repeat, a multiple of all batch sizes.")
    flags.DEFINE_integer("fmap_base", 1024, "Feature maps; 16384 in config-f.")
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    flags.DEFINE_enum("ops", "auto", library.IMPLEMENTATIONS, "Implementation of the operations.")
    command.run(main)
