"""The loss of frozen classifiers that a generator must fool (slides, "Setup")."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import with_jpeg_mode


class FoolingLoss:
    """`-phi * sum_j log C_j(image)`, C_j being classifier j's probability of "natural".

    A classifier's logit is positive for "generated", so `-log C_j = softplus(logit_j)`. Which
    classifiers are given makes the experiment: one of each earlier iteration for "fool all", only
    the last iteration's for "memoryless".

    Construction checks that a gradient reaches the images through every classifier. Some
    preprocessing (JPEG, rounding) has the gradient None or zero without an error, and the fooling
    term would then vanish from the training unnoticed.

    Args:
        classifiers: frozen models from images [N, H, W, C] in [0, 255], float32, to logits [N, 1]
            or [N]. They run in inference mode, and their variables are not trained.
        phi: weight of the term, at least 0.
        image_shape: (H, W, C) of the images.
        jpeg: the gradient of a classifier's JPEG encoding: one of JPEG_MODES, see `JPEGEncoding`.
            The paper does not say what its loss sees.

    Attributes:
        phi: the weight, a variable.
        graph: what its graph depends on; see `Task.graph`.

    Raises:
        InputError: phi is negative or not finite, or a classifier takes no such images, gives them
            several logits each, or blocks the gradient.

    Example:
        >>> import tensorflow as tf
        >>> from gan_knowledge_gaps.classifiers import build
        >>> from gan_knowledge_gaps.training.fooling import FoolingLoss
        >>> classifiers = [build("cnn", (28, 28, 1), seed) for seed in range(2)]
        >>> fooling = FoolingLoss(classifiers, phi=0.1, image_shape=(28, 28, 1))
        >>> fooling(tf.zeros((4, 28, 28, 1))).shape
        TensorShape([4])
    """

    def __init__(
        self,
        classifiers: Sequence[Callable[..., tf.Tensor]],
        phi: float,
        image_shape: tuple[int, int, int],
        jpeg: str = "differentiable",
    ):
        if not 0 <= phi < float("inf"):
            raise InputError(f"phi is {phi}; it must be a number of at least 0")
        self.phi = tf.Variable(phi, trainable=False, dtype=tf.float32, name="phi")
        self.graph = tuple(classifiers), tuple(image_shape), jpeg
        self.classifiers = tuple(
            with_jpeg_mode(each, jpeg, "auto") if isinstance(each, keras.Model) else each
            for each in classifiers
        )
        for position, classifier in enumerate(self.classifiers):
            _check(classifier, position, image_shape)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """The loss of each image: [N, H, W, C] in [0, 255] to [N], float32."""
        loss = tf.zeros(tf.shape(images)[:1])
        for classifier in self.classifiers:
            loss += tf.nn.softplus(_logits(classifier, images))
        return self.phi * loss


def _logits(classifier: Callable[..., tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tf.cast(classifier(images, training=False), tf.float32), [-1])


def _check(classifier, position: int, image_shape: tuple[int, int, int]) -> None:
    images = tf.random.stateless_uniform((4, *image_shape), seed=(0, position), maxval=255.0)
    name = getattr(classifier, "name", type(classifier).__name__)
    with tf.GradientTape() as tape:
        tape.watch(images)
        try:
            logits = _logits(classifier, images)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            size = "x".join(map(str, image_shape))
            raise InputError(
                f"classifier {position} ({name}) takes no images of {size}, the generator's"
            ) from error
    if len(logits) != len(images):
        raise InputError(
            f"classifier {position} ({name}) must give each image one logit, and gave "
            f"{len(images)} images {len(logits)}"
        )
    try:
        gradient = tape.gradient(logits, images)
    except LookupError:  # TensorFlow has no gradient for an operation of its own
        gradient = None
    if gradient is None or not bool(tf.reduce_any(gradient != 0)):
        raise InputError(
            f"no gradient reaches the images through classifier {position} ({name}), so nothing "
            "could learn to fool it; its preprocessing must be differentiable"
        )
