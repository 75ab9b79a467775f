"""Memoryless training: every GAN fools only the classifiers of the iteration just before its own.

StyleGAN2: the artefacts come back. The images of iteration i fool the classifiers of iteration
i - 1 and are detected by those of iteration i - 2: GANs fool classifiers of their own iteration's
parity only (slides). No numbers are given, and nothing is said of the DCGAN.

    python -m experiments.memoryless --preset=reduced --dataset=mnist
    python -m experiments.memoryless --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256

Iterations 0 and 1 are those of `experiments.iterations`, and are trained once for both.
"""

from typing import ClassVar

from experiments.matrix import Tables
from experiments.running import main
from experiments.sequence import SequentialTraining, mean_over

_PARITY = (
    "The slides' sentence on parity contradicts the one before it, if taken literally: GANs of "
    "iteration i are said to be detected by classifiers of iteration i - 2, which has the same "
    "parity. The table shows every pair, so that either reading can be checked."
)


class Memoryless(SequentialTraining):
    """Every GAN fools the classifiers of iteration i - 1 alone."""

    name = "memoryless"
    title = "Memoryless sequential training: GANs that fool only the last classifiers"
    question = (
        "When GANs must fool only the classifiers of the last iteration, do the artefacts of the "
        "iteration before it come back?"
    )
    memory = 1
    notes: ClassVar = {
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

    def summarize(self, tables: Tables) -> str:
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


if __name__ == "__main__":
    main(Memoryless)
