"""Table 2: five iterations of GANs and classifiers, every GAN fooling all earlier iterations.

The paper (StyleGAN2, ResNet-50, phi 0.001): held-out classifiers detect 86-100 % of the images of
GANs of their own iteration, at most 6 % of later iterations', and of earlier ones a share that
varies from 0 to 87 %. FID stays near 36.7. For the DCGAN it reports no such table, only that
generators are unable to fool held-out classifiers.

    python -m experiments.iterations  # 3 minutes on 2 cores
    python -m experiments.iterations --preset=reduced --dataset=mnist  # 1.5 hours
    python -m experiments.iterations --preset=paper --dataset=mnist  # 15 days
    python -m experiments.iterations --setting=stylegan2  # 7 minutes
    python -m experiments.iterations --setting=stylegan2 --preset=reduced --dataset=records \\
        --data_dir=faces32  # 23 hours
    python -m experiments.iterations --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256 --inception=inception-2015-12-05.tgz  # 102,500 hours of a V100

It prints the table and writes it, with figures, samples and a page, to
`<workdir>/results/iterations-<setting>-<preset>-<dataset>/`; a run that overrides the preset, the
seed or the data's folder gets a suffix of its own.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

from typing import Any, ClassVar

from experiments.running import main
from experiments.sequence import Cells, Sequence, mean_over

_PAPER = (
    ("0.99±0.00", "0.03±0.00", "0.04±0.01", "0.05±0.01", "0.05±0.01"),
    ("0.00±0.00", "1.00±0.01", "0.01±0.00", "0.06±0.00", "0.01±0.00"),
    ("0.00±0.00", "0.73±0.14", "0.96±0.05", "0.01±0.00", "0.03±0.01"),
    ("0.00±0.00", "0.87±0.11", "0.18±0.13", "0.93±0.07", "0.02±0.00"),
    ("0.01±0.00", "0.71±0.14", "0.51±0.14", "0.07±0.03", "0.86±0.11"),
)
_PAPER_FID = ("36.98", "36.62", "36.67", "36.39", "36.83")
_PAPER_SCOPE = "StyleGAN2, FFHQ 256x256, ResNet-50, phi 0.001"


class Iterations(Sequence):
    """Every GAN fools one classifier or more of each earlier iteration ("fool all")."""

    name = "iterations"
    title = "Sequential iterations: GANs that fool all earlier classifiers (Table 2)"
    question = (
        "When GANs must fool the classifiers of all earlier iterations, do held-out classifiers "
        "still detect them?"
    )
    paper_claim = (
        "StyleGAN2: held-out classifiers detect the GANs of their own iteration (0.86 to 1.00) and "
        "no GAN of a later one (at most 0.06); earlier GANs are detected sometimes. Quality does "
        "not suffer.\n\n"
        "DCGAN: no table is given. Generators are unable to fool held-out classifiers; as phi "
        "grows, quality collapses and the variance of the detection accuracy increases."
    )
    notes: ClassVar[dict[str, tuple[str, ...]]] = {
        "dcgan": (
            "The paper's table is for StyleGAN2 on FFHQ, ours for the DCGAN at the scale named "
            "above. Of the DCGAN the paper reports that it can't fool held-out classifiers. Where "
            "our table shows held-out classifiers fooled, it disagrees with that.",
            "The paper's quality row is the FID; ours is a frechet distance over the features of a "
            "digit classifier, on another scale.",
        ),
        "stylegan2": (
            "The paper's table is for FFHQ at 256x256; ours for the data and scale named above.",
            "The paper does not say how many images its FID is taken over.",
        ),
    }

    @property
    def paper_table(self) -> dict[str, Any]:
        """As much of the paper's table as there are iterations."""
        numbers = {
            (row, column): text
            for row, line in zip(self.names, _PAPER, strict=False)
            for column, text in zip(self.names, line, strict=False)
        }
        return {"paper": numbers, "paper_scope": _PAPER_SCOPE}

    def paper_quality(self, label: str) -> dict[str, Any]:
        """The paper's FID of each iteration."""
        numbers = {
            (label, name): f"FID {fid}" for name, fid in zip(self.names, _PAPER_FID, strict=False)
        }
        return {"paper": numbers, "paper_scope": _PAPER_SCOPE}

    def summarize(self, held_out: Cells, in_loss: Cells) -> str:
        """Own, later and earlier iterations, held-out and in the loss."""
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


if __name__ == "__main__":
    main(Iterations)
