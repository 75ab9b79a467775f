"""Tables of successive iterations: what iterations and memoryless have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps.experiments.matrix import (
    Matrix,
    PaperMatrix,
    Tables,
    held_out,
    in_loss,
    means,
    rankings,
)
from gan_knowledge_gaps.report import Table

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.sequence import SequentialTraining


def matrix(
    experiment: "SequentialTraining",
    summary: Callable[[Tables], str],
    notes: Mapping[str, Sequence[str]],
    paper: PaperMatrix | None = None,
    paper_fid: Mapping[str, str] | None = None,
) -> Matrix:
    """Every iteration's classifiers on every iteration's GANs.

    Args:
        experiment: whose iterations.
        summary: the finding in words; the first two tables are of held-out classifiers and of those
            in the loss.
        notes: what differs from the paper, by setting.
        paper: the paper's table of held-out classifiers.
        paper_fid: the paper's FID by iteration, of the same GANs.
    """
    each = {iteration_name(number): made for number, made in enumerate(experiment.iterations)}
    detected = held_out(
        {name: made.held_out_classifiers for name, made in each.items()},
        {name: made.gans for name, made in each.items()},
        paper=paper,
    )
    fooled = in_loss(
        {name: made.classifiers for name, made in each.items()},
        {name: made.held_out_gans for name, made in each.items()},
        caption="What the GANs were trained to fool, measured on GANs that these classifiers were "
        "not trained on.",
    )
    classifiers = {}
    for name, made in each.items():
        classifiers[f"{name}, held-out"] = made.held_out_shown
        classifiers[f"{name}, in the loss"] = made.in_loss_shown
    return Matrix(
        detections=(detected, fooled, *rankings(detected)),
        summary=summary,
        quality={name: made.all_gans for name, made in each.items()},
        paper_quality=paper_fid or {},
        paper_quality_scope="" if paper is None else paper.scope,
        classifiers=classifiers,
        sources={name: made.held_out_shown for name, made in each.items()},
        notes=notes.get(experiment.setting, ()),
    )


def iteration_name(number: int) -> str:
    """What an iteration is called in tables."""
    return f"Iteration {number}"


def mean_over(table: Table, choose: Callable[[int, int], bool]) -> float | None:
    """The mean of the cells (row i, column j) for which choose(i, j); None if there are none."""
    chosen = [mean for (i, j), mean in np.ndenumerate(means(table)) if choose(i, j)]
    return float(np.mean(chosen)) if chosen else None
