"""Finetuning: from a GAN of iteration 0 to one of iteration 1.

The paper (StyleGAN2, supplement 3, figure 1): along the finetuning steps a held-out classifier of
iteration 0 is quickly fooled, and a held-out classifier of iteration 1, trained on GANs that were
trained from scratch, starts to detect the GAN. It is shown as a curve, without numbers.

    python -m experiments.finetuning  # 5 minutes on 2 cores
    python -m experiments.finetuning --preset=reduced --dataset=records \\
        --data_dir=faces32  # 15 hours
    python -m experiments.finetuning --preset=paper --dataset=records \\
        --data_dir=ffhq256  # 40,100 hours of a V100

Iterations 0 and 1 are those of `experiments.iterations`, and are trained once for both. It writes
to `<workdir>/results/finetuning-<setting>-<preset>-<dataset>/`.

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
    quality_measures,
    quality_table,
    sample_grid,
)
from experiments.population import Iteration, make_iteration, seeds
from experiments.running import main
from lab.lab import Lab
from lab.specs import GAN, Classifier, ImageSource, Snapshot, Spec
from report import Figure, Measurement, Table, error_curve
from training.config import check_at_least, check_choices

# Finetuned GANs have seeds of their own in iteration 1.
FINETUNED = 900


@dataclasses.dataclass(frozen=True)
class FinetuningConfig:
    """Size of the experiment.

    Attributes:
        finetuned_gans: GANs of iteration 0 that are finetuned, at most `gans` (not fixed by the
            paper).
        share: Length of the finetuning, as a share of a whole training (not fixed by the paper).
        snapshots: Points of the curve along the finetuning (not fixed by the paper).
        gans: GANs of an iteration that the classifiers in the loss are trained on; 15 in the
            paper's example.
        held_out_gans: GANs that its held-out classifiers are trained on; 10 in the paper.
        classifiers: Classifiers in the loss (not fixed by the paper).
        held_out_classifiers: Held-out ones of each iteration (not fixed by the paper).
        phi: Weight of each classifier in the loss; 0.001 in the paper, and larger in the quick and
            reduced presets, whose GANs see too few images for 0.001 to move them.
        architecture: Architecture of the classifiers (not fixed by the paper for this result).
    """

    finetuned_gans: int = 5
    share: float = 0.1
    snapshots: int = 10
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 1
    held_out_classifiers: int = 5
    phi: float = 0.001
    architecture: str = "resnet50"

    def __post_init__(self):
        check_at_least(
            self, finetuned_gans=1, share=1e-6, snapshots=1, gans=self.finetuned_gans,
            held_out_gans=1, classifiers=1, held_out_classifiers=1, phi=0,
        )  # fmt: skip
        check_choices(self, architecture=ARCHITECTURES)
        if self.share > 1:
            raise InputError(f"share is {self.share}; it must be at most 1, a whole training")


class Finetuning(Experiment):
    """Detection by held-out classifiers of iterations 0 and 1 along the finetuning."""

    name = "finetuning"
    title = "Finetuning a GAN of iteration 0 into one of iteration 1 (supplement 3)"
    question = (
        "Does finetuning with classifiers in the loss lead to the next iteration's artefacts?"
    )
    paper_claim = (
        "StyleGAN2: finetuning an iteration-0 GAN with the modified loss turns it into an "
        "iteration-1 GAN. A held-out classifier of iteration 0 is quickly fooled, and a held-out "
        "classifier of iteration 1 starts to detect artefacts that were not there before. The "
        "paper shows a curve and gives no numbers."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "stylegan2": {
            "quick": FinetuningConfig(
                finetuned_gans=1, share=0.5, snapshots=4, gans=1, held_out_gans=1,
                held_out_classifiers=1, phi=1.0,
            ),
            "reduced": FinetuningConfig(
                finetuned_gans=2, share=0.25, snapshots=5, gans=2, held_out_gans=2,
                held_out_classifiers=2, phi=0.1,
            ),
            "paper": FinetuningConfig(),
        }
    }  # fmt: skip

    @cached_property
    def iterations(self) -> tuple[Iteration, Iteration]:
        """Iterations 0 and 1, from scratch."""
        size = self.config
        sizes = {
            "gans": size.gans,
            "held_out_gans": size.held_out_gans,
            "classifiers": size.classifiers,
            "held_out_classifiers": size.held_out_classifiers,
            "architecture": size.architecture,
        }
        first = make_iteration(self.setting, self.seed, 0, **sizes)
        second = make_iteration(
            self.setting, self.seed, 1, **sizes, fools=first.classifiers, phi=size.phi
        )
        return first, second

    @cached_property
    def finetuned(self) -> tuple[GAN, ...]:
        """The finetuned GANs; each begins with one that no held-out classifier knows."""
        first, size = self.iterations[0], self.config
        each = seeds(self.seed, 1, size.finetuned_gans, FINETUNED)
        return tuple(
            GAN(
                seed,
                first.classifiers,
                size.phi,
                start=start,
                share=size.share,
                snapshots=size.snapshots,
                family=self.setting,
            )
            for seed, start in zip(each, first.gans, strict=False)
        )

    @cached_property
    def stages(self) -> dict[float, tuple[ImageSource, ...]]:
        """The GANs at each point of the finetuning, by the share of it that is done."""
        count = self.config.snapshots
        before: dict[float, tuple[ImageSource, ...]] = {
            0.0: tuple(gan.start for gan in self.finetuned)
        }
        return before | {
            number / count: tuple(Snapshot(gan, number) for gan in self.finetuned)
            for number in range(1, count + 1)
        }

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out."""
        return [c for each in self.iterations for c in each.held_out_classifiers]

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        stages = [source for each in self.stages.values() for source in each]
        # Those of iteration 1 that held-out classifiers are measured on at the right of the curve.
        return [*self.held_out_classifiers, *self.iterations[1].gans, *stages]

    def findings(self, lab: Lab) -> Findings:
        """The curves along the finetuning, and both iterations' GANs from scratch beside them."""
        first, second = self.iterations
        curves = {
            "held-out classifiers of iteration 0": first.held_out_classifiers,
            "held-out classifiers of iteration 1": second.held_out_classifiers,
            "the classifiers in the loss": first.classifiers,
        }
        measured = {
            name: {at: detection(lab, who, gans) for at, gans in self.stages.items()}
            for name, who in curves.items()
        }
        scratch = {name: detection(lab, who, second.gans) for name, who in curves.items()}
        groups = {"before": self.stages[0.0], "finetuned": self.stages[1.0]}
        groups["iteration 1, from scratch"] = second.gans
        return Findings(
            summary=_summarize(measured, scratch),
            instances={
                "architecture": self.config.architecture,
                "finetuned GANs": self.config.finetuned_gans,
                "finetuning": f"{self.config.share:g} of a whole training",
                "held-out classifiers of each iteration": self.config.held_out_classifiers,
                "phi": f"{self.config.phi:g}",
            },
            tables=(
                self._table(lab, measured, scratch),
                quality_table(lab, groups),
                classifier_table(
                    lab,
                    [
                        (f"Iteration {number}, held-out", each.held_out_classifiers, each.gans)
                        for number, each in enumerate(self.iterations)
                    ],
                ),
            ),
            figures=(_figure(measured),),
            grids=(
                sample_grid(lab, self.stages[0.0][0], "samples-before", "Before the finetuning"),
                sample_grid(lab, self.stages[1.0][0], "samples-after", "After the finetuning"),
                sample_grid(lab, second.gans[0], "samples-scratch", "Iteration 1, from scratch"),
            ),
            notes=(
                "Finetuning begins with the networks, the averaged generator included, and fresh "
                "optimizers. The classifiers in the loss were trained on images of the GANs that "
                "are finetuned, among others; the held-out classifiers were not.",
            ),
        )

    def _table(self, lab: Lab, measured: dict, scratch: dict) -> Table:
        quality = {
            title: [measure(lab, gans) for gans in (*self.stages.values(), self.iterations[1].gans)]
            for title, measure in quality_measures(lab).items()
        }
        rows = {name: [*each.values(), scratch[name]] for name, each in measured.items()} | quality
        return Table(
            name="finetuning",
            title="Detection and quality along the finetuning",
            caption="Fraction of generated images detected, after shares of the finetuning; last, "
            "GANs of iteration 1 that were trained from scratch.",
            row_label="Measure",
            column_label="share of the finetuning",
            rows=tuple(rows),
            columns=(*(f"{at:.0%}" for at in self.stages), "iteration 1"),
            cells=list(rows.values()),
            instances="classifier-GAN pairs; GANs for the quality",
        )


def _figure(measured: dict[str, dict[float, Measurement]]) -> Figure:
    curves = {name: list(each.items()) for name, each in measured.items()}
    return Figure(
        "finetuning",
        "Detection rate of a GAN's images along its finetuning.",
        lambda path: error_curve(
            path,
            curves,
            title="Detection along the finetuning",
            xlabel="share of the finetuning",
            ylabel="fraction detected",
        ),
    )


def _summarize(measured: dict[str, dict[float, Measurement]], scratch: dict) -> str:
    zero, one, _ = measured
    return (
        f"Along the finetuning, {zero} detect {measured[zero][0.0].mean:.0%} of the images at its "
        f"beginning and {measured[zero][1.0].mean:.0%} at its end; {one} "
        f"{measured[one][0.0].mean:.0%} and {measured[one][1.0].mean:.0%} (of GANs of iteration 1 "
        f"from scratch, {scratch[zero].mean:.0%} and {scratch[one].mean:.0%})."
    )


if __name__ == "__main__":
    main(Finetuning)
