"""Truncation: the FID of truncated images, and classifiers of truncated and of all images.

The paper (StyleGAN2, supplement 2): psi = 0.5 raises the FID from about 37 to about 81. A
classifier trained on truncated images of one generator suffices to detect truncated images of
another; a classifier of the full range detects truncated images perfectly.

    python -m experiments.truncation  # 5 minutes on 2 cores
    python -m experiments.truncation --preset=reduced --dataset=records \\
        --data_dir=faces32  # 12 hours
    python -m experiments.truncation --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz  # 19,900 hours of a V100

It writes to `<workdir>/results/truncation-<setting>-<preset>-<dataset>/`.

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
    detection_map,
    quality_table,
    sample_grid,
)
from experiments.population import make_classifiers, make_gans
from experiments.running import main
from lab.lab import Lab
from lab.specs import GAN, Classifier, ImageSource, Spec, Truncated
from report import Table
from training.config import check_at_least, check_choices

# Seeds of the classifiers of truncated images follow those of the others.
TRUNCATED = 50


@dataclasses.dataclass(frozen=True)
class TruncationConfig:
    """Size of the experiment.

    Attributes:
        psi: Of the truncation trick; 0.5 in the paper.
        gans: GANs that classifiers of "several" are trained on; 15 in the paper's example.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers of each kind (not fixed by the paper).
        architecture: Architecture of the classifiers (not fixed by the paper for this result).
    """

    psi: float = 0.5
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 5
    architecture: str = "resnet50"

    def __post_init__(self):
        check_at_least(self, psi=0, gans=1, held_out_gans=1, classifiers=1)
        check_choices(self, architecture=ARCHITECTURES)
        if self.psi >= 1:
            raise InputError(f"psi is {self.psi}; it must be below 1, which truncates nothing")


class Truncation(Experiment):
    """Classifiers of truncated and of all images, each on both."""

    name = "truncation"
    title = "The truncation trick: quality, and detection both ways (supplement 2)"
    question = "Are truncated images easier to detect, and does a classifier of all of them do it?"
    paper_claim = (
        "StyleGAN2: psi = 0.5 raises the FID from about 37 to about 81. A classifier trained on "
        "truncated images of one generator suffices to detect truncated images of an independent "
        "one. A classifier that detects the full range detects truncated images perfectly."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "stylegan2": {
            "quick": TruncationConfig(gans=2, held_out_gans=1, classifiers=1),
            "reduced": TruncationConfig(gans=4, held_out_gans=2, classifiers=2),
            "paper": TruncationConfig(),
        }
    }

    @cached_property
    def pool(self) -> tuple[GAN, ...]:
        """The GANs that classifiers are trained on."""
        return make_gans(self.setting, self.seed, 0, self.config.gans)

    @cached_property
    def held_out(self) -> tuple[GAN, ...]:
        """The GANs that they are measured on."""
        return make_gans(
            self.setting, self.seed, 0, self.config.held_out_gans, start=self.config.gans
        )

    def truncated(self, gans: tuple[GAN, ...]) -> tuple[Truncated, ...]:
        """The same GANs, truncated."""
        return tuple(Truncated(gan, self.config.psi) for gan in gans)

    @cached_property
    def classifiers(self) -> dict[str, tuple[Classifier, ...]]:
        """The classifiers of each kind, by what they are called."""
        several = f"{len(self.pool)} GANs"
        kinds: dict[str, tuple[int, tuple[ImageSource, ...]]] = {
            "all images of 1 GAN": (0, self.pool[:1]),
            f"all images of {several}": (0, self.pool),
            "truncated images of 1 GAN": (TRUNCATED, self.truncated(self.pool[:1])),
            f"truncated images of {several}": (TRUNCATED, self.truncated(self.pool)),
        }
        count, architecture = self.config.classifiers, self.config.architecture
        return {
            name: make_classifiers(self.seed, 0, count, pool, architecture, start=start)
            for name, (start, pool) in kinds.items()
        }

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """None: no GAN of this experiment fools a classifier."""
        return []

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        classifiers = [c for each in self.classifiers.values() for c in each]
        return [*self.held_out, *self.truncated(self.held_out), *classifiers]

    def findings(self, lab: Lab) -> Findings:
        """Detection of both kinds of images by classifiers of both, and their quality."""
        sources = {
            "all images": self.held_out,
            f"truncated, psi {self.config.psi:g}": self.truncated(self.held_out),
        }
        table = self._table(lab, sources)
        return Findings(
            summary=self._summarize(table),
            instances={
                "architecture": self.config.architecture,
                "GANs": f"{self.config.gans} trained on, {self.config.held_out_gans} held-out",
                "classifiers of each kind": self.config.classifiers,
            },
            tables=(
                table,
                self._quality_table(lab, sources),
                classifier_table(
                    lab, [(name, each, self.held_out) for name, each in self.classifiers.items()]
                ),
            ),
            figures=(detection_map(table),),
            grids=tuple(
                sample_grid(lab, each[0], f"samples-{number}", f"A held-out GAN, {name}")
                for number, (name, each) in enumerate(sources.items())
            ),
        )

    def _table(self, lab: Lab, sources: dict[str, tuple[ImageSource, ...]]) -> Table:
        return Table(
            name="truncation",
            title="Held-out GANs: fraction of generated images detected",
            caption="The GANs measured are none that any of these classifiers was trained on.",
            row_label="Classifier of",
            column_label="Images",
            rows=tuple(self.classifiers),
            columns=tuple(sources),
            cells=[
                [detection(lab, who, each) for each in sources.values()]
                for who in self.classifiers.values()
            ],
            instances="classifier-GAN pairs",
        )

    def _quality_table(self, lab: Lab, sources: dict[str, tuple[ImageSource, ...]]) -> Table:
        numbers = zip(sources, ("FID about 37", "FID about 81"), strict=True)
        paper = {(lab.quality.label, name): text for name, text in numbers}
        scope = "StyleGAN2, FFHQ 256x256, psi 0.5"
        return quality_table(lab, sources, paper=paper, paper_scope=scope)

    def _summarize(self, table: Table) -> str:
        one, _, truncated_one, _ = (line[1].mean for line in table.cells)
        several = table.cells[1][1].mean
        return (
            "Truncated images of held-out GANs are detected, by classifiers of truncated images of "
            f"one GAN, at {truncated_one:.0%}; by classifiers of all images of one GAN at "
            f"{one:.0%} and of {len(self.pool)} at {several:.0%}."
        )


if __name__ == "__main__":
    main(Truncation)
