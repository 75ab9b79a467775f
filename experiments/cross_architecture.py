"""Table 1: GANs that fool one architecture, measured by held-out classifiers of each.

StyleGAN2 (iteration 1, phi 0.001): GANs trained to fool a ResNet-50 fool held-out ResNet-50s (0.05
detected), and less so Inception-v3 (0.51) and MobileNetV2 (0.31). With Inception-v3 in the loss the
effect is slightly diminished (0.16 on its own kind), with MobileNetV2 highly (0.41).

    python -m experiments.cross_architecture --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz
"""

import dataclasses
from typing import ClassVar

from classifiers import ARCHITECTURES
from experiments.fooling import Fooling
from experiments.matrix import Matrix, PaperMatrix, Tables, held_out, in_loss
from experiments.population import Shown
from experiments.running import main
from experiments.sizes import ONE, TWO, Architectures, FoolingGANs, Phi, Populations
from lab.specs import GAN

_PAPER = PaperMatrix(
    names=("ResNet-50", "Inception-v3", "MobileNetV2"),
    lines=(
        ("0.05±0.02", "0.74±0.12", "0.50±0.39"),
        ("0.51±0.25", "0.16±0.26", "0.53±0.34"),
        ("0.31±0.17", "0.36±0.16", "0.41±0.38"),
    ),
    scope="StyleGAN2, FFHQ 256x256, phi 0.001",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossArchitectureConfig(Populations, FoolingGANs, Phi, Architectures):
    """Size of the experiment; GANs that fool, and classifiers, are so many per architecture."""

    called: ClassVar = {
        "classifiers": "classifiers of each architecture in the loss",
        "held_out_classifiers": "held-out classifiers of each architecture",
        "fooling_gans": "GANs for each architecture that is fooled",
    }


class CrossArchitecture(Fooling):
    """Which architecture is fooled by GANs that were trained to fool which."""

    name = "cross_architecture"
    title = "Fooling across architectures (Table 1)"
    question = "Do GANs that fool classifiers of one architecture fool those of another?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": CrossArchitectureConfig(**ONE, fooling_gans=1, phi=1.0),
            "reduced": CrossArchitectureConfig(**TWO, fooling_gans=2, phi=0.1),
            "paper": CrossArchitectureConfig(),
        }
    }

    def groups(self) -> dict[str, tuple[GAN, ...]]:
        """The GANs that fool each architecture."""
        phi = self.config.phi
        return {name: self.fool(base.classifiers, phi) for name, base in self.bases.items()}

    def shape(self) -> Matrix:
        """Every architecture's classifiers on GANs that fool each architecture."""
        titles = {each: ARCHITECTURES[each].title for each in self.bases}
        fooling = {titles[each]: gans for each, gans in self.fooling.items()}
        held = {titles[each]: base.held_out_classifiers for each, base in self.bases.items()}
        loss = {titles[each]: base.classifiers for each, base in self.bases.items()}
        labels = {"row_label": "Classifier", "column_label": "GANs trained to fool"}
        diagonal = "On the diagonal, the very classifiers that the GANs were trained to fool."
        gans, held_out_gans = self.base.gans, self.base.held_out_gans
        return Matrix(
            detections=(
                held_out(held, fooling, paper=_PAPER, **labels),
                in_loss(loss, fooling, caption=diagonal, **labels),
            ),
            summary=_summarize,
            quality={"no classifier": self.base.all_gans}
            | {f"fool {name}": each for name, each in fooling.items()},
            classifiers={f"{name}, held-out": Shown(each, gans) for name, each in held.items()}
            | {f"{name}, in the loss": Shown(c, held_out_gans) for name, c in loss.items()},
            sources={
                f"fools {name}, by held-out {name}": Shown(held[name], each)
                for name, each in fooling.items()
            },
            notes=("The paper's table is for FFHQ at 256x256; ours for the data and scale above.",),
        )


def _summarize(tables: Tables) -> str:
    """Of GANs that fool each architecture: detection by its own kind, then by the others."""
    (names, cells), parts = (tables[0].rows, tables[0].cells), []
    for i, name in enumerate(names):
        rates = {other: f"{cells[j][i].mean:.0%}" for j, other in enumerate(names)}
        own = f"GANs that fool {name}: held-out {name} detects {rates.pop(name)}"
        parts.append(", ".join([own, *(f"{other} {rate}" for other, rate in rates.items())]))
    return "; ".join(parts) + " of their images."


if __name__ == "__main__":
    main(CrossArchitecture)
