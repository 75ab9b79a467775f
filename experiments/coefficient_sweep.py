"""Coefficient sweep: detection of DCGANs by held-out classifiers against the weight phi.

The paper (slides, "DCGAN generators unable to fool held-out classifiers"): phi is swept from 1e-7
to 1e5. Generators are unable to fool held-out classifiers; as phi grows, the output quality
collapses and the variance of the detection accuracy increases. It is shown as a curve, without
numbers.

    python -m experiments.coefficient_sweep  # 3 minutes on 2 cores
    python -m experiments.coefficient_sweep --preset=reduced --dataset=mnist  # 1.9 hours
    python -m experiments.coefficient_sweep --preset=paper --dataset=mnist  # 10 days
    python -m experiments.coefficient_sweep --setting=stylegan2  # 5 minutes
    python -m experiments.coefficient_sweep --setting=stylegan2 --preset=reduced \\
        --dataset=records --data_dir=faces32  # 21 hours
    python -m experiments.coefficient_sweep --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256  # 71,500 hours of a V100

It writes to `<workdir>/results/coefficient_sweep-<setting>-<preset>-<dataset>/`.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

from classifiers import ARCHITECTURES
from data import InputError
from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    gan_table,
    quality_caption,
    quality_measures,
    sample_grid,
)
from experiments.population import Iteration, make_gans, make_iteration
from experiments.running import main
from lab import measure
from lab.lab import Lab
from lab.specs import GAN, Classifier, Spec
from report import Figure, Grid, Measurement, Table, error_curve
from training.config import check_at_least, check_choices


@dataclasses.dataclass(frozen=True)
class SweepConfig:
    """Size of the coefficient sweep.

    Attributes:
        lowest_exponent: The smallest phi is 10 to this power; -7 in the paper.
        highest_exponent: The largest phi is 10 to this power; 5 in the paper.
        exponent_step: Decades from one phi to the next; 1 in the paper.
        gans: GANs that the classifiers in the loss are trained on; 15 in the paper's example.
        held_out_gans: GANs that the held-out classifiers are trained on; 10 in the paper.
        classifiers: Classifiers in the loss (not fixed by the paper).
        held_out_classifiers: Held-out classifiers (not fixed by the paper).
        fooling_gans: GANs for each phi (not fixed by the paper).
        architecture: Architecture of the classifiers; cnn in the paper, which sweeps phi for the
            DCGAN only.
    """

    lowest_exponent: int = -7
    highest_exponent: int = 5
    exponent_step: int = 1
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 1
    held_out_classifiers: int = 5
    fooling_gans: int = 5
    architecture: str = "cnn"

    def __post_init__(self):
        for name in ("lowest_exponent", "highest_exponent"):
            if abs(getattr(self, name)) > 30:
                raise InputError(f"{name} is {getattr(self, name)}; it must be within -30 ... 30")
        check_at_least(
            self, highest_exponent=self.lowest_exponent, exponent_step=1, gans=1, held_out_gans=1,
            classifiers=1, held_out_classifiers=1, fooling_gans=1,
        )  # fmt: skip
        check_choices(self, architecture=ARCHITECTURES)

    @property
    def phis(self) -> list[float]:
        """The weights, in ascending order."""
        exponents = range(self.lowest_exponent, self.highest_exponent + 1, self.exponent_step)
        return [10.0**exponent for exponent in exponents]


class CoefficientSweep(Experiment):
    """Detection and quality against phi."""

    name = "coefficient_sweep"
    title = "Detection by held-out classifiers against the weight phi"
    question = "Can GANs fool classifiers that are not in their loss, if only phi is high enough?"
    paper_claim = (
        "DCGAN, phi from 1e-7 to 1e5: generators are unable to fool held-out classifiers. As phi "
        "grows, the output quality collapses and the variance of the detection accuracy increases. "
        "The paper shows a curve and gives no numbers."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "dcgan": {
            "quick": SweepConfig(
                lowest_exponent=-3, highest_exponent=3, exponent_step=2, gans=2, held_out_gans=2,
                held_out_classifiers=2, fooling_gans=2,
            ),
            "reduced": SweepConfig(
                exponent_step=2, gans=2, held_out_gans=2, held_out_classifiers=3, fooling_gans=2,
            ),
            "paper": SweepConfig(),
        },
        "stylegan2": {
            "quick": SweepConfig(
                lowest_exponent=-3, highest_exponent=1, exponent_step=2, gans=1, held_out_gans=1,
                held_out_classifiers=1, fooling_gans=1, architecture="resnet50",
            ),
            "reduced": SweepConfig(
                lowest_exponent=-5, highest_exponent=1, exponent_step=2, gans=2, held_out_gans=2,
                held_out_classifiers=2, fooling_gans=2, architecture="resnet50",
            ),
            "paper": SweepConfig(architecture="resnet50"),
        },
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
    def fooling(self) -> dict[float, tuple[GAN, ...]]:
        """The GANs of each phi; the same seeds for every phi, so that only phi differs."""
        count, fools = self.config.fooling_gans, self.base.classifiers
        return {
            phi: make_gans(self.setting, self.seed, 1, count, fools=fools, phi=phi)
            for phi in self.config.phis
        }

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        fooling = (gan for gans in self.fooling.values() for gan in gans)
        return [*self.base.all_gans, *self.base.held_out_classifiers, *fooling]

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out."""
        return list(self.base.held_out_classifiers)

    def findings(self, lab: Lab) -> Findings:
        """Detection by held-out classifiers and by those in the loss, and quality, for each phi."""
        base = self.base
        held_out = {
            phi: detection(lab, base.held_out_classifiers, gans)
            for phi, gans in self.fooling.items()
        }
        in_loss = {
            phi: detection(lab, base.classifiers, gans) for phi, gans in self.fooling.items()
        }
        quality = {
            title: {phi: measure(lab, gans) for phi, gans in self.fooling.items()}
            for title, measure in quality_measures(lab).items()
        }
        unfooled = detection(lab, base.held_out_classifiers, base.gans)
        baseline = [
            unfooled,
            detection(lab, base.classifiers, base.held_out_gans),
            *(measure(lab, base.all_gans) for measure in quality_measures(lab).values()),
        ]
        rows = [
            ("held-out", base.held_out_classifiers, base.gans),
            ("in the loss", base.classifiers, base.held_out_gans),
        ]
        return Findings(
            summary=_summarize(held_out, in_loss, next(iter(quality.values())), baseline),
            instances={
                "GANs for each phi": self.config.fooling_gans,
                "classifiers": f"{self.config.classifiers} in the loss, "
                f"{self.config.held_out_classifiers} held-out",
            },
            tables=(
                _table(quality_caption(lab), baseline, held_out, in_loss, quality),
                _loss_table(lab, self.fooling),
                classifier_table(lab, rows),
                gan_table(lab, self._gan_rows()),
            ),
            figures=(_figure(held_out, in_loss, next(iter(quality.items()))),),
            grids=tuple(self._sample_grids(lab)),
            notes=(
                "The GANs of every phi share their seeds, so that only phi differs between them.",
                *self._setting_notes,
            ),
        )

    @property
    def _setting_notes(self) -> tuple[str, ...]:
        if self.setting == "dcgan":
            return ()
        return ("The paper sweeps phi for the DCGAN, and fixes it at 0.001 for StyleGAN2.",)

    def _gan_rows(self) -> list[tuple[str, GAN, tuple[Classifier, ...]]]:
        held_out = self.base.held_out_classifiers
        rows = [("no classifier in the loss", gan, held_out) for gan in self.base.gans]
        return rows + [
            (f"phi = {phi:g}", gan, held_out) for phi, gans in self.fooling.items() for gan in gans
        ]

    def _sample_grids(self, lab: Lab) -> list[Grid]:
        grids = [sample_grid(lab, self.base.gans[0], "samples-base", "A GAN that fools nobody")]
        for phi, gans in self.fooling.items():
            grids.append(sample_grid(lab, gans[0], f"samples-phi-{phi:g}", f"phi = {phi:g}"))
        return grids


def _table(
    caption: str, baseline: list[Measurement], held_out: dict, in_loss: dict, quality: dict
) -> Table:
    measured = {"held-out classifiers": held_out, "classifiers in the loss": in_loss, **quality}
    cells = [
        [first, *each.values()] for first, each in zip(baseline, measured.values(), strict=True)
    ]
    return Table(
        name="coefficient_sweep",
        title="Detection rate and quality against phi",
        caption=f"Fraction of generated images detected. {caption} The first column is of "
        "GANs with no classifier in their loss, measured by classifiers that were not trained on "
        "them.",
        row_label="Measure",
        column_label="phi",
        rows=tuple(measured),
        columns=("none", *(f"{phi:g}" for phi in held_out)),
        cells=cells,
        instances="classifier-GAN pairs; GANs for the quality",
    )


def _loss_table(lab: Lab, fooling: dict[float, tuple[GAN, ...]]) -> Table:
    """The two terms of the generator's loss when the training ended."""

    def term(name: str) -> list[Measurement]:
        return [
            Measurement(tuple(measure.last_metrics(lab, gan)[name] for gan in gans))
            for gans in fooling.values()
        ]

    return Table(
        name="losses",
        title="The generator's loss against phi",
        caption="The loss is the adversarial term -log D plus the fooling term -phi sum log C; "
        "means over the last steps of the training.",
        row_label="Term",
        column_label="phi",
        rows=("adversarial term", "fooling term"),
        columns=tuple(f"{phi:g}" for phi in fooling),
        cells=[term("generator_loss"), term("fooling_loss")],
        instances="GANs",
    )


def _figure(held_out: dict, in_loss: dict, quality: tuple[str, dict]) -> Figure:
    curves = {
        "held-out classifiers": list(held_out.items()),
        "classifiers in the loss": list(in_loss.items()),
    }
    label, distances = quality
    return Figure(
        "coefficient_sweep",
        "Detection rate of the GANs' images against the weight phi of the classifiers in their "
        "loss, and the quality of the images (lower is better).",
        lambda path: error_curve(
            path,
            curves,
            title="Detection and quality against phi",
            xlabel="weight of the classifiers in the loss, phi",
            ylabel="fraction detected",
            logx=True,
            second={label: list(distances.items())},
            second_ylabel=label,
        ),
    )


def _summarize(held_out: dict, in_loss: dict, quality: dict, baseline: list[Measurement]) -> str:
    low, high = min(held_out), max(held_out)
    return (
        f"Without a classifier in the loss, held-out classifiers detect {baseline[0].mean:.0%} of "
        f"the images. At phi = {low:g} they detect {held_out[low].mean:.0%} and the classifiers in "
        f"the loss {in_loss[low].mean:.0%}; at phi = {high:g} {held_out[high].mean:.0%} and "
        f"{in_loss[high].mean:.0%}. The spread of the held-out rate over instances goes from "
        f"{held_out[low].std:.2f} to {held_out[high].std:.2f}, "
        f"the frechet distance from {quality[low].mean:.1f} to {quality[high].mean:.1f} "
        f"({baseline[2].mean:.1f} without)."
    )


if __name__ == "__main__":
    main(CoefficientSweep)
