"""The DCGAN training step, in images/s, beside the same networks under `keras.Model.fit`.

The other side is a `keras.Model` with its own `train_step`, trained by `fit` from a `tf.data`
pipeline, in two ways: with the same update as ours, from one generated batch, and as the Keras
guides write a GAN, which generates a batch for each network. All run with deterministic operations.

    python -m benchmarks.dcgan_step [--width=1] [--batch_size=64] [--steps=20] [--repeats=5]
"""

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask, build_discriminator, build_generator
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.timing import medians

IMAGES = 4096


class FitGAN(keras.Model):
    """A GAN for `fit`, with the update of `DCGANTask`."""

    def __init__(self, config: DCGANConfig):
        super().__init__()
        self.config = config
        self.generator = build_generator(config.latent_dim, config.width)
        self.discriminator = build_discriminator(config.width)
        self.entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.optimizers = [
            keras.optimizers.Adam(config.generator_learning_rate, config.beta_1),
            keras.optimizers.Adam(config.discriminator_learning_rate, config.beta_1),
        ]

    def train_step(self, natural):
        """Updates both networks from one generated batch."""
        size = tf.shape(natural)[0]
        natural = tf.cast(natural, tf.float32) / 127.5 - 1
        ones, zeros = tf.ones((size, 1)), tf.zeros((size, 1))
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            generated = self.generator(self._latents(size), training=True)
            logits = self.discriminator(generated, training=True)
            generator_loss = self.entropy(ones, logits)
            natural_logits = self.discriminator(natural, training=True)
            discriminator_loss = self.entropy(zeros, logits) + self.entropy(ones, natural_logits)
        self._update(0, self.generator, generator_tape, generator_loss)
        self._update(1, self.discriminator, discriminator_tape, discriminator_loss)
        return {"discriminator_loss": discriminator_loss, "generator_loss": generator_loss}

    def _latents(self, size: tf.Tensor) -> tf.Tensor:
        return keras.random.normal((size, self.config.latent_dim))

    def _update(self, index: int, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor):
        variables = network.trainable_variables
        self.optimizers[index].apply(tape.gradient(loss, variables), variables)


class GuideGAN(FitGAN):
    """A GAN for `fit`, after the Keras guides: a generated batch for each network."""

    def train_step(self, natural):
        """Updates the discriminator, then the generator, from a forward pass each."""
        size = tf.shape(natural)[0]
        natural = tf.cast(natural, tf.float32) / 127.5 - 1
        generated = self.generator(self._latents(size), training=True)
        with tf.GradientTape() as tape:
            logits = self.discriminator(tf.concat([natural, generated], axis=0), training=True)
            labels = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], axis=0)
            discriminator_loss = self.entropy(labels, logits)
        self._update(1, self.discriminator, tape, discriminator_loss)
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.generator(self._latents(size), training=True))
            generator_loss = self.entropy(tf.ones((size, 1)), logits)
        self._update(0, self.generator, tape, generator_loss)
        return {"discriminator_loss": discriminator_loss, "generator_loss": generator_loss}


def fit_steps(model: FitGAN, images: np.ndarray, steps: int):
    """A call that trains `steps` steps with `fit`."""
    model.compile()
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(IMAGES).repeat()
    batches = batches.batch(model.config.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    return lambda: model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)


def task_steps(config: DCGANConfig, images: np.ndarray, steps: int):
    """A call that trains `steps` steps as the training loop does."""
    task = DCGANTask(config, ArrayImages(images), seed=0)
    train_step = compile_step(task, tf.distribute.get_strategy())

    def call() -> None:
        for step in range(steps):
            metrics = train_step(step, tuple(map(tf.constant, task.batch(step))))
        float(metrics["generator_loss"])

    return call


def main() -> None:
    """Times both."""
    values = flags.FLAGS
    keras.utils.set_random_seed(0)  # `fit` draws from global generators, which must be seeded.
    config = DCGANConfig(width=values.width, batch_size=values.batch_size)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, 28, 28, 1), dtype=np.uint8)
    work = {
        "keras.Model.fit": fit_steps(FitGAN(config), images, values.steps),
        "keras.Model.fit, as in the guides": fit_steps(GuideGAN(config), images, values.steps),
        "DCGANTask": task_steps(config, images.copy(), values.steps),
    }
    seconds = medians(work, values.repeats)
    print(f"DCGAN training step, width {config.width:g}, batch {config.batch_size}")
    print_rates(seconds, values.steps * config.batch_size, baseline="keras.Model.fit")


if __name__ == "__main__":
    flags.DEFINE_float("width", 1.0, "Multiplier of the hidden layers' channels.")
    flags.DEFINE_integer("batch_size", 64, "Images in a step.")
    flags.DEFINE_integer("steps", 20, "Steps in a repeat.")
    flags.DEFINE_integer("repeats", 5, "Repeats.")
    command.run(main)
