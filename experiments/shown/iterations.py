"""How iterations is shown: Table 2, and its FIDs."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.matrix import Matrix, PaperMatrix, Tables
from gan_knowledge_gaps.experiments.shown import sequence
from gan_knowledge_gaps.experiments.shown.sequence import iteration_name, mean_over

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.iterations import Iterations

_NAMES = [iteration_name(number) for number in range(5)]
_PAPER = (
    ("0.99±0.00", "0.03±0.00", "0.04±0.01", "0.05±0.01", "0.05±0.01"),
    ("0.00±0.00", "1.00±0.01", "0.01±0.00", "0.06±0.00", "0.01±0.00"),
    ("0.00±0.00", "0.73±0.14", "0.96±0.05", "0.01±0.00", "0.03±0.01"),
    ("0.00±0.00", "0.87±0.11", "0.18±0.13", "0.93±0.07", "0.02±0.00"),
    ("0.01±0.00", "0.71±0.14", "0.51±0.14", "0.07±0.03", "0.86±0.11"),
)
_PAPER_FID = ("36.98", "36.62", "36.67", "36.39", "36.83")
_NOTES = {
    "dcgan": (
        "The paper's table is for StyleGAN2 on FFHQ, ours for the DCGAN at the scale named "
        "above. Of the DCGAN the paper reports that it can't fool held-out classifiers. Where "
        "our table shows held-out classifiers fooled, it disagrees with that.",
        "The paper's quality row is the FID; ours is a Fréchet distance over the features of a "
        "digit classifier, on another scale.",
    ),
    "stylegan2": (
        "The paper's table is for FFHQ at 256x256; ours for the data and scale named above.",
        "The paper does not say how many images its FID is taken over.",
    ),
}


def shape(experiment: "Iterations") -> Matrix:
    """Every iteration's classifiers on every iteration's GANs, beside Table 2."""
    return sequence.matrix(
        experiment,
        _summarize,
        _NOTES,
        paper=PaperMatrix(_NAMES, _PAPER, "StyleGAN2, FFHQ 256x256, ResNet-50, phi 0.001"),
        paper_fid=dict(zip(_NAMES, _PAPER_FID, strict=True)),
    )


def _summarize(tables: Tables) -> str:
    """Own, later and earlier iterations, held-out and in the loss."""
    held_out, in_loss, *_ = tables
    own = mean_over(held_out, lambda i, j: i == j)
    later = mean_over(held_out, lambda i, j: i < j)
    earlier = mean_over(held_out, lambda i, j: i > j)
    fooled = mean_over(in_loss, lambda i, j: i < j)
    text = f"Held-out classifiers detect {own:.0%} of the images of their own iteration's GANs."
    if later is None:
        return text
    return (
        f"{text} Of the images of later iterations' GANs, the classifiers that these were "
        f"trained to fool detect {fooled:.0%}, held-out classifiers {later:.0%}. Of earlier "
        f"iterations' GANs held-out classifiers detect {earlier:.0%}."
    )
