"""Detection across generators: classifiers of each generator, measured on every other.

It is the field's train-on by test-on matrix (Wang et al. 2020 and after), of generators that the
user has: folders, zip files or records of their images, published StyleGAN2 pickles, runs of
`stylegan2.train`. Only classifiers are trained. The paper asks the same of the GANs that it trains.

    python -m experiments.cross_generator --natural=photos --resolution=64 \\
        --generators=gan=gan.zip,diffusion=diffusion,ffhq=ffhq-64.pkl

It writes to `<workdir>/results/cross_generator-images-<preset>-<natural>-<which>/`.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from experiments.clusters import Clusters, find_clusters
from experiments.experiment import Experiment, Findings
from experiments.generators import define_sources, open_natural, open_sources
from experiments.measurements import (
    DETECTION_FIELDS,
    classifier_table,
    detection,
    detection_map,
    quality_table,
    sample_grid,
)
from experiments.population import parse_architectures, seeds
from experiments.running import main
from lab import measure
from lab.config import IMAGES
from lab.lab import Lab
from lab.specs import Classifier, ImageSource, Spec
from report import Figure, Measurement, Table, error_curve
from training.config import check_at_least


@dataclasses.dataclass(frozen=True)
class CrossGeneratorConfig:
    """Size of the experiment.

    Attributes:
        classifiers: Classifiers of each architecture and pool of generators.
        architectures: Of the classifiers, separated by commas.
    """

    classifiers: int = 3
    architectures: str = "resnet50"

    def __post_init__(self):
        check_at_least(self, classifiers=1)
        parse_architectures(self.architectures)


class CrossGenerator(Experiment):
    """Classifiers of one generator, of several, and of all but one, on every generator."""

    name = "cross_generator"
    title = "Detection across generators"
    question = "Which generators does a classifier detect that it was not trained on?"
    paper_claim = (
        "The paper asks this of GANs that differ in their seed: StyleGAN2 classifiers need several "
        "of them to detect others. Of generators of other kinds it reports nothing."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        IMAGES: {
            "quick": CrossGeneratorConfig(classifiers=1, architectures="cnn"),
            "reduced": CrossGeneratorConfig(classifiers=2),
            "paper": CrossGeneratorConfig(),
        }
    }
    define_flags = staticmethod(define_sources)
    dataset = staticmethod(open_natural)

    def __init__(self, config, seed=0, setting=None, sources: tuple[ImageSource, ...] = ()):
        super().__init__(config, seed, setting)
        self.sources = sources or open_sources()

    @cached_property
    def pools(self) -> dict[tuple[str, int, int], list[Classifier]]:
        """Classifiers of n generators from the k-th on, counted in a circle: (architecture, n, k).

        n = 1 makes the matrix, n = all but one the leave-one-out row, every n the curve.
        """
        circle, count = self.sources * 2, len(self.sources)
        return {
            (name, n, k): [
                Classifier(seed, circle[k : k + n], name)
                for seed in seeds(self.seed, 0, self.config.classifiers)
            ]
            for name in parse_architectures(self.config.architectures)
            for n in range(1, count)
            for k in range(count)
        }

    @property
    def specs(self) -> list[Spec]:
        """All classifiers."""
        return [each for group in self.pools.values() for each in group]

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """None: no generator here fools a classifier."""
        return []

    @property
    def provenance(self) -> list[str]:
        """What the generators' images are."""
        return [each.digest for each in self.sources]

    def findings(self, lab: Lab) -> Findings:
        """The matrix in each metric, its clusters, and the curve over the pool's size."""
        for source in self.sources:
            measure.score(lab, self.specs, source)
        tables = [self._matrix(lab, title, field) for title, field in DETECTION_FIELDS.items()]
        rates = self._rates(lab)
        clusters = find_clusters(1.0 - rates)
        return Findings(
            summary=_summarize(rates, clusters, self._names),
            instances={
                "generators": ", ".join(self._names),
                "classifiers of each pool": self.config.classifiers,
                "architectures": self.config.architectures,
            },
            tables=(
                *tables,
                quality_table(lab, {each.name: [each] for each in self.sources}),
                classifier_table(lab, self._rows),
            ),
            figures=(detection_map(tables[0]), self._figure(lab)),
            grids=tuple(
                sample_grid(lab, each, f"samples-{number}", each.name)
                for number, each in enumerate(self.sources)
            ),
            notes=(
                "Natural and generated images that were resized, cropped or compressed otherwise "
                "are told apart by that alone: bring both to one size by one way before.",
                "Clusters: average linkage of 1 - (mean of the rates at which either classifier "
                "detects the other's generator), cut where the silhouette is largest.",
            ),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.sources)

    @property
    def _rows(self) -> list[tuple[str, list[Classifier], list[ImageSource]]]:
        return [
            (f"{name}, {n} from {self._names[k]} on", group, self._others(group))
            for (name, n, k), group in self.pools.items()
        ]

    def _others(self, group: list[Classifier]) -> list[ImageSource]:
        return [each for each in self.sources if each not in group[0].pool]

    def _without(self, name: str, source: ImageSource) -> list[Classifier]:
        """The classifiers of all generators but one."""
        last = len(self.sources) - 1
        groups = (g for (each, n, _), g in self.pools.items() if (each, n) == (name, last))
        return next(group for group in groups if source not in group[0].pool)

    def _matrix(self, lab: Lab, title: str, field: str) -> Table:
        rows: dict[str, list[Measurement]] = {}
        names = parse_architectures(self.config.architectures)
        for name in names:
            suffix = f", {name}" if len(names) > 1 else ""
            for k, trained_on in enumerate(self._names):
                group = self.pools[name, 1, k]
                rows[trained_on + suffix] = [
                    detection(lab, group, [each], field) for each in self.sources
                ]
            if len(self.sources) > 2:
                rows[f"all others{suffix}"] = [
                    detection(lab, self._without(name, each), [each], field)
                    for each in self.sources
                ]
        return Table(
            name=field,
            title=f"{title[0].upper()}{title[1:]} of generators by classifiers of others",
            caption='Row: the generator trained on; "all others": all but the column\'s. Column: '
            "the generator tested on, by images that train no classifier. On the diagonal both are "
            "the same.",
            row_label="Trained on",
            column_label="Tested on",
            rows=tuple(rows),
            columns=self._names,
            cells=list(rows.values()),
            instances="classifiers",
        )

    def _rates(self, lab: Lab) -> np.ndarray:
        """Mean rate at which classifiers of generator i detect generator j, [n, n]."""
        names = parse_architectures(self.config.architectures)
        return np.array(
            [
                [
                    np.mean([detection(lab, self.pools[a, 1, k], [each]).mean for a in names])
                    for each in self.sources
                ]
                for k in range(len(self.sources))
            ]
        )

    def _figure(self, lab: Lab) -> Figure:
        curves = {
            name: [
                (n, _joined(detection(lab, group, self._others(group)) for group in groups))
                for n in range(1, len(self.sources))
                if (groups := [self.pools[name, n, k] for k in range(len(self.sources))])
            ]
            for name in parse_architectures(self.config.architectures)
        }
        return Figure(
            "generators_in_the_pool",
            "Detection rate of generators that a classifier was not trained on, against the number "
            "of generators in its pool.",
            lambda path: error_curve(
                path, curves, title="Detection of unseen generators",
                xlabel="generators in the pool", ylabel="fraction detected",
            ),
        )  # fmt: skip


def _joined(parts) -> Measurement:
    return Measurement(tuple(value for part in parts for value in part.values))


def _summarize(rates: np.ndarray, clusters: Clusters, names: tuple[str, ...]) -> str:
    own = float(np.mean(np.diag(rates)))
    others = float(np.mean(rates[~np.eye(len(rates), dtype=bool)]))
    groups = " and ".join(
        "{" + ", ".join(names[k] for k in members) + "}" for members in clusters.members
    )
    return (
        f"Classifiers of one generator detect {own:.0%} of its images and {others:.0%} of those of "
        f"the other generators. Groups that share artefacts: {groups}."
    )


if __name__ == "__main__":
    main(CrossGenerator)
