"""What an experiment is, and what it finds."""

import abc
import dataclasses
from typing import Any, ClassVar

from data import Dataset
from lab.lab import Lab
from lab.specs import Classifier, Spec
from report import Figure, Grid, Table


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
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


class Experiment(abc.ABC):
    """A table or figure of the paper, in this project's terms.

    Attributes:
        name: the script's name.
        title: one line.
        question: what is asked.
        paper_claim: what the paper reports.
        presets: the experiment's sizes for `quick`, `reduced` and `paper`, by setting; the first
            setting is the default.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    paper_claim: ClassVar[str]
    presets: ClassVar[dict[str, dict[str, Any]]]

    def __init__(self, config: Any, seed: int = 0, setting: str | None = None):
        self.config, self.seed = config, seed
        self.setting = setting or next(iter(self.presets))

    @staticmethod  # noqa: B027 - most have none
    def define_flags() -> None:
        """Declares flags of its own."""

    @staticmethod
    def dataset() -> Dataset | None:
        """The natural images, where it has flags of its own for them."""
        return None

    @property
    def provenance(self) -> list[str]:
        """What it is about besides its sizes and the natural images, as digests."""
        return []

    @property
    @abc.abstractmethod
    def specs(self) -> list[Spec]:
        """The GANs and classifiers that must be trained."""

    @property
    @abc.abstractmethod
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out.

        None of them is in a loss, or shares a GAN with one that is, in any experiment.
        """

    @abc.abstractmethod
    def findings(self, lab: Lab) -> Findings:
        """Measures, once everything is trained."""
