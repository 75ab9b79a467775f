"""Sets of images by the names of their generators, as a command line gives them."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from gan_knowledge_gaps.classifiers.evaluation_inputs import names_of
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.errors import printable

NATURAL, UNKNOWN = "natural", "unknown"  # what no generator can be called


@dataclasses.dataclass(frozen=True)
class NamedSets:
    """Paths of sets, and the name of each; several may have one name, as those of one iteration.

    Attributes:
        paths: folders, zip files or records.
        names: of their generators, one for each path.
    """

    paths: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def classes(self) -> list[str]:
        """The names, each once, in their order."""
        return list(dict.fromkeys(self.names))


def named_sets(given: Sequence[str], flag: str) -> NamedSets:
    """Reads NAME=PATH, or PATH, whose last part is then the name.

    Args:
        given: values of a flag; what is there as a path is one, whatever it is called.
        flag: the flag, for messages.

    Raises:
        InputError: a name is empty or that of no generator, or a path is given twice.
    """
    pairs = [_parted(each) for each in given]
    unnamed = iter(names_of([path for name, path in pairs if name is None]))
    names = [printable(next(unnamed) if name is None else name) for name, _ in pairs]
    for name in names:
        if name in (NATURAL, UNKNOWN, ""):
            raise InputError(
                f"{flag}: a generator is called '{name}'; give another name, as NAME=PATH"
            )
    paths = [path for _, path in pairs]
    if len(set(map(os.path.realpath, paths))) < len(paths):
        raise InputError(f"{flag} names one path twice")
    return NamedSets(tuple(paths), tuple(names))


def check_apart(unknown: NamedSets, generated: NamedSets, natural: str) -> None:
    """Raises InputError where --unknown names images, or a generator, that train."""
    trained = set(map(os.path.realpath, (natural, *generated.paths)))
    for name, path in zip(unknown.names, unknown.paths, strict=True):
        if name in generated.names or os.path.realpath(path) in trained:
            raise InputError(
                f"--unknown names {name} ({path}), which trains: give a generator that does not, "
                "or another name, as NAME=PATH"
            )


def _parted(given: str) -> tuple[str | None, str]:
    name, equals, path = given.partition("=")
    if not equals or "/" in name or os.sep in name or Path(given).exists():
        return None, given
    return name, path
