"""The options that a file's network was made with, each of which must be understood."""

from collections.abc import Collection
from typing import Any

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import ARCHITECTURES
from gan_knowledge_gaps.training.pickles.arrays import describe
from gan_knowledge_gaps.training.progress import say


class Options:
    """Options by name; what is asked for is understood, and nothing may be left.

    Args:
        owner: what they belong to, in error messages.
        values: by name.
        ignored: names of options that may be left all the same.
    """

    def __init__(self, owner: str, values: Any, ignored: Collection[str] = ()):
        if not isinstance(values, dict):
            raise InputError(f"its {owner} has no options")
        self._owner, self._values, self._ignored = owner, dict(values), ignored

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number from 0 on; without a default, it must be given."""
        value = self.number(name, default)
        if value != int(value):
            raise self._bad(name, value)
        return int(value)

    def number(self, name: str, default: float | None = None) -> float:
        """A number from 0 on; without a default, it must be given."""
        value = self._values.pop(name, default)
        if value is None and default is None:
            raise InputError(f"its {self._owner} lacks the option {name}")
        if not isinstance(value, int | float) or not 0 <= value < 2**31:
            raise self._bad(name, value)
        return float(value)

    def number_or_none(self, name: str) -> float | None:
        """A number from 0 on, or None, which is the default."""
        if self._values.get(name) is not None:
            return self.number(name)
        self._values.pop(name, None)
        return None

    def architecture(self, default: str) -> str:
        """The option that says how a network's resolutions are joined."""
        value = self._values.pop("architecture", default)
        if not isinstance(value, str) or value not in ARCHITECTURES:
            raise self._bad("architecture", value)
        return value

    def part(self, name: str) -> "Options":
        """Options in an option of their own; none where it is not given."""
        return Options(f"{self._owner}'s {name}", self._values.pop(name, {}), self._ignored)

    def must_be(self, name: str, *allowed: Any) -> None:
        """Raises `InputError` for an option that is given and none of what can be expressed."""
        if name not in self._values:
            return
        value = self._values.pop(name)
        if not any(same(value, each) for each in allowed):
            raise self._bad(name, value)

    def ignore(self, *names: str) -> None:
        """Options that change no function: of speed, of training, of single calls."""
        for name in names:
            self._values.pop(name, None)

    def ignore_idle(self, *names: str) -> None:
        """Options that such a network takes and drops in the original; a line warns of them."""
        idle = [name for name in names if name in self._values]
        if idle:
            self._warn(idle, " that do nothing there")
        self.ignore(*idle)

    def check_all_used(self) -> None:
        """Raises `InputError` for the first option that was not read, except ignored ones."""
        left = [name for name in self._values if name in self._ignored]
        if left:
            self._warn(left, ", as asked for")
        for name in self._values:
            if name not in self._ignored:
                raise InputError(
                    f"its {self._owner} has the option {describe(name)}, unknown here; "
                    f"import_nvlabs --ignore_option={describe(name)} leaves it out"
                )

    def _warn(self, names: list[str], why: str) -> None:
        say(f"warning: ignoring options of its {self._owner}{why}: {', '.join(names)}")

    def _bad(self, name: str, value: Any) -> InputError:
        return InputError(
            f"its {self._owner} has {name} = {describe(value)}, which these networks cannot express"
        )


def same(value: Any, other: Any) -> bool:
    """Whether two values are one, of one type: words, numbers or lists (or tuples) of these.

    Others never are: a file's may contain themselves.
    """
    if value is other:
        return True
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(_same_scalar, value, other))
    return _same_scalar(value, other)


def _same_scalar(value: Any, other: Any) -> bool:
    scalar = isinstance(value, str | int | float | None)
    return scalar and type(value) is type(other) and value == other


def agreeing(generator: dict[str, Any], discriminator: dict[str, Any]) -> dict[str, Any]:
    """Fields of both networks' configuration in one; raises `InputError` where they differ."""
    for name, mine in generator.items():
        its = discriminator.get(name, mine)
        if its != mine:
            raise InputError(f"its generator has {name} {mine}, its discriminator {its}")
    return generator | discriminator
