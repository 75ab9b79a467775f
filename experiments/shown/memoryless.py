"""How memoryless is shown: the classifiers of the last iteration, and of the one before."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.matrix import Matrix, Tables
from gan_knowledge_gaps.experiments.shown import sequence
from gan_knowledge_gaps.experiments.shown.sequence import mean_over

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.memoryless import Memoryless

_PARITY = (
    "The slides' sentence on parity contradicts the one before it, if taken literally: GANs of "
    "iteration i are said to be detected by classifiers of iteration i - 2, which has the same "
    "parity. The table shows every pair, so that either reading can be checked."
)
_NOTES = {
    "dcgan": (
        "The paper's finding is for StyleGAN2 on FFHQ, ours for the DCGAN at the scale named "
        "above, of which the paper says nothing here.",
        _PARITY,
    ),
    "stylegan2": (
        "The paper's finding is for FFHQ at 256x256; ours for the data and scale named above.",
        _PARITY,
    ),
}


def shape(experiment: "Memoryless") -> Matrix:
    """Every iteration's classifiers on every iteration's GANs."""
    return sequence.matrix(experiment, _summarize, _NOTES)


def _summarize(tables: Tables) -> str:
    """Detection by the classifiers of the last iteration and of the one before."""
    held_out, in_loss, *_ = tables
    own = mean_over(held_out, lambda i, j: i == j)
    last = mean_over(held_out, lambda i, j: i == j - 1)
    before = mean_over(held_out, lambda i, j: i == j - 2)
    text = f"Held-out classifiers detect {own:.0%} of the images of their own iteration's GANs."
    if last is None:
        return text
    fooled = mean_over(in_loss, lambda i, j: i == j - 1)
    text += (
        f" Of the images of GANs trained to fool the iteration before their own, its "
        f"classifiers in the loss detect {fooled:.0%}, its held-out classifiers {last:.0%}."
    )
    if before is None:
        return text
    return text + f" Held-out classifiers of two iterations ago detect {before:.0%} of them."
