"""Finetuning: from a GAN of iteration 0 to one of iteration 1.

StyleGAN2 (supplement 3): finetuning an iteration-0 GAN with the modified loss turns it into an
iteration-1 GAN. A held-out classifier of iteration 0 is quickly fooled, and a held-out classifier
of iteration 1, trained on GANs trained from scratch, starts to detect artefacts that were not there
before. The paper shows a curve and gives no numbers.

    python -m experiments.finetuning --preset=paper --dataset=records --data_dir=ffhq256

Iterations 0 and 1 are those of `experiments.iterations`, and are trained once for both.
"""

import dataclasses
from typing import Any, ClassVar

from gan_knowledge_gaps.experiments.curve import Curve, Point
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.population import FINETUNED, make_iteration, seeds
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import finetuning as shown
from gan_knowledge_gaps.experiments.sizes import CNNS, NODE, ONE, Architecture, Phi, Populations
from gan_knowledge_gaps.lab.specs import GAN, Snapshot
from gan_knowledge_gaps.training.config import check_at_most


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningConfig(Populations, Phi, Architecture):
    """Size of the experiment; both iterations have as many GANs and classifiers.

    Attributes:
        finetuned_gans: GANs of iteration 0 that are finetuned, at most `gans` (not fixed by the
            paper).
        share: Length of the finetuning, as a share of a whole training (not fixed by the paper).
        snapshots: Points of the curve along the finetuning (not fixed by the paper).
    """

    least: ClassVar = {"share": 1e-6}
    called: ClassVar = {"share": "finetuning, as a share of a training", "snapshots": ""}
    finetuned_gans: int = 5
    share: float = 0.1
    snapshots: int = 10

    def __post_init__(self):
        super().__post_init__()
        check_at_most(self, share=1)  # a whole training
        check_at_most(self, finetuned_gans=self.gans)


class Finetuning(Experiment):
    """Detection by held-out classifiers of iterations 0 and 1 along the finetuning."""

    config: FinetuningConfig
    name = "finetuning"
    title = "Finetuning a GAN of iteration 0 into one of iteration 1 (supplement 3)"
    question = (
        "Does finetuning with classifiers in the loss lead to the next iteration's artefacts?"
    )
    presets: ClassVar = {
        "stylegan2": {
            "quick": FinetuningConfig(**ONE, finetuned_gans=1, share=0.5, snapshots=4, phi=1.0),
            "reduced": FinetuningConfig(**CNNS, finetuned_gans=2, share=0.25, snapshots=5, phi=1.0),
            "node": FinetuningConfig(**NODE, finetuned_gans=4),
            "paper": FinetuningConfig(),
        }
    }

    def build(self) -> None:
        """Iterations 0 and 1 from scratch, and GANs on the way from one to the other."""
        size, last = self.config, self.config.snapshots
        first = make_iteration(self.setting, self.seed, 0, size, size.architecture, **self.first)
        fooling: dict[str, Any] = {"fools": first.classifiers, "phi": size.phi}
        second = make_iteration(self.setting, self.seed, 1, size, size.architecture, **fooling)
        self.iterations = first, second
        starts = first.gans[: size.finetuned_gans]  # which no held-out classifier knows
        how = fooling | {"share": size.share, "snapshots": last, "family": self.setting}
        pairs = zip(seeds(self.seed, 1, len(starts), FINETUNED), starts, strict=True)
        finetuned = [GAN(seed, start=start, **how) for seed, start in pairs]
        self.stages: dict[Point, Any] = {0.0: starts}  # by the share of the finetuning
        for number in range(1, last + 1):
            self.stages[number / last] = [Snapshot(gan, number) for gan in finetuned]
        self.held_out_classifiers = [*first.held_out_classifiers, *second.held_out_classifiers]
        stages = [source for each in self.stages.values() for source in each]
        self.specs = [*self.held_out_classifiers, *second.gans, *stages]

    def shape(self) -> Curve:
        return shown.shape(self)


if __name__ == "__main__":
    main(Finetuning)
