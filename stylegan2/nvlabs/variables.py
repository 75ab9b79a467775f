"""The arrays of a file by name, each of which must be used or known to be of no use."""

import re
from collections.abc import Callable, Iterator

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.pickles.arrays import printable


class Variables:
    """Arrays by name.

    Args:
        owner: the network in error messages.
        arrays: by name, in the file's own layout.
    """

    def __init__(self, owner: str, arrays: dict[str, np.ndarray]):
        self._owner, self._arrays = owner, arrays
        self._used: set[str] = set()

    def __len__(self) -> int:
        return len(self._arrays)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def peek(self, name: str) -> np.ndarray:
        """An array as it is in the file; that is no use of it."""
        return self._arrays[name]

    def largest_resolution(self, prefix: str) -> int:
        """The largest of the variables' names that begin with `prefix` and "RxR/"; 0 for none."""
        found = (re.match(re.escape(prefix) + r"(\d{1,6})x\1/", name) for name in self._arrays)
        return max((int(match[1]) for match in found if match), default=0)

    def take(
        self, name: str, convert: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]
    ) -> np.ndarray:
        """An array of finite numbers in our layout.

        Args:
            name: of the file.
            convert: from the file's layout to ours; `ValueError` where the array can't be.
            shape: in our layout.

        Raises:
            InputError: there is no such array, or it is another.
        """
        if name not in self._arrays:
            raise InputError(f"its {self._owner} has no variable {name}")
        array = self._arrays[name]
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise InputError(f"its {self._owner}'s variable {name} does not hold finite numbers")
        try:
            converted = convert(array)
        except ValueError:
            converted = array
        if converted.shape != shape:
            raise InputError(
                f"its {self._owner}'s variable {name} has shape {array.shape}, which does not fit "
                f"the {shape} that its configuration asks for"
            )
        self._used.add(name)
        return converted

    def check_all_used(self, needless: re.Pattern) -> None:
        """Raises `InputError` for the first array not taken whose name `needless` doesn't match."""
        for name in self._arrays:
            if name not in self._used and not needless.fullmatch(name):
                raise InputError(
                    f"its {self._owner} has the variable {printable(name)}, which these networks "
                    "lack"
                )
