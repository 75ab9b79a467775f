"""Configurations: frozen dataclasses, with presets, absl flags over them, and JSON beside results.

A field's help text is its entry in the class docstring's "Attributes" section, so the flag and the
documentation can't differ.
"""

import dataclasses
import inspect
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.json_files import FLAG, NUMBER, TEXT, WHOLE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")

# Keras dtype policies of hidden layers. mixed_bfloat16 keeps weights, images and losses in float32.
PRECISIONS = ("float32", "mixed_bfloat16")
# How a generator sees the JPEG encoding of a classifier that it must fool.
JPEG_MODES = ("differentiable", "straight_through", "none")
_DEFINE: dict[type, Callable[..., Any]] = {
    bool: flags.DEFINE_boolean,
    float: flags.DEFINE_float,
    int: flags.DEFINE_integer,
    str: flags.DEFINE_string,
}
_KINDS = {bool: FLAG, float: NUMBER, int: WHOLE, str: TEXT}


def attribute_docs(config_class: type) -> dict[str, str]:
    """The text of each field in the "Attributes" sections of the class and of those it extends."""
    docs: dict[str, str] = {}
    for each in reversed(config_class.__mro__):
        section = inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")[2]
        section = re.split(r"^(?=\S)", section, maxsplit=1, flags=re.MULTILINE)[0]
        # An entry begins at the section's indentation; what is indented further continues it.
        entries = re.split(r"^    (?=\w+: )", section, flags=re.MULTILINE)[1:]
        for name, _, text in (entry.partition(": ") for entry in entries):
            docs[name] = " ".join(text.split())
    return docs


def define_flags(prefix: str, config: Any, flag_values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines a flag `--<prefix>_<field>` for each field; unset, it leaves the configuration's.

    Args:
        prefix: what the flags' names begin with.
        config: whose values the help texts tell: that of the preset which the command line names.
        flag_values: where to define them.
    """
    docs, types = attribute_docs(type(config)), get_type_hints(type(config))
    for field in dataclasses.fields(config):
        text = f"{docs[field.name]} [{getattr(config, field.name)}]"
        define_flag(f"{prefix}_{field.name}", types[field.name], text, flag_values)


def define_flag(
    name: str, kind: type, text: str, flag_values: flags.FlagValues = flags.FLAGS
) -> None:
    """Defines a flag of a field's type, unset without being given."""
    _DEFINE[kind](name, None, text, flag_values=flag_values)


def override(config: Config, prefix: str, values: flags.FlagValues) -> Config:
    """The configuration with the fields replaced whose flags were given.

    Raises:
        InputError: a value is out of the field's range; the line names the flag.
    """
    given = {
        field.name: values[f"{prefix}_{field.name}"].value
        for field in dataclasses.fields(config)
        if values[f"{prefix}_{field.name}"].value is not None
    }
    try:
        return dataclasses.replace(config, **given)
    except InputError as error:
        raise InputError(f"--{prefix}_{error}") from error


def check_at_least(config: Any, **least: float) -> None:
    """Raises InputError for the first field below its least value, NaN or infinite."""
    for name, bound in least.items():
        value = getattr(config, name)
        if math.isnan(value) or value < bound:
            raise InputError(f"{name} is {value}; it must be at least {bound:g}")
        if math.isinf(value):
            raise InputError(f"{name} is {value}; it must be finite")


def check_at_most(config: Any, **most: float) -> None:
    """Raises InputError for the first field above its greatest value."""
    for name, bound in most.items():
        value = getattr(config, name)
        if value > bound:
            raise InputError(f"{name} is {value}; it must be at most {bound:g}")


def check_choices(config: Any, **choices: tuple[str, ...]) -> None:
    """Raises InputError for the first field that is none of its choices."""
    for name, allowed in choices.items():
        value = getattr(config, name)
        if value not in allowed:
            raise InputError(f"{name} is {value}; it must be one of {', '.join(allowed)}")


def to_json(config: Any) -> dict[str, Any]:
    """The configuration as plain JSON values."""
    return dataclasses.asdict(config)


def json_shape(config_class: type) -> dict[str, Any]:
    """The shape of such JSON, for `data.read_json`; a field that is newer may be missing."""
    types = get_type_hints(config_class)
    return {f"{each.name}?": _KINDS[types[each.name]] for each in dataclasses.fields(config_class)}


def check_json(config_class: type, values: dict[str, Any], where: str) -> None:
    """Raises InputError unless JSON of the right shape is a configuration: its names, its ranges.

    Args:
        config_class: what it is of.
        values: the JSON values.
        where: what begins the line: the file and the key.
    """
    unknown = sorted(values.keys() - {field.name for field in dataclasses.fields(config_class)})
    if unknown:
        raise InputError(f"{where} has {ascii(unknown[0])[:60]}, which this version does not know")
    try:
        config_class(**values)
    except InputError as error:
        raise InputError(f"{where}.{error}") from error
