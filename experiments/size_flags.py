"""The flags `--experiment_<field>`: of one experiment's size, and of a command over several."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TypeVar, get_type_hints

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.sizes import Size, field_words
from gan_knowledge_gaps.training.config import attribute_docs, define_flag, override, to_json

PREFIX = "experiment"
MOST_INSTANCES = 10_000
AnySize = TypeVar("AnySize", bound=Size)


def define_for_all(experiments: Sequence[type[Experiment]], setting: str, preset: str) -> None:
    """Declares a flag for each field of any experiment's size; it holds for all that have it.

    Args:
        experiments: whose.
        setting: whose values the help tells, of experiments that have it.
        preset: the same.
    """
    for field, having in _by_field(experiments).items():
        sizes = [_size_of(each, setting, preset) for each in having]
        values = dict.fromkeys(str(getattr(size, field)) for size in sizes)
        names = ", ".join(each.name for each in having)
        text, *others = {attribute_docs(type(size))[field]: None for size in sizes}
        if others:  # each experiment's own help says what it is there
            words = field_words(field)
            text = f"{words[0].upper()}{words[1:]} of {names}; see --help of each."
        elif len(having) < len(experiments):
            text += f" Only of {names}."
        text += f" [{' or '.join(values)}]"
        define_flag(f"{PREFIX}_{field}", get_type_hints(type(sizes[0]))[field], text)


def check_used(chosen: Iterable[type[Experiment]], known: Sequence[type[Experiment]]) -> None:
    """Raises InputError for a flag that changes nothing: no chosen experiment's size has the field.

    Args:
        chosen: the experiments that are to run.
        known: those whose flags are declared.
    """
    used = _by_field(chosen)
    for field, having in _by_field(known).items():
        if field not in used and flags.FLAGS[f"{PREFIX}_{field}"].value is not None:
            names = ", ".join(each.name for each in having)
            raise InputError(f"--{PREFIX}_{field} goes with {names}, which is not run here")


def chosen_size(size: AnySize) -> AnySize:
    """A preset's size as the flags change it.

    Raises:
        InputError: a value is out of range, or asks for more instances than anybody can list.
    """
    size = override(size, PREFIX, flags.FLAGS)
    for name, value in to_json(size).items():
        if isinstance(value, int) and value > MOST_INSTANCES:
            raise InputError(f"--{PREFIX}_{name} is {value}; it must be at most {MOST_INSTANCES:,}")
    return size


def _by_field(experiments: Iterable[type[Experiment]]) -> dict[str, list[type[Experiment]]]:
    """The experiments whose size has a field, by the field."""
    found: dict[str, list[type[Experiment]]] = {}
    for each in experiments:
        for field in dataclasses.fields(_size_of(each)):
            found.setdefault(field.name, []).append(each)
    return found


def _size_of(experiment: type[Experiment], setting: str = "", preset: str = "") -> Size:
    """The size at a setting and a preset, or where there is none, at the first."""
    presets = experiment.presets.get(setting) or next(iter(experiment.presets.values()))
    return presets.get(preset) or next(iter(presets.values()))
