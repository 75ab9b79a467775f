"""What an experiment is, what it shows, and what it finds."""

from __future__ import annotations

import abc
import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from gan_knowledge_gaps.data import Dataset
from gan_knowledge_gaps.experiments.measurements import (
    classifier_table,
    quality_table,
    sample_grid,
    score,
    source_table,
)
from gan_knowledge_gaps.experiments.population import Shown, iteration_of
from gan_knowledge_gaps.experiments.sizes import FINETUNE, SCRATCH, Beginning, Size
from gan_knowledge_gaps.lab.specs import GAN, Classifier, ImageSource, Spec, StartingPoint, in_order
from gan_knowledge_gaps.report import Figure, Grid, Measurement, Table

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


class Start(NamedTuple):
    """What the GANs of iteration 0 begin with.

    Attributes:
        point: networks from outside.
        share: of the configured length of a training that they then train for.
    """

    point: StartingPoint
    share: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What an experiment found.

    Attributes:
        summary: the finding in words, computed from the numbers.
        instances: what the numbers are of, by name.
        tables: the numbers; the first is the experiment's main one.
        figures: the paper's form of them.
        grids: sample images.
        notes: what differs from the paper.
    """

    summary: str
    instances: dict[str, Any]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shape(abc.ABC):
    """What an experiment measures and shows: `Matrix` or `Curve`, and what both have.

    Attributes:
        quality: groups of sources whose quality is measured, by name; none for no such table. The
            first source of each group is shown.
        paper_quality: the paper's FIDs by group.
        paper_quality_scope: what these were measured on.
        classifiers: groups of classifiers, and what each is shown, of the table of classifiers;
            none for no such table.
        sources: groups of sources, and the classifiers that each is shown to, of the table in which
            every source stands by itself; none for no such table.
        source_name: tells the sources of one group apart.
        also: further shapes; their sentences, tables and figures stand after this one's.
        samples_of: what is shown of a group, "{}" its name.
        more_tables: tables of the experiment's own.
        more_figures: figures of its own.
        notes: what differs from the paper.
    """

    quality: Mapping[str, Sequence[ImageSource]] = dataclasses.field(default_factory=dict)
    paper_quality: Mapping[str, str] = dataclasses.field(default_factory=dict)
    paper_quality_scope: str = ""
    classifiers: Mapping[str, Shown] = dataclasses.field(default_factory=dict)
    sources: Mapping[str, Shown] = dataclasses.field(default_factory=dict)
    source_name: Callable[[ImageSource], str] = attrgetter("name")
    also: Sequence[Shape] = ()
    samples_of: str = "A GAN: {}"
    more_tables: Sequence[Callable[[Lab], Table]] = ()
    more_figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()

    @abc.abstractmethod
    def shown(self) -> Iterable[Shown]:
        """Who is shown what in the shape's own tables."""

    @abc.abstractmethod
    def measure(self, lab: Lab) -> tuple[str, list[Table], list[Figure]]:
        """The summary, and the shape's own tables and figures."""

    def sampled(self) -> Mapping[str, Sequence[ImageSource]]:
        """The groups whose first source is shown."""
        return self.quality

    def result(self, lab: Lab, instances: dict[str, Any]) -> Result:
        """Measures, once everything is trained.

        Args:
            lab: where it is trained.
            instances: what the numbers are of, by name.
        """
        shapes = (self, *self.also)
        shown = [each for shape in shapes for each in shape.shown()]
        score(lab, [*shown, *self.classifiers.values(), *self.sources.values()])
        summaries, tables, figures = zip(*(shape.measure(lab) for shape in shapes), strict=True)
        return Result(
            summary=" ".join(summaries),
            instances=instances,
            tables=(*chain(*tables), *self._shared_tables(lab)),
            figures=(*chain(*figures), *self.more_figures),
            grids=tuple(
                sample_grid(lab, sources[0], f"samples-{number}", self.samples_of.format(name))
                for number, (name, sources) in enumerate(self.sampled().items())
            ),
            notes=tuple(self.notes),
        )

    def _shared_tables(self, lab: Lab) -> list[Table]:
        tables = [make(lab) for make in self.more_tables]
        if self.quality:
            paper = self.paper_quality, self.paper_quality_scope
            tables.append(quality_table(lab, self.quality, *paper))
        if self.classifiers:
            tables.append(classifier_table(lab, self.classifiers))
        if self.sources:
            tables.append(source_table(lab, self.sources, self.source_name))
        return tables


class Experiment(abc.ABC):
    """A table or figure of the paper, in this project's terms.

    Attributes:
        name: the script's name.
        title: one line.
        question: what is asked.
        paper_claim: what the paper reports; by default what the script's docstring says between its
            first line and the commands.
        presets: the experiment's sizes for each of `PRESET_NAMES`, by setting; the first
            setting is the default.
        specs: the GANs and classifiers that must be trained; `build` sets it.
        held_out_classifiers: every classifier that is reported as held out; `build` sets it. None
            of them is in a loss, or shares a GAN with one that is, in any experiment.
        provenance: digests of what it is about besides its sizes and the natural images.
        start: what the GANs of iteration 0 begin with; None for fresh networks.
        config: its size, of the class of its presets.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    paper_claim: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Size]]]
    specs: list[Spec]
    held_out_classifiers: list[Classifier]
    provenance: Sequence[str]
    config: Size

    def __init_subclass__(cls):
        # Classes that several experiments have in common have no name.
        if "name" in vars(cls) and "paper_claim" not in vars(cls):
            cls.paper_claim = claim_in(sys.modules[cls.__module__].__doc__)

    def __init__(
        self,
        config: Size,
        seed: int = 0,
        setting: str | None = None,
        start: Start | None = None,
    ):
        self.config, self.seed, self.start = config, seed, start
        self.setting = setting or next(iter(self.presets))
        self.provenance = [] if start is None else [start.point.digest, str(start.share)]
        self.build()

    def resized(self, config: Size) -> Self:
        """The same experiment of another size."""
        return type(self)(config, self.seed, self.setting, self.start)

    @property
    def first(self) -> dict[str, Any]:
        """How GANs of iteration 0 begin, as arguments of `make_gans`."""
        if self.start is None:
            return {}
        return {"begin": [self.start.point], "share": self.start.share}

    def after(self, gans: Sequence[GAN]) -> dict[str, Any]:
        """How GANs of the iteration after that of some GANs begin, as arguments of `make_gans`."""
        size = self.config
        if not isinstance(size, Beginning) or size.start == SCRATCH:
            return {}
        return {"begin": gans, "share": size.start_share}

    def watchers(self) -> dict[GAN, Classifier]:
        """A classifier that each GAN that fools some does not fool, to be watched meanwhile.

        It is a held-out one of the architecture and the iteration of the newest that it fools; in
        an experiment without any, another instance.
        """
        specs = in_order(self.specs)
        others = self.held_out_classifiers or [s for s in specs if isinstance(s, Classifier)]
        found = {}
        for gan in specs:
            if isinstance(gan, GAN) and gan.fools:
                newest = gan.fools[-1]
                alike = [
                    each
                    for each in others
                    if each not in gan.fools
                    and each.architecture == newest.architecture
                    and iteration_of(each.seed) == iteration_of(newest.seed)
                ]
                if alike:
                    found[gan] = alike[0]
        return found

    def beginnings(self) -> tuple[str, ...]:
        """A sentence for each kind of GANs that are not trained from scratch."""
        sentences, size = [], self.config
        if self.start is not None:
            sentences.append(
                f"GANs of iteration 0 are not trained from scratch: all begin with the networks of "
                f"{self.start.point.name} and train for {self.start.share:.3g} of a training, so "
                "that their seeds differ only in what comes after."
            )
        if isinstance(size, Beginning) and size.start == FINETUNE:
            sentences.append(
                "GANs of later iterations are not trained from scratch: each begins with a GAN of "
                f"the iteration before and trains for {size.start_share:.3g} of a training."
            )
        return tuple(sentences)

    @staticmethod  # noqa: B027 - most have none
    def define_flags() -> None:
        """Declares flags of its own."""

    @staticmethod
    def dataset() -> Dataset | None:
        """The natural images, where it has flags of its own for them."""
        return None

    @abc.abstractmethod
    def build(self) -> None:
        """Makes the values; nothing is trained."""

    @abc.abstractmethod
    def shape(self) -> Shape:
        """What is measured, and how it is shown."""

    def result(self, lab: Lab) -> Result:
        """Measures, once everything is trained."""
        found, said = self.shape().result(lab, self.config.facts()), self.beginnings()
        tables = tuple(
            dataclasses.replace(each, caption=" ".join([each.caption, *said]))
            if any(isinstance(cell, Measurement) for row in each.cells for cell in row)
            else each  # the paper's
            for each in found.tables
        )
        return dataclasses.replace(found, tables=tables, notes=(*said, *found.notes))


def claim_in(docstring: str | None) -> str:
    """What a script's docstring says between its first line and its commands, lines joined."""
    text = (docstring or "").partition("\n\n")[2].partition("\n\n    ")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
