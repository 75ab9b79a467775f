"""Held-out classifiers of each sweep in this folder on the GANs of every sweep, as CSV.

    python across.py WORKDIR MNIST

WORKDIR is that of the sweeps, which have trained everything; MNIST the folder of the idx files.
"""

import csv
import dataclasses
import sys
from collections.abc import Iterable
from typing import NamedTuple

from gan_knowledge_gaps.classifiers import predict_each
from gan_knowledge_gaps.data import Dataset, load
from gan_knowledge_gaps.experiments.coefficient_sweep import CoefficientSweep, SweepConfig
from gan_knowledge_gaps.experiments.measurements import natural_accuracy
from gan_knowledge_gaps.lab import Lab, measure, presets
from gan_knowledge_gaps.lab.specs import GAN
from gan_knowledge_gaps.metrics import DetectionMetrics, detection_metrics
from gan_knowledge_gaps.report import Measurement

COLUMNS = [
    "held-out classifiers", "natural called natural", "GANs fool those of", "phi", "detected",
    "std", "AUC", "at 5 % FPR", "n",
]  # fmt: skip


class Size(NamedTuple):
    """What sweeps differ in."""

    pool: int = 2  # GANs
    epochs: int = 2  # of the classifiers
    highest: int = -1  # the exponent of the largest phi taken here
    gan_epochs: int = 2
    discriminator_width: float = 1.0
    converge: bool = False  # the classifiers, for at most so many epochs


SWEEPS = {
    "pool2-2epochs": Size(highest=0),
    "pool6-2epochs": Size(pool=6, highest=0),
    "pool2-6epochs": Size(epochs=6),
    "gans-8epochs": Size(highest=0, gan_epochs=8),
    "wide-discriminator": Size(highest=0, discriminator_width=2.0),
    "converged": Size(highest=0, epochs=15, converge=True),
}


class Sweep(NamedTuple):
    """A sweep that has run: what it trained, and where."""

    lab: Lab
    experiment: CoefficientSweep


def main(workdir: str, mnist: str) -> None:
    """Prints a row for the classifiers of each sweep and each group of GANs."""
    dataset = load("mnist", mnist)
    sweeps = {name: open_sweep(workdir, dataset, size) for name, size in SWEEPS.items()}
    groups, kinds = [], set()
    for name, (lab, experiment) in sweeps.items():
        kind = SWEEPS[name].gan_epochs, SWEEPS[name].discriminator_width
        if kind not in kinds:
            # The GANs that fool nobody are two that no held-out classifier was trained on.
            groups.append((f"none, {name}", 0.0, lab, experiment.base.gans))
            kinds.add(kind)
        groups += [(name, phi, lab, gans) for phi, gans in experiment.fooling.items()]
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    for name, sweep in sweeps.items():
        natural = natural_accuracy(sweep.lab, sweep.experiment.held_out_classifiers).mean
        for fooled, phi, lab, gans in groups:
            pairs = [pair for gan in gans for pair in detection(sweep, lab, gan)]
            rate = Measurement(tuple(each.detection_rate for each in pairs))
            auc = Measurement(tuple(each.roc_auc for each in pairs)).mean
            at_5 = Measurement(tuple(each.detection_rate_at_5_fpr for each in pairs)).mean
            numbers = [f"{each:.3f}" for each in (rate.mean, rate.std, auc, at_5)]
            rows.writerow([name, f"{natural:.3f}", fooled, f"{phi:g}", *numbers, len(pairs)])


def open_sweep(workdir: str, dataset: Dataset, sweep: Size) -> Sweep:
    """The sweep of a size."""
    config = presets("dcgan")["reduced"]
    parts = config.parts
    parts["gan"] = dataclasses.replace(
        parts["gan"], width=0.5, epochs=sweep.gan_epochs,
        discriminator_width=sweep.discriminator_width,
    )  # fmt: skip
    parts["classifier"] = dataclasses.replace(parts["classifier"], epochs=sweep.epochs)
    size = SweepConfig(
        gans=sweep.pool, held_out_gans=sweep.pool, classifiers=1, held_out_classifiers=2,
        fooling_gans=2, lowest_exponent=-1, highest_exponent=sweep.highest,
    )  # fmt: skip
    config = dataclasses.replace(config.with_parts(parts), converge=sweep.converge)
    lab = Lab(workdir, dataset, config)
    return Sweep(lab, CoefficientSweep(size, setting="dcgan"))


def detection(sweep: Sweep, lab: Lab, gan: GAN) -> Iterable[DetectionMetrics]:
    """By each held-out classifier of a sweep, of a GAN that is in the lab of any sweep."""
    classifiers = sweep.experiment.held_out_classifiers
    models = [sweep.lab.model(each) for each in classifiers]
    outputs = predict_each(models, lab.evaluation_images(gan))
    for classifier, output in zip(classifiers, outputs, strict=True):
        yield detection_metrics(output[:, 0], measure.natural_logits(sweep.lab, classifier))


if __name__ == "__main__":
    main(*sys.argv[1:])
