"""What held-out classifiers detect at 5 % false positives, and what needs no network, as CSV.

    python baselines.py WORKDIR UTKFACE

WORKDIR is that of `experiments.iterations`, which has trained everything; UTKFACE the zip file of
the faces. A baseline is a logistic regression, fitted to the images that trained an iteration's
held-out classifiers: on the shares of an image's colours, which know nothing of their places, or on
its radial power spectrum. Both see images as the classifiers do, after JPEG.
"""

import csv
import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from gan_knowledge_gaps.classifiers.baseline import fit_baseline
from gan_knowledge_gaps.classifiers.linear import fit_linear
from gan_knowledge_gaps.classifiers.perturbations import Perturbed
from gan_knowledge_gaps.data import Images, Joined, load
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.population import Iteration
from gan_knowledge_gaps.lab import Lab, measure, presets
from gan_knowledge_gaps.lab.specs import GAN
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.detection import detection_rate_at
from gan_knowledge_gaps.report import Measurement

QUALITY = 75  # of the classifiers' JPEG encoding
COLUMNS = [
    "what", "of iteration", "GANs of iteration", "natural called natural", "detected", "AUC",
    "detected at 5 % false positives", "std", "n",
]  # fmt: skip
Logits = Callable[[Images], np.ndarray]  # of images, positive = generated


class Detector(NamedTuple):
    """Logits [N], positive = generated, of the natural evaluation images and of any GAN's."""

    natural: np.ndarray
    generated: Callable[[GAN], np.ndarray]


def main(workdir: str, faces: str) -> None:
    """Prints a row for the detectors of each kind and iteration, on the GANs of each iteration."""
    lab, iterations = open_iterations(workdir, faces)
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    for number, iteration in enumerate(iterations):
        for what, detectors in kinds(lab, iteration):
            for tested, others in enumerate(iterations):
                pairs = [(d.generated(gan), d.natural) for d in detectors for gan in others.gans]
                rows.writerow([what, number, tested, *numbers(pairs)])


def open_iterations(workdir: str, faces: str) -> tuple[Lab, list[Iteration]]:
    """The lab of the experiment, and its iterations."""
    dataset = load("folder", faces, resolution=16, channels=3)
    lab = Lab(workdir, dataset, presets("stylegan2")["reduced"])
    size = dataclasses.replace(Iterations.presets["stylegan2"]["reduced"], iterations=2)
    return lab, Iterations(size, setting="stylegan2").iterations


def kinds(lab: Lab, iteration: Iteration) -> Iterator[tuple[str, list[Detector]]]:
    """The held-out classifiers of an iteration, and baselines of the GANs that trained them."""
    yield (
        "classifiers",
        [
            Detector(
                measure.natural_logits(lab, each),
                functools.partial(measure.generated_logits, lab, each),
            )
            for each in iteration.held_out_classifiers
        ],
    )
    natural = lab.dataset.train
    generated = Joined([lab.training_images(gan) for gan in iteration.held_out_gans])
    yield "spectrum", [baseline(lab, fit_baseline(natural, generated, QUALITY).logits)]
    yield "colours", [baseline(lab, fit_colours(natural, generated))]


def baseline(lab: Lab, logits: Logits) -> Detector:
    """A baseline on the evaluation images of a lab."""
    return Detector(logits(lab.dataset.evaluation), lambda gan: logits(lab.evaluation_images(gan)))


def fit_colours(natural: Images, generated: Images) -> Logits:
    """A logistic regression on 32 bins of each colour; both kinds weigh the same."""
    features = [colours(natural), colours(generated)]
    labels = np.repeat([0, 1], [len(each) for each in features])
    weights, bias = fit_linear(np.concatenate(features), labels)
    return lambda images: colours(images) @ weights + bias


def colours(images: Images) -> np.ndarray:
    """The share of each bin of each colour in each image, float64 [N, 96]."""
    pixels = Perturbed(images, "jpeg", QUALITY).read(np.arange(len(images)))
    bins = pixels // 8 + 32 * np.arange(3, dtype=np.uint8)  # [N, H, W, 3], 0 ... 95
    counts = [np.bincount(each.ravel(), minlength=96) for each in bins]
    return np.stack(counts) / pixels[0, ..., 0].size


def numbers(pairs: list[tuple[np.ndarray, np.ndarray]]) -> list[str | int]:
    """The last columns, of pairs of logits: of a GAN's images, and of natural ones."""
    each = [detection_metrics(generated, natural) for generated, natural in pairs]
    means = np.mean([(m.natural_accuracy, m.detection_rate, m.roc_auc) for m in each], axis=0)
    at_5 = Measurement(tuple(detection_rate_at(0.05, *pair) for pair in pairs))
    return [*(f"{value:.3f}" for value in (*means, at_5.mean, at_5.std)), len(pairs)]


if __name__ == "__main__":
    main(*sys.argv[1:])
