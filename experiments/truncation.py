"""Truncation: the FID of truncated images, and classifiers of truncated and of all images.

StyleGAN2 (supplement 2): psi = 0.5 raises the FID from about 37 to about 81. A classifier trained
on truncated images of one generator suffices to detect truncated images of an independent one. A
classifier that detects the full range detects truncated images perfectly.

    python -m experiments.truncation --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz
"""

import dataclasses
from functools import cached_property
from typing import ClassVar

from data import InputError
from experiments.experiment import Experiment, paper_claim
from experiments.matrix import Detections, Matrix, Tables
from experiments.population import Shown, make_classifiers, make_gans
from experiments.running import main
from experiments.sizes import Architecture
from experiments.specs import GAN, Classifier, GANImages, Spec, Truncated

TRUNCATED = 50  # The first seed of classifiers of truncated images; it follows those of the others.


@dataclasses.dataclass(frozen=True)
class TruncationConfig(Architecture):
    """Size of the experiment.

    Attributes:
        psi: Of the truncation trick; 0.5 in the paper.
        gans: GANs that classifiers of "several" are trained on; 15 in the paper's example.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers of each kind (not fixed by the paper).
    """

    psi: float = 0.5
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 5

    def __post_init__(self):
        super().__post_init__()
        if self.psi >= 1:
            raise InputError(f"psi is {self.psi}; it must be below 1, which truncates nothing")


class Truncation(Experiment):
    """Classifiers of truncated and of all images, each on both."""

    name = "truncation"
    title = "The truncation trick: quality, and detection both ways (supplement 2)"
    question = "Are truncated images easier to detect, and does a classifier of all of them do it?"
    paper_claim = paper_claim(__doc__)
    presets: ClassVar = {
        "stylegan2": {
            "quick": TruncationConfig(gans=2, held_out_gans=1, classifiers=1),
            "reduced": TruncationConfig(gans=4, held_out_gans=2, classifiers=2),
            "paper": TruncationConfig(),
        }
    }
    held_out_classifiers: ClassVar = ()  # no GAN here fools a classifier

    @cached_property
    def pool(self) -> tuple[GAN, ...]:
        """The GANs that classifiers are trained on."""
        return make_gans(self.seed, 0, self.config.gans)

    @cached_property
    def held_out(self) -> tuple[GAN, ...]:
        """The GANs that they are measured on."""
        return make_gans(self.seed, 0, self.config.held_out_gans, start=self.config.gans)

    def truncated(self, gans: tuple[GAN, ...]) -> tuple[Truncated, ...]:
        """The same GANs, truncated."""
        return tuple(Truncated(gan, self.config.psi) for gan in gans)

    @cached_property
    def classifiers(self) -> dict[str, tuple[Classifier, ...]]:
        """The classifiers of each kind, by what they are trained on."""
        one, several = self.pool[:1], self.pool
        return {
            "all images of 1 GAN": self._classifiers_of(one, 0),
            f"all images of {len(several)} GANs": self._classifiers_of(several, 0),
            "truncated images of 1 GAN": self._classifiers_of(self.truncated(one), TRUNCATED),
            f"truncated images of {len(several)} GANs": self._classifiers_of(
                self.truncated(several), TRUNCATED
            ),
        }

    def _classifiers_of(self, pool: tuple[GANImages, ...], start: int) -> tuple[Classifier, ...]:
        count, architecture = self.config.classifiers, self.config.architecture
        return make_classifiers(self.seed, 0, count, pool, architecture, start=start)

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        classifiers = [c for each in self.classifiers.values() for c in each]
        return [*self.held_out, *self.truncated(self.held_out), *classifiers]

    def shape(self) -> Matrix:
        """Classifiers of both kinds on held-out GANs' images of both kinds."""
        truncated = f"truncated, psi {self.config.psi:g}"
        images = {"all images": self.held_out, truncated: self.truncated(self.held_out)}
        return Matrix(
            detections=[
                Detections(
                    rows=self.classifiers,
                    columns=images,
                    name="truncation",
                    title="Held-out GANs: fraction of generated images detected",
                    caption="The GANs measured are none that any of these classifiers was trained "
                    "on.",
                    row_label="Classifier of",
                    column_label="Images",
                )
            ],
            summary=self._summarize,
            quality=images,
            paper_quality={"all images": "FID about 37", truncated: "FID about 81"},
            paper_quality_scope="StyleGAN2, FFHQ 256x256, psi 0.5",
            classifiers={n: Shown(each, self.held_out) for n, each in self.classifiers.items()},
            samples_of="A held-out GAN, {}",
        )

    def _summarize(self, tables: Tables) -> str:
        one, several, truncated_one, _ = (f"{line[1].mean:.0%}" for line in tables[0].cells)
        return (
            "Truncated images of held-out GANs are detected, by classifiers of truncated images of "
            f"one GAN, at {truncated_one}; by classifiers of all images of one GAN at {one} and of "
            f"{len(self.pool)} at {several}."
        )


if __name__ == "__main__":
    main(Truncation)
