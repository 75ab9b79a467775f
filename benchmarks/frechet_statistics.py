"""Feature statistics of natural images, in images/s, reading included.

From a folder of PNG files of another size to mean and covariance of their features, beside what a
user would write: Pillow in a loop, the whole set in memory, `keras.Model.predict`, `np.cov`. Both
start from files that the system has in memory and from an empty cache of features.

    python -m benchmarks.frechet_statistics [--images=256] [--resolution=64] [--inception=PATH]
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from absl import flags
from PIL import Image

from benchmarks.timing import print_rates
from gan_knowledge_gaps.evaluation.config import EvaluationConfig
from gan_knowledge_gaps.evaluation.evaluator import Evaluator
from gan_knowledge_gaps.evaluation.extractors import Extractor, open_extractor
from gan_knowledge_gaps.evaluation.reference import open_reference
from gan_knowledge_gaps.evaluation.sampler import Sampler
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.timing import medians

STORED = 96  # height and width of the files


def write_images(folder: Path, count: int) -> None:
    """Smooth random pictures, which take as long to decode as photographs do."""
    random = np.random.default_rng(0)
    for index in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), np.uint8))
        coarse.resize((STORED, STORED), Image.Resampling.BICUBIC).save(folder / f"{index}.png")


def naive(folder: Path, resolution: int, extractor: Extractor) -> Callable[[], None]:
    """A call that takes the statistics as a user would."""

    def call() -> None:
        images = []
        for path in sorted(folder.glob("*.png")):
            image = Image.open(path).convert("RGB")
            resized = image.resize((resolution, resolution), Image.Resampling.LANCZOS)
            images.append(np.asarray(resized))
        features = extract(np.stack(images))
        features.mean(axis=0), np.cov(features, rowvar=False)

    if extractor.is_inception:  # it is no Keras model
        extract = lambda images: np.concatenate([extractor(each[None]) for each in images])  # noqa: E731
    else:
        vgg = keras.applications.VGG16(include_top=False, weights=None, pooling="avg")
        extract = lambda images: vgg.predict(images / 127.5 - 1.0, verbose=0)  # noqa: E731
    return call


def ours(folder: Path, resolution: int, extractor: Extractor) -> Callable[[], None]:
    """A call that takes the statistics as the evaluation does."""
    config = EvaluationConfig(split="all", batch_size=32)

    def call() -> None:
        with tempfile.TemporaryDirectory() as cache:
            reference = open_reference(str(folder), resolution, 3, config)
            none = Sampler(lambda indices: np.empty(0), "none")  # Only natural images are read.
            Evaluator(none, reference, config, Path(cache)).natural_statistics(extractor)

    return call


def main() -> None:
    """Times both."""
    values = flags.FLAGS
    extractor = open_extractor(
        "inception" if values.inception else "random-vgg16", values.inception
    )
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), values.images)
        arguments = Path(folder), values.resolution, extractor
        work = {"as a user would": naive(*arguments), "evaluation": ours(*arguments)}
        seconds = medians(work, values.repeats)
    print(
        f"{values.images} files of {STORED}x{STORED} at {values.resolution}x{values.resolution}, "
        f"{extractor.name}"
    )
    print_rates(seconds, values.images, baseline="as a user would")


if __name__ == "__main__":
    flags.DEFINE_integer("images", 256, "Files.", lower_bound=5)
    flags.DEFINE_integer("resolution", 64, "Height and width at which they are looked at.")
    flags.DEFINE_string("inception", None, "Path of the Inception graph, instead of random-vgg16.")
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
