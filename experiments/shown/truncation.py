"""How truncation is shown: classifiers of both kinds, on images of both kinds."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.matrix import Detections, Matrix, Tables, means
from gan_knowledge_gaps.experiments.population import Shown

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.truncation import Truncation


def shape(experiment: "Truncation") -> Matrix:
    """Classifiers of both kinds on held-out GANs' images of both kinds."""
    truncated = f"truncated, psi {experiment.config.psi:g}"
    images = {"all images": experiment.held_out, truncated: experiment.truncated}
    return Matrix(
        detections=[
            Detections(
                rows=experiment.classifiers,
                columns=images,
                name=experiment.name,
                title="Held-out GANs: fraction of generated images detected",
                caption="The GANs measured are none that any of these classifiers was trained on.",
                row_label="Classifier of",
                column_label="Images",
            )
        ],
        summary=_summarize,
        quality=images,
        paper_quality={"all images": "about 37", truncated: "about 81"},
        paper_quality_scope="StyleGAN2, FFHQ 256x256, psi 0.5",
        classifiers={
            n: Shown(each, experiment.held_out) for n, each in experiment.classifiers.items()
        },
        samples_of="A held-out GAN, {}",
    )


def _summarize(tables: Tables) -> str:
    names, truncated = tables[0].rows, means(tables[0])[:, 1]
    return (
        "Truncated images of held-out GANs are detected, by classifiers of "
        f"{names[2]}, at {truncated[2]:.0%}; by classifiers of {names[0]} at "
        f"{truncated[0]:.0%}, of {names[1]} at {truncated[1]:.0%}."
    )
