"""What an experiment reports."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.report.plain import plain, words
from gan_knowledge_gaps.report.table import Table, check_stem
from gan_knowledge_gaps.report.versions import collect


@dataclass(frozen=True)
class Figure:
    """A picture that a report draws.

    Attributes:
        name: file stem.
        caption: what it shows.
        draw: writes the figure to the PNG path it is given, e.g.
            `lambda path: heat_map(table, path)`.

    Example:
        >>> from gan_knowledge_gaps import report
        >>> curve = [(1, report.Measurement((0.7, 0.8))), (2, report.Measurement((0.9, 0.9)))]
        >>> figure = report.Figure(
        ...     name="generalization",
        ...     caption="Detection against the number of GANs trained on.",
        ...     draw=lambda path: report.error_curve(
        ...         path, {"held-out GANs": curve}, xlabel="GANs trained on", ylabel="detected"
        ...     ),
        ... )
    """

    name: str
    caption: str
    draw: Callable[[Path], object]

    def __post_init__(self) -> None:
        check_stem(self.name)


@dataclass(frozen=True)
class Grid:
    """Sample images of a report.

    Attributes:
        name: file stem.
        title: what the images are, e.g. 'GAN of iteration 1'.
        caption: how they were made.
        image: uint8 [H, W, 1 or 3], e.g. from `image_grid`.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps import report
        >>> from gan_knowledge_gaps.data import image_grid
        >>> images = np.zeros((16, 28, 28, 1), np.uint8)
        >>> grid = report.Grid("samples", "GAN", "The first 16.", image_grid(images, columns=8))
        >>> grid.image.shape
        (58, 238, 1)
    """

    name: str
    title: str
    caption: str
    image: np.ndarray

    def __post_init__(self) -> None:
        check_stem(self.name)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a reader needs to judge a result, and to obtain it again.

    Attributes:
        name: the experiment, e.g. 'five_iterations'.
        title: one line.
        question: what is asked.
        paper_claim: what the paper reports; "" where the question is not one of the paper's.
        summary: our finding in words, computed from the numbers; blank lines part paragraphs.
        facts: data set, scale and numbers of instances by name, shown beside every number.
        configuration: nested values as trained with.
        seeds: seeds by what they seed.
        command: the command line that makes this report.
        wall_time_seconds: how long all its trainings took, whichever run did them.
        tables: distinct names, none of them 'report'.
        figures: distinct names, those of grids included.
        grids: sample images.
        provenance: the artifacts behind the numbers: what each is, by key.
        notes: what differs from the paper, plainly said.
        versions: software and hardware, by default of this process.

    Raises:
        ValueError: two tables, or two images, have the same name, or a table that of report.json.

    Example:
        >>> from pathlib import Path
        >>> from gan_knowledge_gaps import report
        >>> table = report.Table(
        ...     name="detection", title="Detection rates", caption="Of other images than trained.",
        ...     row_label="Classifier", column_label="GAN", rows=("c0",), columns=("g0",),
        ...     cells=((0.9,),),
        ... )
        >>> page = report.write(
        ...     report.Report(
        ...         name="detection", title="One classifier, one GAN", question="Is it detected?",
        ...         paper_claim="", summary="The classifier detects 90 % of the images.",
        ...         facts={"data": "digits"}, configuration={}, seeds={"GAN": 0, "classifier": 0},
        ...         command="python my_experiment.py", wall_time_seconds=1.5, tables=(table,),
        ...     ),
        ...     Path("results"),
        ... )
        >>> sorted(path.name for path in page.parent.iterdir())
        ['detection.csv', 'detection.json', 'detection.md', 'index.html', 'report.json']
    """

    name: str
    title: str
    question: str
    paper_claim: str
    summary: str
    facts: Mapping[str, object]
    configuration: Mapping[str, object]
    seeds: Mapping[str, object]
    command: str
    wall_time_seconds: float
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    versions: Mapping[str, object] = field(default_factory=collect)

    def __post_init__(self) -> None:
        pictures = [each.name for each in self.figures] + [each.name for each in self.grids]
        for names in ([table.name for table in self.tables], pictures):
            repeated = [name for name, count in Counter(names).items() if count > 1]
            if repeated:
                raise ValueError(f"Report {self.name!r} has several parts named {repeated}.")
        if any(table.name == "report" for table in self.tables):
            raise ValueError("A table named 'report' would overwrite report.json.")
        scope = self.scope()
        tables = tuple(replace(table, scope=table.scope or scope) for table in self.tables)
        object.__setattr__(self, "tables", tables)

    def scope(self) -> str:
        """The facts on one line, as printed beside numbers."""
        return " · ".join(f"{name}: {words(value)}" for name, value in plain(self.facts).items())
