"""What `--help` says: a command's flags in groups, first those that a user needs.

Flags are declared with absl as ever; `group` says where they stand:

    with group(DATA):
        flags.DEFINE_string("data_dir", None, "Folder of the images.")
"""

import contextlib
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from absl import flags

NEEDED = "What the command needs"
DATA = "Data"
OPTIONS = "Options"  # of flags in no group
SIZE = "Size"
TRAINING = "Training"
EXECUTION = "Execution"
HIDDEN = "Others"  # shown by --helpfull alone
_ORDER = (NEEDED, DATA, OPTIONS, SIZE, TRAINING, EXECUTION, HIDDEN)

_WIDTH, _INDENT = 100, 30
_END = (
    "In brackets: the value without the flag. --helpfull shows every flag, --version the version."
)
_titles: dict[str, str] = {}  # of the flags in a group, by name


@contextlib.contextmanager
def group(title: str) -> Iterator[None]:
    """Puts the flags that are declared inside under a title; groups within it come first."""
    before = set(flags.FLAGS)
    yield
    for name in set(flags.FLAGS) - before:
        _titles.setdefault(name, title)


def named(name: str, default: str, choices: Sequence[str]) -> str:
    """What the command line gives to a flag that is not declared yet.

    Args:
        name: of the flag.
        default: what the flag is without being given.
        choices: values that it may have; of any other, which is refused later, `default` is told.
    """
    values = flags.FlagValues()
    values[name] = flags.Flag(flags.ArgumentParser(), None, name, default, "")
    try:
        values(sys.argv, known_only=True)
    except flags.Error:  # the flag without a value
        return default
    given = values[name].value
    return given if given is not None and given in choices else default


def help_text(doc: str, everything: bool = False) -> str:
    """The help of the command whose flags are declared: at most 100 columns.

    Args:
        doc: what stands above the flags.
        everything: whether flags in HIDDEN are shown, too.
    """
    groups: dict[str, list[flags.Flag]] = {}
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        if module.partition(".")[0] not in ("absl", "tensorflow"):
            for flag in defined:
                groups.setdefault(_titles.get(flag.name, OPTIONS), []).append(flag)
    parts = [doc.strip()] + [
        "\n".join([f"{title}:", *map(_line, groups[title])])
        for title in _ORDER
        if title in groups and (everything or title != HIDDEN)
    ]
    return "\n\n".join([*parts, _END])


def _line(flag: flags.Flag) -> str:
    """A flag, its help and its value, wrapped."""
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    choices = getattr(flag.parser, "enum_values", None)
    text = flag.help
    if choices:  # which absl puts first
        text = f"{text.partition('>: ')[2]} One of {', '.join(choices)}."
    if value := _words(flag.default):
        text += f" [{value}]"
    # Not at hyphens, for names and values are copied.
    lines = textwrap.wrap(text, _WIDTH - _INDENT, break_on_hyphens=False)
    if len(name) < _INDENT - 3:
        name = name.ljust(_INDENT - 2) + lines.pop(0)
    return "\n".join([f"  {name}", *(" " * _INDENT + line for line in lines)])


def _words(value: Any) -> str:
    """A default as a command line gives it; none for a switch that is off."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None or value is False else str(value)
