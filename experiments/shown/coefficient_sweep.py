"""How coefficient_sweep is shown: detection, quality and losses against phi."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.curve import Curve, Measured
from gan_knowledge_gaps.experiments.measurements import loss_table
from gan_knowledge_gaps.experiments.shown import fooling

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.coefficient_sweep import CoefficientSweep


def shape(experiment: "CoefficientSweep") -> Curve:
    """Detection and quality for each phi."""
    along = {f"{phi:g}": gans for phi, gans in experiment.fooling.items()}
    return fooling.curve(
        experiment,
        title="Detection rate and quality against phi",
        axis="phi",
        label="phi = {}",
        logx=True,
        draws_quality=True,
        summary=_summarize,
        more_sources={"no classifier in the loss": experiment.base.held_out_shown},
        more_tables=[lambda lab: loss_table(lab, "phi", along)],
        notes=(
            "The GANs of every phi share their seeds, so that only phi differs between them.",
            "The paper sweeps phi for the DCGAN, and fixes it at 0.001 for StyleGAN2.",
        ),
    )


def _summarize(measured: Measured) -> str:
    held_out, in_loss, quality, *_ = measured.values()
    _, low, *_ = held_out
    *_, high = held_out
    return (
        f"Without a classifier in the loss, held-out classifiers detect {held_out[None].mean:.0%} "
        f"of the images. At phi = {low:g} they detect {held_out[low].mean:.0%} and the classifiers "
        f"in the loss {in_loss[low].mean:.0%}; at phi = {high:g} {held_out[high].mean:.0%} and "
        f"{in_loss[high].mean:.0%}. The spread of the held-out rate over instances goes from "
        f"{held_out[low].std:.2f} to {held_out[high].std:.2f}, the Fréchet distance from "
        f"{quality[low].mean:.1f} to {quality[high].mean:.1f} ({quality[None].mean:.1f} without)."
    )
