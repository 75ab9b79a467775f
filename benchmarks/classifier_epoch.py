"""An epoch of classifier training, end to end, beside `keras.Model.fit` on the same images.

Ours reads balanced batches from a natural source and a pool of generators, and runs the training
loop with its metrics and checkpoints. The other side is what a user would write: concatenate
everything (natural images repeated for each generator), compile, fit.

    python -m benchmarks.classifier_epoch [--images=4096] [--generators=3] [--repeats=5]
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask, build
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.loop import Loop
from gan_knowledge_gaps.training.timing import medians

SHAPE = (28, 28, 1)


def loop_epoch(config: ClassifierConfig, natural: np.ndarray, generated: list[np.ndarray]):
    """A call that trains an epoch as the lab does, from fresh weights."""
    sources = [ArrayImages(images) for images in generated]

    def call() -> None:
        task = ClassifierTask("cnn", config, ArrayImages(natural), sources, seed=0)
        with tempfile.TemporaryDirectory() as folder:
            Loop(task, config.steps(len(natural), len(sources)), Path(folder), label="loop").run()

    return call


def fit_epoch(config: ClassifierConfig, natural: np.ndarray, generated: list[np.ndarray]):
    """A call that trains an epoch with `fit`, from fresh weights."""

    def call() -> None:
        model = build("cnn", SHAPE, seed=0)
        model.compile(
            keras.optimizers.Adam(config.learning_rate),
            keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
        )
        images = np.concatenate([natural] * len(generated) + generated)
        labels = np.repeat(np.float32([0, 1]), len(images) // 2)
        model.fit(images, labels, batch_size=config.batch_size, epochs=1, verbose=0)

    return call


def main() -> None:
    """Times both."""
    values = flags.FLAGS
    keras.utils.set_random_seed(0)  # `fit` draws from global generators, which must be seeded.
    config = ClassifierConfig(epochs=1)
    random = np.random.default_rng(0)
    natural, *generated = (
        random.integers(0, 256, (values.images, *SHAPE), dtype=np.uint8)
        for _ in range(values.generators + 1)
    )
    work = {
        "keras.Model.fit": fit_epoch(config, natural, generated),
        "Loop(ClassifierTask)": loop_epoch(config, natural, generated),
    }
    total = 2 * values.images * values.generators
    seconds = medians(work, values.repeats)
    print(f"One epoch of {total:,} images, batch {config.batch_size}, start to last checkpoint")
    print_rates(seconds, total, baseline="keras.Model.fit")


if __name__ == "__main__":
    flags.DEFINE_integer("images", 4096, "Natural images, and images of each generator.")
    flags.DEFINE_integer("generators", 3, "Generators in the pool.")
    flags.DEFINE_integer("repeats", 5, "Repeats.")
    command.run(main)
