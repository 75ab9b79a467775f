"""One training after another, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gan_knowledge_gaps.lab.specs import Spec

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


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
