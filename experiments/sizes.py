"""Sizes that several experiments have in common. A field's text is its flag's help."""

import dataclasses
from typing import Any, ClassVar, Self

from gan_knowledge_gaps.classifiers import ARCHITECTURES
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import check_at_least, check_at_most, check_choices, to_json

SCRATCH, FINETUNE = "scratch", "finetune"  # how GANs of an iteration after 0 begin
DETECTORS = "resnet50,inception_v3,mobilenet_v2"  # the paper's, in its StyleGAN2 setting
_LEAST = {int: 1, float: 0.0}
# The fields that say how much is trained.
INSTANCES = (
    "gans", "held_out_gans", "classifiers", "held_out_classifiers", "fooling_gans",
    "finetuned_gans", "largest_pool",
)  # fmt: skip
ITERATIONS = "iterations"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Size:
    """The size of an experiment. Whole numbers are at least 1, others at least 0."""

    # Of single fields: bounds that differ from this, and what reports call them, "" for nothing:
    # the tables show it. Both add to those of the classes that are extended.
    least: ClassVar[dict[str, float]] = {}
    called: ClassVar[dict[str, str]] = {}

    def __post_init__(self):
        numbers = [each for each in dataclasses.fields(self) if each.type in _LEAST]
        bounds = {each.name: _LEAST[each.type] for each in numbers} | self._gathered("least")
        check_at_least(self, **bounds)

    def capped(self, instances: int | None, iterations: int | None) -> Self:
        """The same with at most so many instances of each kind, and so many iterations.

        Args:
            instances: of each kind and group, at least 1; None for no bound.
            iterations: the same of iterations.
        """
        least = self._gathered("least")
        asked = dict.fromkeys(INSTANCES, instances) | {ITERATIONS: iterations}
        caps = {name: cap for name, cap in asked.items() if cap and name in vars(self)}
        changed = {
            name: min(getattr(self, name), max(cap, least.get(name, 1)))
            for name, cap in caps.items()
        }
        return dataclasses.replace(self, **changed)

    def content(self) -> dict[str, Any]:
        """What the size is, as JSON values: of two that mean the same, the same."""
        return to_json(self)

    def facts(self) -> dict[str, str]:
        """The size as reports tell it."""
        values = {
            name: f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in self.content().items()
        }
        called = {name: field_words(name) for name in values} | self._gathered("called")
        return {called[name]: text for name, text in values.items() if called[name]}

    def _gathered(self, name: str) -> dict[str, Any]:
        return dict(
            item
            for each in reversed(type(self).__mro__)
            for item in vars(each).get(name, {}).items()
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Populations(Size):
    """Two disjoint populations of GANs, and the classifiers that are trained on each.

    Attributes:
        gans: GANs of an iteration that train its classifiers for the loss; 15 in the paper's
            example.
        held_out_gans: GANs of an iteration that train its held-out classifiers; 10 in the paper.
        classifiers: Classifiers of an iteration, and of each architecture, that go into the loss
            (not fixed by the paper).
        held_out_classifiers: Held-out classifiers of an iteration, and of each architecture (not
            fixed by the paper).
    """

    called: ClassVar[dict[str, str]] = {"classifiers": "classifiers in the loss"}
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 1
    held_out_classifiers: int = 5


# The smallest populations, for presets.
ONE: dict[str, Any] = {"gans": 1, "held_out_gans": 1, "held_out_classifiers": 1}
TWO: dict[str, Any] = {"gans": 2, "held_out_gans": 2, "held_out_classifiers": 2}
THREE_HELD_OUT: dict[str, Any] = {**TWO, "held_out_classifiers": 3}
# Of the reduced preset's StyleGAN2: as many as its small CNNs need to detect 0.9 of unseen GANs.
FOUR: dict[str, Any] = {"gans": 4, "held_out_gans": 4, "held_out_classifiers": 2}
CNN: dict[str, Any] = {"architecture": "cnn"}  # for any number of GANs, and for four:
CNNS: dict[str, Any] = {**FOUR, **CNN}
# Of the node preset's StyleGAN2: as many as end within a week, docs/reproducing.md.
NODE: dict[str, Any] = {"gans": 5, "held_out_gans": 4, "held_out_classifiers": 3}
NODE_FOOLING: dict[str, Any] = {**NODE, "fooling_gans": 3}
NODE_POOL: dict[str, Any] = {"largest_pool": 5, "held_out_gans": 4, "classifiers": 3}
# Of the classifiers whose default is the DCGAN's.
RESNET: dict[str, Any] = {"architecture": "resnet50"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beginning(Size):
    """How GANs of an iteration after 0 begin.

    Attributes:
        start: scratch, as in the paper's tables; or finetune: with a GAN of the iteration before.
        start_share: With finetune, the length of such a training, as a share of a whole one.
    """

    least: ClassVar[dict[str, float]] = {"start_share": 1e-6}
    called: ClassVar[dict[str, str]] = {
        "start": "GANs after iteration 0",
        "start_share": "their length, as a share of a training",
    }
    start: str = SCRATCH
    start_share: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        check_choices(self, start=(SCRATCH, FINETUNE))
        check_at_most(self, start_share=1)

    def content(self) -> dict[str, Any]:
        """Nothing of how they begin where they begin as ever."""
        content = super().content()
        if self.start == SCRATCH:
            del content["start"], content["start_share"]
        return content


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoolingGANs(Beginning):
    """GANs that are trained to fool classifiers.

    Attributes:
        fooling_gans: GANs of each group that fools classifiers: of each phi, each number of them or
            each architecture (not fixed by the paper).
    """

    fooling_gans: int = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Phi(Size):
    """The weight of the classifiers in a GAN's loss.

    Attributes:
        phi: Weight of each classifier in the loss; 0.001 in the paper, and larger in the quick and
            reduced presets, whose GANs see too few images for 0.001 to move them.
    """

    phi: float = 0.001


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture(Size):
    """Classifiers of one architecture.

    Attributes:
        architecture: Architecture of the classifiers (not fixed by the paper for this result).
    """

    architecture: str = "resnet50"

    def __post_init__(self):
        super().__post_init__()
        check_choices(self, architecture=ARCHITECTURES)

    @property
    def each_architecture(self) -> tuple[str, ...]:
        """The one."""
        return (self.architecture,)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architectures(Size):
    """Classifiers of several architectures.

    Attributes:
        architectures: Architectures of the classifiers, separated by commas.
    """

    architectures: str = DETECTORS

    def __post_init__(self):
        super().__post_init__()
        parse_architectures(self.architectures)

    @property
    def each_architecture(self) -> tuple[str, ...]:
        """The architectures one by one."""
        return parse_architectures(self.architectures)


def field_words(name: str) -> str:
    """'held_out_gans' as 'held-out GANs'."""
    return name.replace("held_out", "held-out").replace("gans", "GANs").replace("_", " ")


def parse_architectures(names: str) -> tuple[str, ...]:
    """Architectures of classifiers from "resnet50,inception_v3".

    Raises:
        InputError: one of them is not known.
    """
    given = tuple(dict.fromkeys(names.split(",")))
    for name in given:
        if name not in ARCHITECTURES:
            raise InputError(
                f"architectures is {names}; '{name}' is none of {', '.join(ARCHITECTURES)}"
            )
    return given
