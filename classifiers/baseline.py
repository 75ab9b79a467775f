"""What two seconds of logistic regression reach: the bar that a network must be above."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.classifiers.evaluation_inputs import at_most
from gan_knowledge_gaps.classifiers.linear import fit_linear
from gan_knowledge_gaps.classifiers.perturbations import Perturbed
from gan_knowledge_gaps.classifiers.spectra import radial_profiles
from gan_knowledge_gaps.data import Images, InputError, read_json, write_json
from gan_knowledge_gaps.data.json_files import NUMBER, at_least

FILE = "baseline.json"
_SHAPE = {"weights": [NUMBER], "bias": NUMBER, "jpeg_quality": at_least(0)}
MOST = 2000  # images of each kind that it is fitted on


@dataclasses.dataclass(frozen=True, eq=False)
class Baseline:
    """A logistic regression on the radial power spectrum.

    Attributes:
        weights: of the log10 power in each ring of frequencies, [R].
        bias: of the logit.
        jpeg_quality: of the JPEG encoding that images pass through first, as in the network; 0 for
            none.
    """

    weights: np.ndarray
    bias: float
    jpeg_quality: int = 0

    def logits(self, images: Images) -> np.ndarray:
        """Logits [N] of images of the size that it was fitted on, positive = generated."""
        return spectrum_features(images, self.jpeg_quality) @ self.weights + self.bias

    def save(self, folder: Path) -> None:
        """Writes it beside the detector that it is compared with."""
        weights = self.weights.tolist()
        values = {"weights": weights, "bias": self.bias, "jpeg_quality": self.jpeg_quality}
        write_json(folder / FILE, values)


def load_baseline(detector: str | Path, image_shape: tuple[int, int, int]) -> Baseline | None:
    """The baseline beside a detector, if its training has left one.

    Args:
        detector: folder or `.keras` file of a detector.
        image_shape: (H, W, C) of the detector's images.

    Raises:
        InputError: it is damaged, or of images of another size.
    """
    from gan_knowledge_gaps.training.keras_models import classifier_file

    path = classifier_file(detector).with_name(FILE)
    if not path.exists():
        return None
    values = read_json(path, _SHAPE, "delete it, or take it from the detector's training again")
    if len(values["weights"]) != min(image_shape[:2]) // 2:
        raise InputError(f"{path} is of images of another size: delete it")
    return Baseline(np.array(values["weights"], float), values["bias"], values["jpeg_quality"])


def fit_baseline(natural: Images, generated: Images, jpeg_quality: int) -> Baseline:
    """Fits it to training images; each kind weighs half.

    Args:
        natural: of which at most MOST are taken.
        generated: likewise.
        jpeg_quality: of the network's JPEG encoding; 0 for none.
    """
    sets = at_most(natural, MOST), at_most(generated, MOST)
    features = [spectrum_features(images, jpeg_quality) for images in sets]
    labels = np.repeat([0, 1], [len(each) for each in features])
    return Baseline(*fit_linear(np.concatenate(features), labels), jpeg_quality)


def baseline_line(detector: float, baseline: float) -> str:
    """Whether a network earns its keep, by its AUC and the baseline's."""
    line = f"AUC {detector:.3f}; logistic regression on the radial spectrum reaches {baseline:.3f}"
    return line if detector >= baseline else f"warning: {line}: the network is worse"


def spectrum_features(images: Images, jpeg_quality: int) -> np.ndarray:
    """What it is fitted to: the log10 power in each ring of frequencies, float64 [N, R].

    Args:
        images: any.
        jpeg_quality: of the encoding that they pass through first; 0 for none.
    """
    return radial_profiles(Perturbed(images, "jpeg", jpeg_quality) if jpeg_quality else images)
