"""Logistic regression on the radial spectrum: the baseline that a network must beat."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.classifiers.evaluation_inputs import at_most
from gan_knowledge_gaps.classifiers.linear import fit_linear
from gan_knowledge_gaps.classifiers.patches import mean_of_patches
from gan_knowledge_gaps.classifiers.perturbations import Perturbed
from gan_knowledge_gaps.classifiers.spectra import radial_profiles
from gan_knowledge_gaps.data import Images, InputError, read_json, write_json
from gan_knowledge_gaps.data.json_files import NUMBER, WHOLE, at_least
from gan_knowledge_gaps.data.patches import Patches

FILE = "baseline.json"
KINDS = "natural", "generated"
_PROFILE = {"mean": [NUMBER], "deviation": [NUMBER]}
_SHAPE = {
    "weights": [NUMBER], "bias": NUMBER, "jpeg_quality": at_least(0),
    "patches?": at_least(1, WHOLE), "profiles?": dict.fromkeys(KINDS, _PROFILE),
}  # fmt: skip
MOST = 2000  # images of each kind that it is fitted on


@dataclasses.dataclass(frozen=True, eq=False)
class Baseline:
    """A logistic regression on the radial power spectrum.

    Attributes:
        weights: of the log10 power in each ring of frequencies, [R].
        bias: of the logit.
        jpeg_quality: of the JPEG encoding that images pass through first, as in the network; 0 for
            none.
        patches: that are cut of pictures, as for the network; None for none.
        profiles: of both KINDS, mean and standard deviation of the log10 power in each ring, over
            the images that it was fitted on; empty if its training has kept none.
    """

    weights: np.ndarray
    bias: float
    jpeg_quality: int = 0
    patches: Patches | None = None
    profiles: dict[str, dict[str, list[float]]] = dataclasses.field(default_factory=dict)

    def logits(self, images: Images) -> np.ndarray:
        """Logits [N] of images of the size that it was fitted on, positive = generated.

        Args:
            images: of that size; with patches, strips of them, whose mean is taken.
        """

        def of_each(images: Images) -> np.ndarray:
            return self.features(images) @ self.weights + self.bias

        return mean_of_patches(of_each, images, self.patches)

    def features(self, images: Images) -> np.ndarray:
        """The log10 power of each image in each ring of frequencies, float64 [N, R]."""
        return spectrum_features(images, self.jpeg_quality)

    def save(self, folder: Path) -> None:
        """Writes it beside the detector that it is compared with."""
        weights = self.weights.tolist()
        values = {"weights": weights, "bias": self.bias, "jpeg_quality": self.jpeg_quality}
        values |= {} if self.patches is None else {"patches": self.patches.count}
        write_json(folder / FILE, values | ({"profiles": self.profiles} if self.profiles else {}))


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
    profiles = values.get("profiles", {})
    known = [profiles[kind][name] for kind in KINDS for name in _PROFILE if profiles]
    lists = [values["weights"], *known]
    if {len(each) for each in lists} != {min(image_shape[:2]) // 2}:
        raise InputError(f"{path} is of images of another size: delete it")
    count, (size, _, channels) = values.get("patches"), image_shape
    patches = None if count is None else Patches(size, channels, count)
    weights = np.array(values["weights"], float)
    return Baseline(weights, values["bias"], values["jpeg_quality"], patches, profiles)


def fit_baseline(
    natural: Images, generated: Images, jpeg_quality: int, patches: Patches | None = None
) -> Baseline:
    """Fits the baseline to training images; natural and generated ones weigh the same.

    Args:
        natural: of which at most MOST are taken.
        generated: likewise.
        jpeg_quality: of the network's JPEG encoding; 0 for none.
        patches: that are cut of pictures when it is used; the training images are single ones.
    """
    sets = at_most(natural, MOST), at_most(generated, MOST)
    features = [spectrum_features(images, jpeg_quality) for images in sets]
    labels = np.repeat([0, 1], [len(each) for each in features])
    weights, bias = fit_linear(np.concatenate(features), labels)
    profiles = {
        kind: {"mean": each.mean(axis=0).tolist(), "deviation": each.std(axis=0).tolist()}
        for kind, each in zip(KINDS, features, strict=True)
    }
    return Baseline(weights, bias, jpeg_quality, patches, profiles)


def baseline_line(detector: float, baseline: float) -> str:
    """A line that compares the AUC of a network with the baseline's."""
    line = f"AUC {detector:.3f}; logistic regression on the radial spectrum reaches {baseline:.3f}"
    return line if detector >= baseline else f"warning: {line}: the network is worse"


def spectrum_features(images: Images, jpeg_quality: int) -> np.ndarray:
    """What it is fitted to: the log10 power in each ring of frequencies, float64 [N, R].

    Args:
        images: any.
        jpeg_quality: of the encoding that they pass through first; 0 for none.
    """
    return radial_profiles(Perturbed(images, "jpeg", jpeg_quality) if jpeg_quality else images)
