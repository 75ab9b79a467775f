"""The share of a detector's training that waits for its images, in line and read ahead.

Picture files, as `benchmarks.detect_files` makes them, are decoded, resized and, in half of the
rows, augmented as they are read. "In line": each batch is read when its step is due, and augmented
in one thread. "Ahead": `data.ahead`, as the training loop reads, and augmentation on all cores.

    python -m benchmarks.reading_ahead [--architecture=mobilenet_v2] [--resolutions=128,256]
"""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf
from absl import flags

from benchmarks.detect_files import write_pictures
from gan_knowledge_gaps.classifiers import (
    BalancedPool,
    ClassifierConfig,
    ClassifierTask,
    augmentation,
)
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig, augmented
from gan_knowledge_gaps.data.ahead import ahead
from gan_knowledge_gaps.data.pictures import open_folder
from gan_knowledge_gaps.data.threads import usable_cores
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.timing import medians

AUGMENTATIONS = {
    "": AugmentationConfig(),
    ", augmented": AugmentationConfig(flip=0.5, shift=8, blur=0.5, jpeg=0.5),
}
IN_LINE, AHEAD = "in line", "ahead"


class Training:
    """Steps of a training on files of one size.

    Args:
        folders: of natural and of generated pictures.
        resolution: of the images.

    Attributes:
        shares: of the time of each call that was spent waiting, by how it reads.
    """

    def __init__(self, folders: list[str], resolution: int):
        values = flags.FLAGS
        natural, generated = (open_folder(folder, resolution, 3)[0] for folder in folders)
        config = ClassifierConfig(batch_size=values.batch_size)
        task = ClassifierTask(values.architecture, config, natural, [generated], seed=0)
        self._step = tf.function(task.train_step)
        self._pool = BalancedPool(natural, [generated], values.batch_size, seed=0)
        self.shares: dict[str, list[float]] = {IN_LINE: [], AHEAD: []}

    def call(self, how: str, config: AugmentationConfig) -> Callable[[], None]:
        """What makes all steps."""

        def work() -> None:
            threads = 1 if how == IN_LINE else usable_cores()
            augmentation.usable_cores = lambda: threads
            batches = self._batches(config)
            with contextlib.closing(ahead(batches) if how == AHEAD else batches) as batches:
                self._train(0, next(batches))  # nothing trains while the first one is read
                waited, started = 0.0, time.perf_counter()
                for number in range(1, flags.FLAGS.steps + 1):
                    asked = time.perf_counter()
                    batch = next(batches)
                    waited += time.perf_counter() - asked
                    self._train(number, batch)
                self.shares[how].append(waited / (time.perf_counter() - started))

        return work

    def _batches(self, config: AugmentationConfig) -> Iterator[tuple]:
        for step in range(flags.FLAGS.steps + 1):
            images, labels = self._pool.batch(step)
            yield tf.constant(augmented(images, config, [0, step])), tf.constant(labels)

    def _train(self, number: int, batch: tuple) -> None:
        float(self._step(tf.constant(number, tf.int64), *batch)["loss"])


def main() -> None:
    """Times both, at each size."""
    values = flags.FLAGS
    images = (values.steps + 1) * values.batch_size
    print(f"{values.architecture}, batches of {values.batch_size} from files, {values.steps} steps")
    with tempfile.TemporaryDirectory() as name:
        folders = [str(Path(name, kind)) for kind in ("natural", "generated")]
        for folder in folders:
            Path(folder).mkdir()
            write_pictures(Path(folder), values.images)
        for resolution in map(int, values.resolutions):
            training = Training(folders, resolution)
            for more, config in AUGMENTATIONS.items():
                training.shares = {IN_LINE: [], AHEAD: []}
                work = {how: training.call(how, config) for how in training.shares}
                seconds = medians(work, values.repeats)
                for how, value in seconds.items():
                    share = statistics.median(training.shares[how][1:])  # the first warmed up
                    print(
                        f"{resolution}x{resolution}{more:12} {how:8} {images / value:7.1f} images/s"
                        f"  {seconds[IN_LINE] / value:5.2f}x  waits {share:4.0%}",
                        flush=True,
                    )


if __name__ == "__main__":
    flags.DEFINE_string("architecture", "mobilenet_v2", "The detector's architecture.")
    flags.DEFINE_list("resolutions", ["128", "256"], "Sizes of the images.")
    flags.DEFINE_integer("batch_size", 32, "Images of a step.", lower_bound=2)
    flags.DEFINE_integer("images", 400, "Files of each kind.", lower_bound=1)
    flags.DEFINE_integer("steps", 6, "Steps of a repeat.", lower_bound=1)
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
