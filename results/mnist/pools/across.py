"""Held-out classifiers of each sweep in this folder on the GANs of every sweep, as CSV.

    python across.py WORKDIR MNIST

WORKDIR is that of the sweeps, which have trained everything; MNIST the folder of the idx files.
"""

import csv
import dataclasses
import functools
import sys

import numpy as np

from gan_knowledge_gaps.classifiers import predict
from gan_knowledge_gaps.data import Dataset, Images, load
from gan_knowledge_gaps.experiments.coefficient_sweep import CoefficientSweep, SweepConfig
from gan_knowledge_gaps.lab import Lab, presets
from gan_knowledge_gaps.lab.specs import GAN, Classifier
from gan_knowledge_gaps.metrics import detection_metrics, detection_rate

# GANs of a pool, epochs of the classifiers, and the exponent of the largest phi.
SWEEPS = {"pool2-2epochs": (2, 2, 0), "pool6-2epochs": (6, 2, 0), "pool2-6epochs": (2, 6, -1)}
COLUMNS = [
    "held-out classifiers", "natural called natural", "GANs fool those of", "phi", "detected",
    "std", "AUC", "n",
]  # fmt: skip


def main(workdir: str, mnist: str) -> None:
    """Prints a row for the classifiers of each sweep and each group of GANs."""
    dataset = load("mnist", mnist)
    sweeps = {name: Sweep(workdir, dataset, *size) for name, size in SWEEPS.items()}
    groups = {(name, phi): (sweep, gans) for name, sweep in sweeps.items()
              for phi, gans in sweep.experiment.fooling.items()}  # fmt: skip
    # These two are in no pool of a held-out classifier.
    first = next(iter(sweeps.values()))
    groups = {("none", 0): (first, first.experiment.base.gans)} | groups
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    for name, sweep in sweeps.items():
        for (fooled, phi), (others, gans) in groups.items():
            rows.writerow([name, sweep.natural_accuracy, fooled, f"{phi:g}",
                           *sweep.detection(others, gans)])  # fmt: skip


class Sweep:
    """A sweep that has run: its lab, and what it trained there."""

    def __init__(self, workdir: str, dataset: Dataset, pool: int, epochs: int, highest: int):
        config = presets("dcgan")["reduced"]
        parts = config.parts
        parts["gan"] = dataclasses.replace(parts["gan"], width=0.5)
        parts["classifier"] = dataclasses.replace(parts["classifier"], epochs=epochs)
        size = SweepConfig(
            gans=pool, held_out_gans=pool, classifiers=1, held_out_classifiers=2, fooling_gans=2,
            lowest_exponent=-1, highest_exponent=highest,
        )  # fmt: skip
        self.lab = Lab(workdir, dataset, config.with_parts(parts))
        self.experiment = CoefficientSweep(size, 0, "dcgan")

    @functools.cached_property
    def natural(self) -> dict[Classifier, np.ndarray]:
        """Logits [N] of the natural evaluation images, by held-out classifier."""
        held_out = self.experiment.held_out_classifiers
        return {each: self._logits(each, self.lab.dataset.evaluation) for each in held_out}

    @property
    def natural_accuracy(self) -> str:
        """The mean of the held-out classifiers."""
        return f"{np.mean([1 - detection_rate(each) for each in self.natural.values()]):.3f}"

    def detection(self, others: "Sweep", gans: tuple[GAN, ...]) -> list[str]:
        """Of GANs of any sweep: the fraction detected, its spread, the AUC, and how many pairs."""
        pairs = [
            detection_metrics(self._logits(each, others.lab.evaluation_images(gan)), natural)
            for each, natural in self.natural.items()
            for gan in gans
        ]
        rates = [each.detection_rate for each in pairs]
        auc = np.mean([each.roc_auc for each in pairs])
        return [f"{np.mean(rates):.3f}", f"{np.std(rates):.3f}", f"{auc:.3f}", str(len(pairs))]

    def _logits(self, classifier: Classifier, images: Images) -> np.ndarray:
        return predict(self.lab.model(classifier), images)[:, 0]


if __name__ == "__main__":
    main(*sys.argv[1:])
