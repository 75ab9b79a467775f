"""Truncation: the FID of truncated images, and classifiers of truncated and of all images.

StyleGAN2 (supplement 2): psi = 0.5 raises the FID from about 37 to about 81. A classifier trained
on truncated images of one generator suffices to detect truncated images of an independent one. A
classifier that detects the full range detects truncated images perfectly.

    python -m experiments.truncation --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.population import TRUNCATED, make_classifiers, make_gans
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import truncation as shown
from gan_knowledge_gaps.experiments.sizes import CNN, Architecture
from gan_knowledge_gaps.lab.specs import Truncated


@dataclasses.dataclass(frozen=True, kw_only=True)
class TruncationConfig(Architecture):
    """Size of the experiment.

    Attributes:
        psi: Of the truncation trick; 0.5 in the paper.
        gans: GANs that classifiers of "several" are trained on; 15 in the paper's example.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers of each kind (not fixed by the paper).
    """

    called: ClassVar = {"classifiers": "classifiers of each kind", "psi": ""}
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

    config: TruncationConfig
    name = "truncation"
    title = "The truncation trick: quality, and detection both ways (supplement 2)"
    question = "Are truncated images easier to detect, and does a classifier of all of them do it?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": TruncationConfig(gans=2, held_out_gans=1, classifiers=1),
            "reduced": TruncationConfig(**CNN, gans=4, held_out_gans=4, classifiers=2),
            "node": TruncationConfig(gans=5, held_out_gans=4, classifiers=3),
            "paper": TruncationConfig(),
        }
    }

    def build(self) -> None:
        """GANs, truncated and not, and classifiers of each kind by what they are trained on."""
        size = self.config
        gans = make_gans(self.setting, self.seed, 0, size.gans + size.held_out_gans, **self.first)
        pool, self.held_out = gans[: size.gans], gans[size.gans :]
        truncated = [Truncated(gan, size.psi) for gan in gans]
        truncated_pool, self.truncated = truncated[: size.gans], truncated[size.gans :]
        kinds = {
            "all images of 1 GAN": (pool[:1], 0),
            f"all images of {len(pool)} GANs": (pool, 0),
            "truncated images of 1 GAN": (truncated_pool[:1], TRUNCATED),
            f"truncated images of {len(pool)} GANs": (truncated_pool, TRUNCATED),
        }
        how = self.seed, 0, size.classifiers
        self.classifiers = {
            name: make_classifiers(*how, images, size.architecture, start=start)
            for name, (images, start) in kinds.items()
        }
        classifiers = [c for each in self.classifiers.values() for c in each]
        self.specs = [*self.held_out, *self.truncated, *classifiers]
        self.held_out_classifiers = []  # no GAN here fools a classifier

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(Truncation)
