"""Which share of a generator's images classifiers detect, while it is trained to fool them."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

IMAGES = 256  # that are looked at: a rate of one half is then known to 3 %
IN_LOSS, HIGHEST, HELD_OUT = "detection_in_loss", "detection_highest", "detection_held_out"
_BATCH = 32

Logits = Callable[[np.ndarray], np.ndarray]  # uint8 [N, H, W, C] to [N], positive = generated


class DetectionWatch:
    """Measures detection rates as metrics of a training, for `Loop`.

    They are detection_in_loss, the mean over the classifiers in the loss; detection_highest, of the
    one of several that detects most; and detection_held_out, of one that is in no loss. A GAN that
    fools what it should brings the first down; one that does not move it in many images will not.

    Args:
        sample: gives images of the generator as it is now, uint8 [N, H, W, C].
        in_loss: the logits of each classifier in the loss.
        held_out: gives those of one that is in no loss; None while there is none.
    """

    def __init__(
        self,
        sample: Callable[[], np.ndarray],
        in_loss: Sequence[Logits],
        held_out: Callable[[], Logits | None],
    ):
        self._sample, self._in_loss, self._held_out = sample, tuple(in_loss), held_out

    def __call__(self) -> dict[str, float]:
        """The rates, by their names in the log."""
        images = self._sample()
        rates = [_rate(logits, images) for logits in self._in_loss]
        found = {IN_LOSS: float(np.mean(rates))}
        if len(rates) > 1:
            found[HIGHEST] = max(rates)
        held_out = self._held_out()
        return found if held_out is None else found | {HELD_OUT: _rate(held_out, images)}


def logits_of(model: keras.Model) -> Logits:
    """The logits of a classifier of images [N, H, W, C] in [0, 255], in inference mode."""

    @tf.function(reduce_retracing=True)
    def forward(images: tf.Tensor) -> tf.Tensor:
        return tf.reshape(model(tf.cast(images, tf.float32), training=False), [-1])

    def logits(images: np.ndarray) -> np.ndarray:
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([forward(tf.constant(part)).numpy() for part in parts])

    return logits


def _rate(logits: Logits, images: np.ndarray) -> float:
    return float(np.mean(logits(images) > 0))
