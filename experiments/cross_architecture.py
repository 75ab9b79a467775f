"""Table 1: GANs that fool one architecture, measured by held-out classifiers of each.

The paper (StyleGAN2, iteration 1, phi 0.001): GANs trained to fool a ResNet-50 fool held-out
ResNet-50s (0.05 of their images are detected) and, in part, the other architectures (0.51 and
0.31); with Inception-v3 and MobileNetV2 the effect is weaker.

    python -m experiments.cross_architecture  # 7 minutes on 2 cores
    python -m experiments.cross_architecture --preset=reduced --dataset=records \\
        --data_dir=faces32  # 19 hours
    python -m experiments.cross_architecture --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz  # 31,900 hours of a V100

It writes to `<workdir>/results/cross_architecture-<setting>-<preset>-<dataset>/`.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    detection_map,
    gan_table,
    quality_table,
    sample_grid,
)
from experiments.population import (
    DETECTORS,
    HELD_OUT,
    make_classifiers,
    make_gans,
    parse_architectures,
)
from experiments.running import main
from lab.lab import Lab
from lab.specs import GAN, Classifier, Spec
from report import Table
from training.config import check_at_least

_NAMES = {
    "resnet50": "ResNet-50", "inception_v3": "Inception-v3", "mobilenet_v2": "MobileNetV2",
    "cnn": "CNN",
}  # fmt: skip
_PAPER = {
    ("ResNet-50", "ResNet-50"): "0.05±0.02",
    ("ResNet-50", "Inception-v3"): "0.74±0.12",
    ("ResNet-50", "MobileNetV2"): "0.50±0.39",
    ("Inception-v3", "ResNet-50"): "0.51±0.25",
    ("Inception-v3", "Inception-v3"): "0.16±0.26",
    ("Inception-v3", "MobileNetV2"): "0.53±0.34",
    ("MobileNetV2", "ResNet-50"): "0.31±0.17",
    ("MobileNetV2", "Inception-v3"): "0.36±0.16",
    ("MobileNetV2", "MobileNetV2"): "0.41±0.38",
}


@dataclasses.dataclass(frozen=True)
class CrossArchitectureConfig:
    """Size of the experiment.

    Attributes:
        gans: GANs that the classifiers in the loss are trained on; 15 in the paper's example.
        held_out_gans: GANs that the held-out classifiers are trained on; 10 in the paper.
        classifiers: Classifiers of an architecture in the loss (not fixed by the paper).
        held_out_classifiers: Held-out ones of each architecture (not fixed by the paper).
        fooling_gans: GANs for each architecture that is fooled (not fixed by the paper).
        phi: Weight of each classifier in the loss; 0.001 in the paper, and larger in the quick and
            reduced presets, whose GANs see too few images for 0.001 to move them.
        architectures: Of the classifiers, separated by commas.
    """

    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 1
    held_out_classifiers: int = 5
    fooling_gans: int = 5
    phi: float = 0.001
    architectures: str = DETECTORS

    def __post_init__(self):
        check_at_least(
            self, gans=1, held_out_gans=1, classifiers=1, held_out_classifiers=1, fooling_gans=1,
            phi=0,
        )  # fmt: skip
        parse_architectures(self.architectures)


class CrossArchitecture(Experiment):
    """Which architecture is fooled by GANs that were trained to fool which."""

    name = "cross_architecture"
    title = "Fooling across architectures (Table 1)"
    question = "Do GANs that fool classifiers of one architecture fool those of another?"
    paper_claim = (
        "StyleGAN2: GANs trained to fool a ResNet-50 fool held-out ResNet-50s (0.05 detected), and "
        "less so Inception-v3 (0.51) and MobileNetV2 (0.31). With Inception-v3 in the loss the "
        "effect is slightly diminished (0.16 on its own kind), with MobileNetV2 highly (0.41)."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "stylegan2": {
            "quick": CrossArchitectureConfig(
                gans=1, held_out_gans=1, held_out_classifiers=1, fooling_gans=1, phi=1.0
            ),
            "reduced": CrossArchitectureConfig(
                gans=2, held_out_gans=2, held_out_classifiers=2, fooling_gans=2, phi=0.1
            ),
            "paper": CrossArchitectureConfig(),
        }
    }

    @cached_property
    def architectures(self) -> tuple[str, ...]:
        """Of the classifiers."""
        return parse_architectures(self.config.architectures)

    @cached_property
    def base(self) -> tuple[tuple[GAN, ...], tuple[GAN, ...]]:
        """GANs that fool nobody: those that classifiers in the loss, and held-out ones, know."""
        everyone = make_gans(
            self.setting, self.seed, 0, self.config.gans + self.config.held_out_gans
        )
        return everyone[: self.config.gans], everyone[self.config.gans :]

    @cached_property
    def in_loss(self) -> dict[str, tuple[Classifier, ...]]:
        """The classifiers in the loss, by architecture."""
        gans, count = self.base[0], self.config.classifiers
        return {
            each: make_classifiers(self.seed, 0, count, gans, each) for each in self.architectures
        }

    @cached_property
    def held_out(self) -> dict[str, tuple[Classifier, ...]]:
        """The held-out classifiers, by architecture."""
        gans, count = self.base[1], self.config.held_out_classifiers
        return {
            each: make_classifiers(self.seed, 0, count, gans, each, start=HELD_OUT)
            for each in self.architectures
        }

    @cached_property
    def fooling(self) -> dict[str, tuple[GAN, ...]]:
        """The GANs that fool an architecture; the same seeds, so that only it differs."""
        count, phi = self.config.fooling_gans, self.config.phi
        return {
            each: make_gans(self.setting, self.seed, 1, count, fools=self.in_loss[each], phi=phi)
            for each in self.architectures
        }

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out."""
        return [c for each in self.held_out.values() for c in each]

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        fooling = [gan for each in self.fooling.values() for gan in each]
        return [*self.base[0], *self.base[1], *self.held_out_classifiers, *fooling]

    def findings(self, lab: Lab) -> Findings:
        """The table of architectures, held-out and in the loss."""
        held_out = self._table(
            lab, self.held_out, "detection", "Held-out classifiers: fraction of images detected",
            "No classifier here is in any GAN's loss, or shares a training GAN with one that is.",
            _PAPER,
        )  # fmt: skip
        in_loss = self._table(
            lab, self.in_loss, "detection_in_loss", "Classifiers in the loss: the same",
            "On the diagonal, the very classifiers that the GANs were trained to fool.",
        )  # fmt: skip
        names = {each: _NAMES[each] for each in self.architectures}
        groups = {"no classifier": self.base[0] + self.base[1]}
        groups |= {f"fool {names[each]}": gans for each, gans in self.fooling.items()}
        return Findings(
            summary=self._summarize(held_out),
            instances={
                "GANs": f"{self.config.gans} + {self.config.held_out_gans} held-out, and "
                f"{self.config.fooling_gans} for each architecture that is fooled",
                "classifiers of each architecture": f"{self.config.classifiers} in the loss, "
                f"{self.config.held_out_classifiers} held-out",
                "phi": f"{self.config.phi:g}",
            },
            tables=(
                held_out,
                in_loss,
                quality_table(lab, groups),
                classifier_table(
                    lab,
                    [(f"{names[a]}, held-out", c, self.base[0]) for a, c in self.held_out.items()]
                    + [
                        (f"{names[a]}, in the loss", c, self.base[1])
                        for a, c in self.in_loss.items()
                    ],
                ),
                gan_table(
                    lab,
                    [
                        (f"fools {names[a]}, by held-out {names[a]}", gan, self.held_out[a])
                        for a, gans in self.fooling.items()
                        for gan in gans
                    ],
                ),
            ),
            figures=(detection_map(held_out), detection_map(in_loss)),
            grids=(
                sample_grid(lab, self.base[0][0], "samples-base", "A GAN that fools nobody"),
                *(
                    sample_grid(lab, gans[0], f"samples-{each}", f"A GAN that fools {names[each]}")
                    for each, gans in self.fooling.items()
                ),
            ),
            notes=("The paper's table is for FFHQ at 256x256; ours for the data and scale above.",),
        )

    def _table(
        self, lab: Lab, classifiers: dict, name: str, title: str, caption: str, paper=None
    ) -> Table:
        names = tuple(_NAMES[each] for each in self.architectures)
        known = {cell: text for cell, text in (paper or {}).items() if set(cell) <= set(names)}
        return Table(
            name=name,
            title=title,
            caption=caption,
            row_label="Classifier",
            column_label="GANs trained to fool",
            rows=names,
            columns=names,
            cells=[
                [detection(lab, classifiers[row], self.fooling[column]) for column in self.fooling]
                for row in self.architectures
            ],
            paper=known or None,
            paper_scope="StyleGAN2, FFHQ 256x256, phi 0.001" if known else "",
            instances="classifier-GAN pairs",
        )

    def _summarize(self, table: Table) -> str:
        parts = [
            f"GANs that fool {column}: held-out {column} detects {table.cells[i][i].mean:.0%}"
            + "".join(
                f", {row} {table.cells[j][i].mean:.0%}"
                for j, row in enumerate(table.rows)
                if j != i
            )
            for i, column in enumerate(table.columns)
        ]
        return "; ".join(parts) + " of their images."


if __name__ == "__main__":
    main(CrossArchitecture)
