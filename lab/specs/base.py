"""The GANs, classifiers and images of an experiment, as small frozen values.

An experiment is an expression over these values; the lab turns them into trained artifacts. Two
values are equal when they describe the same training, wherever they were made. A value knows how
it is trained, what it costs and what it needs; the lab, plans and executors ask it.
"""

import abc
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_knowledge_gaps.data import Images

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.lab.config import LabConfig
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.workshop import Workshop
    from gan_knowledge_gaps.training.task import Task


class Spec(abc.ABC):
    """A value that describes one training. Equality and hash are those of its digest.

    The digest is taken once, over the digests of what the value depends on: chains of GANs and
    classifiers share most of their ancestors, and walking them as trees would take exponential
    time.

    Attributes:
        kind: what it is; begins its artifact's name.
        is_trained: whether it is trained, rather than derived from others in seconds.
        fingerprint: SHA-256 of what came from outside and is kept nowhere in the lab; else None.
        family: of the GANs whose images it makes; None for what makes no images.
        fields: what tells it from others of its kind, as JSON values.
        digest: SHA-256 over the value and all it depends on, hexadecimal.
        dependencies: the values that must be there before it.
    """

    kind: str
    is_trained = True
    fingerprint: str | None = None
    family: str | None = None
    dependencies: tuple["Spec", ...] = ()

    def __init__(self, **fields):
        content = {"kind": self.kind, **fields, "on": [each.digest for each in self.dependencies]}
        text = json.dumps(content, sort_keys=True)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self.fields = fields

    def __eq__(self, other) -> bool:
        return isinstance(other, Spec) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def has_artifact(self) -> bool:
        """Whether the lab keeps a folder for it."""
        return self.fingerprint is None

    # How it is trained

    def check(  # noqa: B027 - most fit any
        self, config: "LabConfig", image_shape: tuple[int, int, int]
    ) -> None:
        """Raises InputError where natural images of that shape (H, W, C) do not fit it."""

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """All that it depends on besides the value and the data, as JSON values."""
        return {}

    def steps(self, config: "LabConfig", images: int) -> int:
        """Training steps, given the number of natural training images."""
        return 0

    def batch_size(self, config: "LabConfig") -> int:
        """Images of a step."""
        return 0

    def build(self, lab: "Workshop") -> "tuple[Task, dict[str, keras.Model]]":
        """Its training, and its networks by name: first the one that others use."""
        raise TypeError(f"{self!r} is not trained")

    def snapshot_steps(self, steps: int) -> dict[int, int]:
        """After which of its steps each snapshot of its first network is kept, by number."""
        return {}

    def watch(
        self, lab: "Lab", network: "Callable[[], keras.Model]"
    ) -> "Callable[[], dict[str, float]] | None":
        """What measures it at each snapshot of its training; None for nothing.

        Args:
            lab: where it is trained.
            network: gives its first network as it is now.
        """
        return None

    def derive(self, lab: "Lab", path: Path) -> None:
        """Writes its network to a file, where it is not trained."""
        raise TypeError(f"{self!r} is trained")

    # What it costs

    @property
    def cost_class(self) -> "Spec | None":
        """A value that stands for all whose training costs the same; None for no training."""
        return self

    @property
    def cost_parts(self) -> "tuple[Spec, ...]":
        """The values whose costs make up its own: the first, and what each other adds to it."""
        return () if self.cost_class is None else (self.cost_class,)

    @property
    def cost_name(self) -> str:
        """The name of its cost class in plans."""
        return self.kind

    @property
    def reads_generated(self) -> "ImageSource | None":
        """A source whose images make up half of each of its batches; None for no such half."""
        return None

    def network_bytes(self, model: int, networks: int) -> int:
        """Bytes of its artifact, given the bytes of the first network and of all networks."""
        return networks


class ImageSource(Spec):
    """A source of generated images, on which classifiers are trained and measured.

    Attributes:
        gan: the value behind it that was trained, or that came from outside.
        psi: of the truncation trick; 1 for none.
    """

    gan: "ImageSource"
    psi = 1.0

    @property
    def name(self) -> str:
        """Its name in tables."""
        return repr(self)

    @property
    def plain(self) -> "ImageSource":
        """The simplest source whose images are made like its own."""
        return self

    @abc.abstractmethod
    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """The images that train classifiers, or those that evaluate them.

        As many as there are natural ones in that part, or fewer where it has fewer.
        """


def in_order(specs: Iterable[Spec]) -> list[Spec]:
    """The values and all they depend on, each once, dependencies first."""
    ordered: dict[Spec, None] = {}

    def visit(spec: Spec) -> None:
        if spec not in ordered:
            for dependency in spec.dependencies:
                visit(dependency)
            ordered[spec] = None

    for spec in specs:
        visit(spec)
    return list(ordered)
