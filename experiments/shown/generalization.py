"""How generalization is shown: accuracy against the number of GANs trained on."""

from functools import partial
from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.curve import Curve, Measured, Point
from gan_knowledge_gaps.experiments.population import Shown

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.generalization import Generalization


def shape(experiment: "Generalization") -> Curve:
    """Of one architecture all curves are drawn, of several those of held-out GANs."""
    architectures, numbers = experiment.config.each_architecture, range(1, len(experiment.pool) + 1)
    curves: dict[str, dict[Point, list[Shown]]] = {}
    for name in architectures:
        who = {n: experiment.classifiers[name, n] for n in numbers}
        curves[_unseen(name)] = {n: [Shown(who[n], experiment.held_out)] for n in numbers}
        curves[_seen(name)] = {n: [Shown([c], c.pool) for c in who[n]] for n in numbers}
        curves[f"natural images, {name}"] = {n: [Shown(who[n], None)] for n in numbers}
    shown = {
        f"{name}, n = {n}": Shown(each, experiment.held_out)
        for (name, n), each in experiment.classifiers.items()
    }
    return Curve(
        name=experiment.name,
        title="Accuracy against the number of GANs trained on",
        caption="Generated images called generated, natural evaluation images called natural.",
        row_label="Images and classifier",
        axis="n, GANs trained on",
        instances="classifier-GAN pairs; classifiers for natural images",
        columns={n: str(n) for n in numbers},
        curves=curves,
        summary=partial(_summarize, experiment),
        drawn=list(curves) if len(architectures) == 1 else [*map(_unseen, architectures)],
        ylabel="accuracy",
        quality={"pool": experiment.pool, "held-out": experiment.held_out},
        classifiers=shown,
        sources={f"held-out, by {name}": each for name, each in shown.items()},
        notes=(
            "Each classifier is trained for the same number of epochs over its pool, so with "
            "n times as many steps on n GANs.",
            "Evaluation images of GANs trained on are not their training images.",
        ),
    )


def _summarize(experiment: "Generalization", measured: Measured) -> str:
    last, parts = len(experiment.pool), []
    for name in experiment.config.each_architecture:
        unseen, seen = measured[_unseen(name)], measured[_seen(name)]
        text = (
            f"{name}: trained on one GAN, classifiers detect {seen[1].mean:.0%} of its images "
            f"and {unseen[1].mean:.0%} of the images of held-out GANs"
        )
        if last > 1:
            text += (
                f"; trained on {last}, {unseen[last].mean:.0%}. The spread over instances is "
                f"{unseen[1].std:.2f} at n = 1 and {unseen[last].std:.2f} at n = {last}"
            )
        parts.append(text + ".")
    return " ".join(parts)


def _unseen(architecture: str) -> str:
    return f"held-out GANs, {architecture}"


def _seen(architecture: str) -> str:
    return f"GANs trained on, {architecture}"
