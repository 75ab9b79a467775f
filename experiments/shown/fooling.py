"""The curve of GANs that fool, and the labels of their tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gan_knowledge_gaps.experiments.curve import Curve
from gan_knowledge_gaps.experiments.population import Shown

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.fooling import Fooling

# Labels of a table of classifiers against GANs that fool one group of them each.
WHO_FOOLS_WHOM: dict[str, Any] = {"row_label": "Classifier", "column_label": "GANs trained to fool"}


def curve(
    experiment: "Fooling",
    *,
    axis: str,
    label: str,
    more_sources: Mapping[str, Shown] | None = None,
    **more: Any,
) -> Curve:
    """Detection of the groups by both kinds of classifiers, and quality; none is the baseline.

    Args:
        experiment: whose groups.
        axis: what differs between the groups.
        label: what a group is called among the sources, "{}" its x.
        more_sources: rows of the table of sources before those of the groups.
        **more: further attributes of `Curve`.
    """
    base, groups = experiment.base, experiment.fooling.items()
    held_out = {x: Shown(base.held_out_classifiers, gans) for x, gans in groups}
    in_loss = {x: Shown(gans[0].fools, gans) for x, gans in groups}
    shown = {
        "held-out classifiers": {None: base.held_out_shown, **held_out},
        "classifiers in the loss": {None: base.in_loss_shown, **in_loss},
    }
    return Curve(
        name=experiment.name,
        caption="Fraction of generated images detected. The first column is of GANs with no "
        "classifier in their loss, measured by classifiers that were not trained on them.",
        axis=axis,
        columns={None: "none", **{x: f"{x:g}" for x in experiment.fooling}},
        curves={name: {x: [each] for x, each in row.items()} for name, row in shown.items()},
        quality_along={None: base.all_gans, **experiment.fooling},
        classifiers={"held-out": base.held_out_shown, "in the loss": base.in_loss_shown},
        sources={
            **(more_sources or {}),
            **{label.format(f"{x:g}"): each for x, each in held_out.items()},
        },
        samples_of=f"A GAN, {axis}: {{}}",
        **more,
    )
