"""The JPEG layer, beside `tf.image.adjust_jpeg_quality` and Pillow on one thread.

python -m benchmarks.jpeg [--resolution=256] [--batch_size=32] [--quality=75] [--repeats=5]
"""

import io

import numpy as np
import tensorflow as tf
from absl import flags
from PIL import Image
from sklearn.datasets import load_sample_images

from benchmarks.timing import print_rates
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.jpeg import JPEGEncoding
from gan_knowledge_gaps.training.timing import medians

BASELINE = "tf.image.adjust_jpeg_quality"


def photographs(count: int, size: int) -> np.ndarray:
    """Random crops of the photographs that come with scikit-learn, uint8 [count, size, size, 3]."""
    random, images = np.random.default_rng(0), load_sample_images().images
    crops = np.empty((count, size, size, 3), np.uint8)
    for crop in crops:
        image = images[random.integers(len(images))]
        y, x = (random.integers(length - size + 1) for length in image.shape[:2])
        crop[:] = image[y : y + size, x : x + size]
    return crops


def adjusted(images: tf.Tensor, quality: int) -> tf.Tensor:
    """What TensorFlow offers: one image at a time, without a gradient."""
    return tf.map_fn(lambda image: tf.image.adjust_jpeg_quality(image, quality), images)


def by_pillow(images: np.ndarray, quality: int) -> None:
    """Encodes and decodes one image after the other."""
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        np.asarray(Image.open(file))


def gradient(layer: JPEGEncoding):
    """The layer with the gradient of its sum of squares."""

    def function(images: tf.Tensor) -> tf.Tensor:
        floats = tf.cast(images, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(floats)
            total = tf.reduce_sum(layer(floats) ** 2)
        return tape.gradient(total, floats)

    return function


def main() -> None:
    """Times all of them."""
    values = flags.FLAGS
    images = photographs(values.batch_size, values.resolution)
    batch, quality = tf.constant(images), values.quality
    plain = JPEGEncoding(quality, "differentiable")
    custom = JPEGEncoding(quality, "differentiable", "custom")
    functions = {
        BASELINE: (lambda x: adjusted(x, quality), False),
        "codec": (JPEGEncoding(quality), False),
        "differentiable, custom operation": (custom, False),
        "differentiable, plain": (plain, False),
        "the same, XLA": (plain, True),
        "custom, with its gradient": (gradient(custom), False),
        "plain, with its gradient": (gradient(plain), False),
        "the same, XLA, with its gradient": (gradient(plain), True),
    }
    work = {"Pillow": lambda: by_pillow(images, quality)}
    for name, (function, xla) in functions.items():
        compiled = tf.function(function, jit_compile=xla)
        work[name] = lambda compiled=compiled: compiled(batch).numpy()
    print(f"{values.batch_size} images of {values.resolution}x{values.resolution}, {quality}")
    print_rates(medians(work, values.repeats), values.batch_size, baseline=BASELINE)


if __name__ == "__main__":
    flags.DEFINE_integer("resolution", 256, "Height and width, at most 427.", upper_bound=427)
    flags.DEFINE_integer("batch_size", 32, "Images.", lower_bound=1)
    flags.DEFINE_integer("quality", 75, "Of JPEG.", lower_bound=1, upper_bound=100)
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    command.run(main)
