"""A trained classifier together with what is needed to use it: a folder of two files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_knowledge_gaps.classifiers.config import ClassifierConfig
from gan_knowledge_gaps.classifiers.detection.predictions import Thresholds
from gan_knowledge_gaps.data import Images, atomic_path, read_json, write_json
from gan_knowledge_gaps.data.json_files import NUMBER, OBJECT, TEXT, WHOLE, above, at_least, one_of
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.resize import FILTERS
from gan_knowledge_gaps.metrics.prior import BALANCED, prior_shift
from gan_knowledge_gaps.training.config import json_shape

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

INFO = "detector.json"
_SET = {"path": TEXT, "fingerprint?": TEXT}
_SHAPE = {
    "calibration?": {"threshold": NUMBER, "uncertain_threshold": NUMBER},
    "temperature?": above(0), "resize_filter?": one_of(*FILTERS), "architecture?": TEXT,
    "classifier?": json_shape(ClassifierConfig) | {"width?": above(0)}, "augmentation?": OBJECT,
    "groups?": TEXT, "common_size?": at_least(1, WHOLE), "patches?": at_least(1, WHOLE),
    "audit?": OBJECT, "start?": TEXT, "natural?": _SET, "generated?": [_SET],
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Detector:
    """A classifier that tells generated images from natural ones.

    Attributes:
        model: images [N, H, W, C] in [0, 255] to logits [N, 1], positive = generated.
        temperature: what logits are divided by to become calibrated; 1 until it was fitted. It
            moves no decision.
        resize_filter: "lanczos" or "box", by which images are made to fit, as in the training.
        info: what else is known: architecture, training data, metrics; JSON values.

    Example:
        >>> from gan_knowledge_gaps.classifiers import load_detector
        >>> from gan_knowledge_gaps.data import open_path
        >>> detector = load_detector("runs/detector")  # of python -m classifiers.train
        >>> size, _, channels = detector.image_shape
        >>> photos = open_path("photos", size, channels, detector.resize_filter)
        >>> logits = detector.logits(photos.dataset.whole)
        >>> detector.probability(logits).shape  # P(generated) of each photo
        (50,)
    """

    model: keras.Model
    temperature: float = 1.0
    resize_filter: str = "lanczos"
    info: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images that the model takes."""
        return tuple(self.model.input_shape[1:])

    @property
    def patches(self) -> Patches | None:
        """What it cuts of a picture, whose logit is the mean of theirs; None if it resizes it."""
        count, (height, _, channels) = self.info.get("patches"), self.image_shape
        return None if count is None else Patches(height, channels, count)

    @property
    def settings(self) -> dict[str, Any]:
        """What is known of the detector, without the audit."""
        return {name: value for name, value in self.info.items() if name != "audit"}

    def logits(self, images: Images | tf.data.Dataset) -> np.ndarray:
        """Logits as the model gives them, float32 [N], positive = generated.

        Args:
            images: N of the model's size, or strips of `patches`; or a `tf.data.Dataset` of the
                model's size, as for `data.batches_of`.
        """
        from gan_knowledge_gaps.classifiers.patches import mean_of_patches
        from gan_knowledge_gaps.classifiers.scoring import predict

        shape = getattr(images, "shape", self.image_shape)
        patches = None if shape == self.image_shape else self.patches
        return mean_of_patches(lambda each: predict(self.model, each)[:, 0], images, patches)

    def probability(self, logits: np.ndarray, prior: float = BALANCED) -> np.ndarray:
        """P(generated) of logits, calibrated, float64 [N].

        Args:
            logits: [N], of the model.
            prior: share of generated images among those that come in, above 0 and below 1.
        """
        from scipy.special import expit

        return expit(np.asarray(logits, np.float64) / self.temperature + prior_shift(prior))

    def thresholds(self, prior: float = BALANCED) -> Thresholds:
        """The probabilities at which verdicts change: those of `classifiers.calibrate`, or 0.5.

        Args:
            prior: share of generated images, for which probabilities are told; without a
                calibration the threshold is a probability of 0.5 at any.
        """
        known = self.info.get("calibration")
        if known is None:
            return Thresholds()
        from scipy.special import expit

        ends = np.array([known["threshold"], known["uncertain_threshold"]])
        return Thresholds(*expit(ends + prior_shift(prior)).tolist())

    def save(self, folder: Path) -> None:
        """Writes model.keras and then detector.json, each whole or not at all.

        `keras.models.load_model` reads the first without this project; see
        `training.complete_models.complete` for what it then takes and gives.
        """
        folder.mkdir(parents=True, exist_ok=True)
        from gan_knowledge_gaps.training.complete_models import complete
        from gan_knowledge_gaps.training.keras_models import MODEL

        with atomic_path(folder / MODEL) as temporary:
            complete(self.model, self.temperature).save(temporary)
        self.save_info(folder)

    def save_info(self, folder: Path) -> None:
        """Writes detector.json beside a model.keras that is there already."""
        known = {"temperature": self.temperature, "resize_filter": self.resize_filter}
        write_json(folder / INFO, known | self.info)


def load_detector(path: str | Path) -> Detector:
    """A detector from its folder, or from the file of a model.

    Args:
        path: what `Detector.save` wrote, or the model.keras in it, which is the same detector; the
            folder of an experiment's classifier; or another `.keras` file, of which nothing but
            the temperature is known, if it is a detector's.

    Raises:
        InputError: there is no model, or it is damaged or no detector.
    """
    from gan_knowledge_gaps.training.keras_models import (
        MODEL,
        classifier_file,
        load_with_temperature,
    )

    file = classifier_file(path)
    model, temperature = load_with_temperature(path)
    info = _read_info(file.with_name(INFO)) if file.name == MODEL else {}
    temperature = float(info.pop("temperature", temperature))
    return Detector(model, temperature, info.pop("resize_filter", "lanczos"), info)


def _read_info(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    return read_json(path, _SHAPE, "put it right, or take it from the detector's training again")
