"""Training and inference of a detector, beside Keras Applications' network under `fit`.

The other side is what a user would write: the application (ResNet50 is v1 there), pooling, a logit,
compile, fit, predict. Both see the same images, without JPEG.

    python -m benchmarks.detector_step [--architecture=mobilenet_v2] [--resolution=64]
"""

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask, predict
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.timing import medians

APPLICATIONS = {
    "resnet50": "ResNet50", "inception_v3": "InceptionV3", "mobilenet_v2": "MobileNetV2",
}  # fmt: skip
THEIRS, OURS = "keras.applications, fit and predict", "ClassifierTask and predict"


def application(name: str, shape: tuple[int, int, int]) -> keras.Model:
    """Keras Applications' network with a logit."""
    images = keras.Input(shape)
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    network = getattr(keras.applications, APPLICATIONS[name])
    features = network(include_top=False, weights=None, input_tensor=scaled, pooling="avg").output
    model = keras.Model(images, keras.layers.Dense(1)(features))
    model.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def main() -> None:
    """Times both."""
    values = flags.FLAGS
    keras.utils.set_random_seed(0)  # `fit` draws from global generators, which must be seeded.
    shape = (values.resolution, values.resolution, 3)
    random = np.random.default_rng(0)
    count = values.steps * values.batch_size
    natural, generated = (
        random.integers(0, 256, (count // 2, *shape), dtype=np.uint8) for _ in range(2)
    )
    images = np.concatenate([natural, generated])
    labels = np.repeat(np.float32([0, 1]), count // 2)
    config = ClassifierConfig(batch_size=values.batch_size)
    sources = ArrayImages(natural.copy()), [ArrayImages(generated.copy())]
    task = ClassifierTask(values.architecture, config, *sources, seed=0)
    step = tf.function(task.train_step)
    theirs = application(values.architecture, shape)

    def train() -> None:
        for index in range(values.steps):
            metrics = step(tf.constant(index, tf.int64), *map(tf.constant, task.batch(index)))
        float(metrics["loss"])

    def fit() -> None:
        theirs.fit(images, labels, batch_size=values.batch_size, epochs=1, verbose=0)

    print(f"{values.architecture}, {values.resolution}x{values.resolution}, {values.batch_size}")
    print("Training")
    print_rates(medians({THEIRS: fit, OURS: train}, values.repeats), count, THEIRS)
    everything = ArrayImages(images.copy())
    inference = {
        THEIRS: lambda: theirs.predict(images, batch_size=values.batch_size, verbose=0),
        OURS: lambda: predict(task.model, everything),
    }
    print("Inference")
    print_rates(medians(inference, values.repeats), count, THEIRS)


if __name__ == "__main__":
    flags.DEFINE_enum("architecture", "mobilenet_v2", list(APPLICATIONS), "The network.")
    flags.DEFINE_integer("resolution", 64, "Height and width of the images.", lower_bound=32)
    flags.DEFINE_integer("batch_size", 32, "Images of a step.", lower_bound=2)
    flags.DEFINE_integer("steps", 10, "Steps of a repeat.", lower_bound=1)
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    command.run(main)
