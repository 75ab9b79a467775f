"""What logistic regressions detect, beside the classifiers of the tables here, as CSV.

    python baselines.py WORKDIR UTKFACE

WORKDIR is that of `experiments.iterations`, which has trained everything; UTKFACE the zip file of
the faces. A regression is fitted to the images that trained an iteration's held-out classifiers: on
the shares of an image's colours, which know nothing of their places, or on its radial power
spectrum. Both see images as the classifiers do, after JPEG.
"""

import csv
import sys
from collections.abc import Callable

import numpy as np

from gan_knowledge_gaps.classifiers.baseline import fit_baseline
from gan_knowledge_gaps.classifiers.linear import fit_linear
from gan_knowledge_gaps.classifiers.perturbations import Perturbed
from gan_knowledge_gaps.data import Images, Joined, load
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.population import Iteration
from gan_knowledge_gaps.lab import Lab, presets
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.detection import detection_rate_at
from gan_knowledge_gaps.report import Measurement

QUALITY = 75  # of the classifiers' JPEG encoding
COLUMNS = [
    "what", "of iteration", "GANs of iteration", "natural called natural", "detected", "AUC",
    "detected at 5 % false positives", "std", "n",
]  # fmt: skip
Logits = Callable[[Images], np.ndarray]  # of images, positive = generated


def main(workdir: str, faces: str) -> None:
    """Prints a row for each regression of each iteration, on the GANs of each iteration."""
    dataset = load("folder", faces, resolution=16, channels=3)
    lab = Lab(workdir, dataset, presets("stylegan2")["reduced"])
    size = Iterations.presets["stylegan2"]["reduced"]
    iterations = Iterations(size, setting="stylegan2").iterations
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    for number, iteration in enumerate(iterations):
        for what, logits in fitted(lab, iteration).items():
            natural = logits(lab.dataset.evaluation)
            for tested, others in enumerate(iterations):
                pairs = [(logits(lab.evaluation_images(gan)), natural) for gan in others.gans]
                rows.writerow([what, number, tested, *numbers(pairs)])


def fitted(lab: Lab, iteration: Iteration) -> dict[str, Logits]:
    """The regressions on what trained the held-out classifiers of an iteration."""
    natural = lab.dataset.train
    generated = Joined([lab.training_images(gan) for gan in iteration.held_out_gans])
    return {
        "spectrum": fit_baseline(natural, generated, QUALITY).logits,
        "colours": fit_colours(natural, generated),
    }


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
