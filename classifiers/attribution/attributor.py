"""A trained attributor together with what is needed to use it: a folder of two files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gan_knowledge_gaps.classifiers.attribution.naming import UNKNOWN
from gan_knowledge_gaps.data import Images, InputError, atomic_path, read_json, write_json
from gan_knowledge_gaps.data.json_files import NUMBER, OBJECT, TEXT, WHOLE, above, at_least, one_of
from gan_knowledge_gaps.data.resize import FILTERS
from gan_knowledge_gaps.metrics.open_set import max_logit

if TYPE_CHECKING:
    import keras

INFO = "attributor.json"
_SHAPE = {
    "classes": [TEXT], "temperature": above(0), "thresholds": [NUMBER],
    "resize_filter": one_of(*FILTERS), "common_size?": at_least(1, WHOLE), "audit?": OBJECT,
}  # fmt: skip
_ADVICE = "put it right, or take it from the attributor's training again"


@dataclasses.dataclass(frozen=True, eq=False)
class Attributor:
    """A classifier that tells which of several generators made an image, or that none of them did.

    It has what `classifiers.detection` asks of a detector to read pictures: `image_shape`,
    `resize_filter`, `patches`, `info` and `logits`.

    Attributes:
        model: images [N, H, W, C] in [0, 255] to logits [N, K].
        classes: names of the K classes; the first is "natural".
        temperature: what logits are divided by to become calibrated.
        thresholds: of the largest logit, one for each class that it may be of, below which an image
            is of no known class; empty to refuse none.
        resize_filter: "lanczos" or "box", by which images are made to fit, as in the training.
        info: what else is known: architecture, training data, metrics; JSON values.
    """

    patches: ClassVar[None] = None  # pictures are resized
    model: keras.Model
    classes: tuple[str, ...]
    temperature: float = 1.0
    thresholds: tuple[float, ...] = ()
    resize_filter: str = "lanczos"
    info: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images that the model takes."""
        return tuple(self.model.input_shape[1:])

    def logits(self, images: Images) -> np.ndarray:
        """Logits as the model gives them, float32 [N, K]."""
        from gan_knowledge_gaps.classifiers.scoring import predict

        return predict(self.model, images)

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """P(class | one of the known ones made it) of logits [N, K], calibrated, float64 [N, K]."""
        from scipy.special import softmax

        return softmax(np.asarray(logits, np.float64) / self.temperature, axis=1)

    def called(self, logits: np.ndarray) -> np.ndarray:
        """Classes that images are called, by their logits [N, K]: int64 [N], K for unknown."""
        likeliest = logits.argmax(axis=1)
        if not self.thresholds:
            return likeliest
        known = max_logit(logits) >= np.array(self.thresholds)[likeliest]
        return np.where(known, likeliest, len(self.classes))

    def name(self, called: int) -> str:
        """The name of what an image is called."""
        return self.classes[called] if called < len(self.classes) else UNKNOWN

    def save(self, folder: Path) -> None:
        """Writes both files; attributor.json last, each whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        from gan_knowledge_gaps.training.keras_models import MODEL

        with atomic_path(folder / MODEL) as temporary:
            self.model.save(temporary)
        known = {
            "classes": list(self.classes), "temperature": self.temperature,
            "thresholds": list(self.thresholds), "resize_filter": self.resize_filter,
        }  # fmt: skip
        write_json(folder / INFO, known | self.info)


def load_attributor(folder: str | Path) -> Attributor:
    """An attributor from its folder.

    Args:
        folder: what `Attributor.save` wrote, or the model.keras in it.

    Raises:
        InputError: there is none, or it is damaged.
    """
    from gan_knowledge_gaps.training.keras_models import (
        classifier_file,
        last_activation,
        load_model,
        shapes,
    )

    file = classifier_file(folder)
    if not file.with_name(INFO).exists():
        raise InputError(
            f"{folder} holds no attributor, which has a file {INFO}: give the --run of "
            "classifiers.train_attributor"
        )
    info = read_info(file.with_name(INFO))
    model = load_model(file, "--attributor")
    takes, gives = shapes(model)
    if not (
        isinstance(takes, tuple)
        and len(takes) == 4
        and gives == (None, len(info["classes"]))
        and last_activation(model) == "linear"
    ):
        raise InputError(f"{file} gives no logits of the classes in {INFO}: {_ADVICE}")
    names = ("classes", "temperature", "thresholds", "resize_filter")
    classes, temperature, thresholds, resize_filter = (info.pop(name) for name in names)
    return Attributor(
        model, tuple(classes), float(temperature), tuple(thresholds), resize_filter, info
    )


def read_info(path: Path) -> dict[str, Any]:
    """What an attributor's file says; InputError where it is damaged."""
    info = read_json(path, _SHAPE, _ADVICE)
    if len(set(info["classes"])) < max(2, len(info["classes"])):
        raise InputError(f"{path} is damaged: {_ADVICE} (classes are not two or more names)")
    if len(info["thresholds"]) not in (0, len(info["classes"])):
        raise InputError(f"{path} is damaged: {_ADVICE} (thresholds are not one for each class)")
    return info
