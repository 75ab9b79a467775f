"""Several classifiers in the loss: detection by held-out ones against their number.

The paper (StyleGAN2, MobileNetV2): an instance learns only a part of the artefacts, so that fooling
one fools held-out instances half the time; about ten in the loss suffice to fool them. It is
reported without a table.

    python -m experiments.multiple_classifiers  # 5 minutes on 2 cores
    python -m experiments.multiple_classifiers --preset=reduced --dataset=records \\
        --data_dir=faces32  # 17 hours
    python -m experiments.multiple_classifiers --preset=paper --dataset=records \\
        --data_dir=ffhq256  # 58,800 hours of a V100

It writes to `<workdir>/results/multiple_classifiers-<setting>-<preset>-<dataset>/`.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

from classifiers import ARCHITECTURES
from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    gan_table,
    quality_measures,
    quality_table,
    sample_grid,
)
from experiments.population import Iteration, make_gans, make_iteration
from experiments.running import main
from lab.lab import Lab
from lab.specs import GAN, Classifier, Spec
from report import Figure, Measurement, Table, error_curve
from training.config import check_at_least, check_choices


@dataclasses.dataclass(frozen=True)
class MultipleClassifiersConfig:
    """Size of the experiment.

    Attributes:
        classifiers: Most classifiers in a loss; about 10 suffice in the paper.
        step: The numbers of classifiers are 1, 1 + step ... up to the most (not fixed by the
            paper).
        gans: GANs that the classifiers in the loss are trained on; 15 in the paper's example.
        held_out_gans: GANs that the held-out classifiers are trained on; 10 in the paper.
        held_out_classifiers: Held-out classifiers (not fixed by the paper).
        fooling_gans: GANs for each number of classifiers (not fixed by the paper).
        phi: Weight of each classifier in the loss; 0.001 in the paper, and larger in the quick and
            reduced presets, whose GANs see too few images for 0.001 to move them.
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    classifiers: int = 10
    step: int = 1
    gans: int = 15
    held_out_gans: int = 10
    held_out_classifiers: int = 5
    fooling_gans: int = 5
    phi: float = 0.001
    architecture: str = "mobilenet_v2"

    def __post_init__(self):
        check_at_least(
            self, classifiers=1, step=1, gans=1, held_out_gans=1, held_out_classifiers=1,
            fooling_gans=1, phi=0,
        )  # fmt: skip
        check_choices(self, architecture=ARCHITECTURES)

    @property
    def numbers(self) -> range:
        """The numbers of classifiers in a loss."""
        return range(1, self.classifiers + 1, self.step)


class MultipleClassifiers(Experiment):
    """Detection by held-out classifiers against the number of classifiers in the loss."""

    name = "multiple_classifiers"
    title = "Several classifiers of one architecture in the loss"
    question = "How many classifiers must a GAN fool to fool held-out ones of their architecture?"
    paper_claim = (
        "StyleGAN2, MobileNetV2: fooling one instance fools held-out instances only half the time; "
        "about 10 instances in the loss suffice to fool them. No table is given."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "stylegan2": {
            "quick": MultipleClassifiersConfig(
                classifiers=3, step=2, gans=1, held_out_gans=1, held_out_classifiers=1,
                fooling_gans=1, phi=1.0,
            ),
            "reduced": MultipleClassifiersConfig(
                classifiers=5, step=2, gans=2, held_out_gans=2, held_out_classifiers=2,
                fooling_gans=2, phi=0.1,
            ),
            "paper": MultipleClassifiersConfig(),
        }
    }  # fmt: skip

    @cached_property
    def base(self) -> Iteration:
        """Iteration 0: GANs that fool nobody, and the classifiers trained on them."""
        size = self.config
        return make_iteration(
            self.setting,
            self.seed,
            0,
            gans=size.gans,
            held_out_gans=size.held_out_gans,
            classifiers=size.classifiers,
            held_out_classifiers=size.held_out_classifiers,
            architecture=size.architecture,
        )

    @cached_property
    def fooling(self) -> dict[int, tuple[GAN, ...]]:
        """The GANs that fool the first k classifiers; the same seeds for every k."""
        count, phi = self.config.fooling_gans, self.config.phi
        return {
            k: make_gans(
                self.setting, self.seed, 1, count, fools=self.base.classifiers[:k], phi=phi
            )
            for k in self.config.numbers
        }

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out."""
        return list(self.base.held_out_classifiers)

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        fooling = [gan for gans in self.fooling.values() for gan in gans]
        return [*self.base.all_gans, *self.base.held_out_classifiers, *fooling]

    def findings(self, lab: Lab) -> Findings:
        """Detection by held-out classifiers and by those in the loss, and quality, for each k."""
        held_out = {k: detection(lab, self.base.held_out_classifiers, g) for k, g in self._each}
        in_loss = {k: detection(lab, self.base.classifiers[:k], g) for k, g in self._each}
        groups = {"none": self.base.all_gans} | {str(k): gans for k, gans in self._each}
        return Findings(
            summary=_summarize(held_out, in_loss),
            instances={
                "architecture": self.config.architecture,
                "GANs for each number": self.config.fooling_gans,
                "held-out classifiers": self.config.held_out_classifiers,
                "phi of each classifier": f"{self.config.phi:g}",
            },
            tables=(
                self._table(lab, held_out, in_loss),
                quality_table(lab, groups),
                classifier_table(
                    lab,
                    [
                        ("held-out", self.base.held_out_classifiers, self.base.gans),
                        ("in the loss", self.base.classifiers, self.base.held_out_gans),
                    ],
                ),
                gan_table(
                    lab,
                    [
                        (f"fools {k}", gan, self.base.held_out_classifiers)
                        for k, gans in self._each
                        for gan in gans
                    ],
                ),
            ),
            figures=(_figure(held_out, in_loss),),
            grids=(
                sample_grid(lab, self.base.gans[0], "samples-base", "A GAN that fools nobody"),
                *(
                    sample_grid(lab, gans[0], f"samples-{k}", f"A GAN that fools {k}")
                    for k, gans in self._each
                ),
            ),
            notes=(
                "The classifiers in the loss are trained on the same GANs with other seeds; each "
                "adds its term with the weight phi, so that k of them weigh k times as much.",
            ),
        )

    @property
    def _each(self) -> list[tuple[int, tuple[GAN, ...]]]:
        return list(self.fooling.items())

    def _table(self, lab: Lab, held_out: dict, in_loss: dict) -> Table:
        base, measures = self.base, quality_measures(lab)
        rows = {
            "held-out classifiers": [
                detection(lab, base.held_out_classifiers, base.gans), *held_out.values()
            ],
            "classifiers in the loss": [
                detection(lab, base.classifiers, base.held_out_gans), *in_loss.values()
            ],
        } | {
            title: [measure(lab, gans) for gans in (base.all_gans, *self.fooling.values())]
            for title, measure in measures.items()
        }  # fmt: skip
        return Table(
            name="multiple_classifiers",
            title="Detection and quality against the number of classifiers in the loss",
            caption="Fraction of generated images detected. In the first column no GAN fools a "
            "classifier, and none is measured by a classifier that was trained on it.",
            row_label="Measure",
            column_label="classifiers in the loss",
            rows=tuple(rows),
            columns=("none", *map(str, self.fooling)),
            cells=list(rows.values()),
            instances="classifier-GAN pairs; GANs for the quality",
        )


def _figure(held_out: dict[int, Measurement], in_loss: dict[int, Measurement]) -> Figure:
    curves = {
        "held-out classifiers": list(held_out.items()),
        "classifiers in the loss": list(in_loss.items()),
    }
    return Figure(
        "multiple_classifiers",
        "Detection rate of the GANs' images against the number of classifiers in their loss.",
        lambda path: error_curve(
            path,
            curves,
            title="Detection against the number of classifiers in the loss",
            xlabel="classifiers in the loss",
            ylabel="fraction detected",
        ),
    )


def _summarize(held_out: dict[int, Measurement], in_loss: dict[int, Measurement]) -> str:
    first, last = min(held_out), max(held_out)
    text = (
        f"With one classifier in the loss it detects {in_loss[first].mean:.0%} of the GANs' images "
        f"and held-out classifiers {held_out[first].mean:.0%}"
    )
    if first == last:
        return text + "."
    return (
        f"{text}; with {last}, these detect {in_loss[last].mean:.0%} and held-out ones "
        f"{held_out[last].mean:.0%}."
    )


if __name__ == "__main__":
    main(MultipleClassifiers)
