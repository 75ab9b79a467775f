"""One training after another, in this process."""

from pathlib import Path

from lab.lab import Lab
from lab.specs import Spec


class Inline:
    """Trains in this process."""

    def train(self, lab: Lab, specs: list[Spec], results: Path) -> list[Spec]:
        """Trains what is missing; `results` is of no interest here.

        Returns:
            What this process trained: others may have trained some of it meanwhile.

        Raises:
            InputError: a value was trained on another version of something than there is now.
        """
        return lab.train(specs)
