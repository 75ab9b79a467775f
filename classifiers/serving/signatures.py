"""A detector as a SavedModel: no code of this project is needed to run it."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.serving.decoding import decode_batch
from gan_knowledge_gaps.training.complete_models import LOGIT, PROBABILITY
from gan_knowledge_gaps.training.paths import utf8_folder

BYTES, IMAGES = "serving_default", "serve_images"

Answers = dict[str, tf.Tensor]


def write_saved_model(detector: Detector, folder: Path) -> None:
    """Writes a SavedModel with two signatures.

    `serving_default` takes `image_bytes`, strings [N]: JPEG and PNG files of any sizes.
    `serve_images` takes `images`, float32 [N, H, W, C] in [0, 255], of the model's size: where it
    takes patches of pictures, single patches.

    Both give `logit`, the model's divided by the temperature, and `probability_generated`, its
    sigmoid; float32 [N].

    Args:
        detector: any.
        folder: to write; it must not exist.

    Raises:
        InputError: the detector takes no squares of one size.
    """
    crop_resize, answer = crop_resize_of(detector), answering(detector)
    count = 1 if detector.patches is None else detector.patches.count
    of_pictures = answering(detector, count)

    def from_bytes(image_bytes: tf.Tensor) -> Answers:
        images = tf.cast(decode_batch(image_bytes, crop_resize), tf.float32)
        return of_pictures(tf.reshape(images, [-1, *detector.image_shape]))

    archive = keras.export.ExportArchive()
    archive.track(detector.model)
    archive.add_endpoint(BYTES, from_bytes, [tf.TensorSpec([None], tf.string, "image_bytes")])
    archive.add_endpoint(IMAGES, answer, [images_spec(detector)])
    with utf8_folder(folder.parent) as readable:
        archive.write_out(readable / folder.name, verbose=False)


def write_images_model(detector: Detector, folder: Path) -> None:
    """Writes a SavedModel with the signature `serve_images` only; see `write_saved_model`."""
    archive = keras.export.ExportArchive()
    archive.track(detector.model)
    archive.add_endpoint(IMAGES, answering(detector), [images_spec(detector)])
    archive.write_out(folder, verbose=False)


def answering(detector: Detector, count: int = 1) -> Callable[[tf.Tensor], Answers]:
    """A function from images, float32 [count * N, H, W, C] in [0, 255], to what is served.

    Args:
        detector: any.
        count: consecutive images whose logits' mean is taken.
    """

    def answer(images: tf.Tensor) -> Answers:
        logits = detector.model(images, training=False)[:, 0] / detector.temperature
        logits = tf.reduce_mean(tf.reshape(logits, [-1, count]), axis=1) if count > 1 else logits
        return {PROBABILITY: tf.sigmoid(logits), LOGIT: logits}

    return answer


def images_spec(detector: Detector) -> tf.TensorSpec:
    """What images look like: float32 [N, H, W, C]."""
    return tf.TensorSpec([None, *detector.image_shape], tf.float32, "images")
