"""What the page says of the detector, and of one picture."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from gan_knowledge_gaps.classifiers.baseline import KINDS, Baseline
from gan_knowledge_gaps.classifiers.detection.batches import predicted
from gan_knowledge_gaps.classifiers.detection.pictures import Reading
from gan_knowledge_gaps.classifiers.detection.predictions import Thresholds
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.hires_cam import hires_cam, overlay
from gan_knowledge_gaps.classifiers.serving.signatures import LOGIT, PROBABILITY
from gan_knowledge_gaps.classifiers.web.file_facts import file_facts
from gan_knowledge_gaps.data import ArrayImages, InputError, encode_png
from gan_knowledge_gaps.metrics.prior import prior_shift

SHARE = 99.5  # percentile of a map that has the last colour


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A detector, and how it is asked.

    Attributes:
        name: of its folder.
        detector: any that takes squares of one size.
        thresholds: where verdicts change, for the prior.
        prior: share of generated pictures among those that come in.
        baseline: whose average spectra are shown; None where its folder has none.
        has_maps: whether HiResCAM knows its network.
    """

    name: str
    detector: Detector
    thresholds: Thresholds
    prior: float
    baseline: Baseline | None = None
    has_maps: bool = True

    def scores(self, logits: np.ndarray) -> tuple[list[float], list[float]]:
        """P(generated), and the calibrated logits of which that is the sigmoid."""
        shift = prior_shift(self.prior)
        calibrated = logits.astype(np.float64) / self.detector.temperature + shift
        return self.detector.probability(logits, self.prior).tolist(), calibrated.tolist()

    def verdict(self, reading: Reading, logits: np.ndarray) -> dict[str, Any]:
        """What `classifiers.detect` says of a picture, as JSON values.

        Raises:
            InputError: it could not be read.
        """
        found = predicted(self.detector, reading, logits, self.thresholds, self.prior)
        if found.error:
            raise InputError(found.error)
        logit = self.scores(logits)[1][0]
        return {PROBABILITY: found.probability, LOGIT: logit, "verdict": found.verdict}

    def explanation(self, reading: Reading, contents: bytes) -> dict[str, Any]:
        """What the detector sees of a picture, and what its file tells, as JSON values."""
        image = reading.images[0][: self.detector.image_shape[0]]  # of patches, the central one
        explained: dict[str, Any] = {"seen": _png(image), "facts": file_facts(contents)}
        if reading.provenance:
            explained["facts"].insert(0, ("The file says", reading.provenance))
        if self.has_maps:
            maps = hires_cam(self.detector.model, image[None])
            most = float(np.percentile(maps, SHARE)) or float(maps.max())
            explained["map"] = _png(overlay(image[None], maps, most)[0])
            explained["map_is_empty"] = most == 0.0
        if self.baseline is not None:
            explained["spectrum"] = self.baseline.features(ArrayImages(image[None]))[0].tolist()
        return explained

    def values(self) -> dict[str, Any]:
        """What the page's script needs to know, as JSON values."""
        spectra: dict[str, Any] | None = None
        if self.baseline is not None:
            count = len(self.baseline.weights)
            side = self.detector.image_shape[0]
            spectra = {"frequencies": [(ring + 1) / side for ring in range(count)]}
            spectra.update({kind: self.baseline.profiles[kind] for kind in KINDS})
        return {
            "prior": self.prior, "thresholds": dataclasses.asdict(self.thresholds),
            "spectra": spectra, "has_maps": self.has_maps, "side": self.detector.image_shape[0],
            "patches": self.detector.info.get("patches"),
        }  # fmt: skip

    def facts(self) -> dict[str, str]:
        """What stands on the page of the detector itself."""
        info, (height, width, channels) = self.detector.info, self.detector.image_shape
        common, patches = info.get("common_size"), info.get("patches")
        where = f"{patches} patches of" if patches else "the central square at"
        named = [Path(each["path"]).name for each in _objects(info.get("generated"), path=str)]
        facts = {
            "detector": self.name,
            "architecture": info.get("architecture", self.detector.model.name),
            "looks at": f"{where} {height} x {width} pixels, "
            + ("grey" if channels == 1 else "RGB")
            + (f", brought to {common} pixels first" if common else ""),
            "knows generators": ", ".join(named) or "not recorded",
            "temperature": f"{self.detector.temperature:.4g}",
            "called generated": f"above P = {self.thresholds.generated:.4g}",
        }
        if self.thresholds.uncertain < self.thresholds.generated:
            facts["called uncertain"] = f"above P = {self.thresholds.uncertain:.4g}"
        return facts

    def threshold_line(self) -> str:
        """Where the thresholds come from."""
        known = self.detector.info.get("calibration")
        if known is None or self.detector.thresholds(self.prior) != self.thresholds:
            return (
                "The threshold was not chosen by pictures of yours: with classifiers.calibrate you "
                "say how many natural ones may be called generated."
            )
        line = f"The threshold was chosen by {known.get('pictures', 'some')} natural pictures"
        rate = known.get("false_positive_rate")
        is_told = isinstance(rate, float)
        return line + (f", of which at most {rate:.2%} are called generated." if is_told else ".")

    def figures(self) -> list[dict[str, Any]]:
        """What it reached on held-out pictures of its training, by generator."""
        rates = dict.fromkeys(("detection_rate", "natural_accuracy", "roc_auc"), float)
        return _objects(self.detector.info.get("figures"), path=str, **rates)


def can_be_mapped(detector: Detector) -> bool:
    """Whether HiResCAM knows the network, which it runs once."""
    black = np.zeros((1, *detector.image_shape), np.uint8)
    detector.logits(ArrayImages(black))
    try:
        hires_cam(detector.model, black)
    except Exception:  # a network that is not of `classifiers.build` fails in any way
        return False
    return True


def _objects(value: Any, **kinds: type) -> list[dict[str, Any]]:
    """Those objects of a JSON list that have these keys, with values of these kinds."""
    return [
        each
        for each in (value if isinstance(value, list) else [])
        if isinstance(each, dict)
        and all(isinstance(each.get(name), kind) for name, kind in kinds.items())
    ]


def _png(image: np.ndarray) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()
