"""StyleGAN2's losses, as functions of logits, images and gradients.

Each gives the loss of each image [N], so that means are taken once, over the global batch.
"""

from collections.abc import Callable

import tensorflow as tf


def generator_logistic(generated_logits: tf.Tensor) -> tf.Tensor:
    """The non-saturating logistic loss: -log D (Goodfellow et al. 2014); [N, 1] to [N]."""
    return tf.nn.softplus(-generated_logits)[:, 0]


def discriminator_logistic(generated_logits: tf.Tensor, natural_logits: tf.Tensor) -> tf.Tensor:
    """The logistic loss: -log (1 - D(generated)) - log D(natural); [N, 1] both to [N]."""
    return (tf.nn.softplus(generated_logits) + tf.nn.softplus(-natural_logits))[:, 0]


def r1_penalty(
    discriminator: Callable[[tf.Tensor], tf.Tensor], natural: tf.Tensor, gamma: float
) -> tf.Tensor:
    """gamma / 2 times the squared gradient at natural images (Mescheder et al. 2018).

    Args:
        discriminator: images [N, H, W, C] to logits [N, 1].
        natural: [N, H, W, C] in [-1, 1].
        gamma: weight of the penalty.

    Returns:
        [N]. Differentiable with respect to the discriminator's variables.
    """
    with tf.GradientTape() as tape:
        tape.watch(natural)
        logits = tf.reduce_sum(discriminator(natural))
    gradient = tape.gradient(logits, natural)
    return gamma / 2 * tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3])


def path_lengths(
    synthesis: Callable[[tf.Tensor], tf.Tensor], w: tf.Tensor, noise: tf.Tensor
) -> tf.Tensor:
    """How far an image moves, in a random direction, for a step in w (Karras et al. 2020, eq. 4).

    The gradient of sum(image * noise) with respect to w, the noise divided by the root of the
    number of pixels; its length over the dimensions of w, as a root mean square over the layers.

    Args:
        synthesis: w to images [N, H, W, C].
        w: [N, num_layers, w_dim].
        noise: standard normal, [N, H, W, C].

    Returns:
        [N]. Differentiable with respect to the synthesis network's variables and to w.
    """
    pixels = tf.cast(tf.shape(noise)[1] * tf.shape(noise)[2], noise.dtype)
    with tf.GradientTape() as tape:
        tape.watch(w)
        projected = tf.reduce_sum(synthesis(w) * noise) * tf.math.rsqrt(pixels)
    gradient = tape.gradient(projected, w)  # [N, num_layers, w_dim]
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=2), axis=1))


def path_length_penalty(
    lengths: tf.Tensor, mean: tf.Tensor, decay: float, weight: float
) -> tf.Tensor:
    """weight times the squared distance of path lengths from their running mean (eq. 4).

    The mean is the one that these lengths have already moved, and the gradient goes through it, as
    in the published training.

    Args:
        lengths: [N].
        mean: the running mean before these lengths, a scalar.
        decay: how far the mean of the lengths moves it, 0 ... 1.
        weight: of the penalty.

    Returns:
        [N].
    """
    moved = mean + decay * (tf.reduce_mean(lengths) - mean)
    return weight * tf.square(lengths - moved)
