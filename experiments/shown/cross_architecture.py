"""How cross_architecture is shown: Table 1."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.classifiers import ARCHITECTURES
from gan_knowledge_gaps.experiments.matrix import (
    Matrix,
    PaperMatrix,
    Tables,
    held_out,
    in_loss,
    means,
    rankings,
)
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.experiments.shown.fooling import WHO_FOOLS_WHOM

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.cross_architecture import CrossArchitecture

_PAPER = PaperMatrix(
    names=("ResNet-50", "Inception-v3", "MobileNetV2"),
    lines=(
        ("0.05±0.02", "0.74±0.12", "0.50±0.39"),
        ("0.51±0.25", "0.16±0.26", "0.53±0.34"),
        ("0.31±0.17", "0.36±0.16", "0.41±0.38"),
    ),
    scope="StyleGAN2, FFHQ 256x256, phi 0.001",
)


def shape(experiment: "CrossArchitecture") -> Matrix:
    """Every architecture's classifiers on GANs that fool each architecture."""
    titles = {each: ARCHITECTURES[each].title for each in experiment.bases}
    fooling = {titles[each]: gans for each, gans in experiment.fooling.items()}
    held = {titles[each]: base.held_out_classifiers for each, base in experiment.bases.items()}
    loss = {titles[each]: base.classifiers for each, base in experiment.bases.items()}
    diagonal = "On the diagonal, the very classifiers that the GANs were trained to fool."
    gans, held_out_gans = experiment.base.gans, experiment.base.held_out_gans
    detected = held_out(held, fooling, paper=_PAPER, **WHO_FOOLS_WHOM)
    return Matrix(
        detections=(
            detected,
            in_loss(loss, fooling, caption=diagonal, **WHO_FOOLS_WHOM),
            *rankings(detected),
        ),
        summary=_summarize,
        quality={"no classifier": experiment.base.all_gans}
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
    names, parts = tables[0].rows, []
    for name, column in zip(names, means(tables[0]).T, strict=True):
        rates = {other: f"{rate:.0%}" for other, rate in zip(names, column, strict=True)}
        own = f"GANs that fool {name}: held-out {name} detects {rates.pop(name)}"
        parts.append(", ".join([own, *(f"{other} {rate}" for other, rate in rates.items())]))
    return "; ".join(parts) + " of their images."
