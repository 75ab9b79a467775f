"""What an attributor reaches on images that do not train."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor
from gan_knowledge_gaps.classifiers.attribution.fitting import joined
from gan_knowledge_gaps.classifiers.baseline import MOST, spectrum_features
from gan_knowledge_gaps.classifiers.evaluation_inputs import at_most
from gan_knowledge_gaps.classifiers.linear import fit_linear_classes
from gan_knowledge_gaps.data import Images


@dataclasses.dataclass(frozen=True, eq=False)
class Results:
    """Logits of images that do not train.

    Attributes:
        attributor: whose they are.
        known: of the images of each class, [N, K], in the order of the classes.
        unknown: of other generators' images, [N, K], by their names.
        baseline: the accuracy of a logistic regression on the radial power spectrum.
    """

    attributor: Attributor
    known: Sequence[np.ndarray]
    unknown: Mapping[str, np.ndarray]
    baseline: float

    def calls(self, logits: np.ndarray) -> list[int]:
        """How many of some images are called each class, and unknown: [K + 1]."""
        called = self.attributor.called(logits)
        return np.bincount(called, minlength=len(self.known) + 1).tolist()

    def refused(self, logits: np.ndarray) -> float:
        """Share of images that are called unknown."""
        return self.calls(logits)[-1] / len(logits)

    @property
    def accuracies(self) -> list[float]:
        """Of each class the share of images whose largest logit is its own, refused or not."""
        return [
            float(np.mean(logits.argmax(axis=1) == label))
            for label, logits in enumerate(self.known)
        ]

    @property
    def accuracy(self) -> float:
        """The mean of these: each class weighs the same."""
        return float(np.mean(self.accuracies))

    def figures(self) -> dict[str, Any]:
        """What the attributor's folder says of it; JSON values."""
        return {
            "accuracy": self.accuracy,
            "baseline_accuracy": self.baseline,
            "refused": float(np.mean([self.refused(logits) for logits in self.known])),
            "unknown_refused": {name: self.refused(each) for name, each in self.unknown.items()},
        }

    def summary(self) -> str:
        """What a reader should know first."""
        figures, classes = self.figures(), len(self.known)
        lines = [
            f"Of {classes} classes, {self.accuracy:.1%} of the images are recognised (guessing: "
            f"{1 / classes:.1%}; a logistic regression on the radial spectrum: {self.baseline:.1%})"
            f", and {figures['refused']:.1%} are called unknown."
        ]
        if self.accuracy < self.baseline:
            lines.append("Warning: the network is worse than the regression.")
        lines += [
            f"Of {name}, which does not train, {share:.1%} are called unknown."
            for name, share in figures["unknown_refused"].items()
        ]
        return " ".join(lines)


def scored(
    attributor: Attributor,
    known: Sequence[Images],
    unknown: Mapping[str, Images],
    baseline: float,
) -> Results:
    """An attributor's logits of images that do not train.

    Args:
        attributor: any.
        known: images of each class.
        unknown: images of other generators, by their names.
        baseline: as of `baseline_accuracy`.
    """
    return Results(
        attributor,
        [attributor.logits(images) for images in known],
        {name: attributor.logits(images) for name, images in unknown.items()},
        baseline,
    )


def baseline_accuracy(
    train: Sequence[Images], evaluation: Sequence[Images], jpeg_quality: int
) -> float:
    """What two seconds of logistic regression on the radial power spectrum reach.

    Args:
        train: images of each class, of which at most MOST are taken.
        evaluation: images of each class that do not train.
        jpeg_quality: of the network's JPEG encoding; 0 for none.

    Returns:
        The mean over classes of the share of images that are recognised.
    """
    features, labels = joined([spectrum_features(at_most(x, MOST), jpeg_quality) for x in train])
    kernel, bias = fit_linear_classes(features, labels)
    called = [
        (spectrum_features(x, jpeg_quality) @ kernel + bias).argmax(axis=1) for x in evaluation
    ]
    return float(np.mean([np.mean(each == label) for label, each in enumerate(called)]))
