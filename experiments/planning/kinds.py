"""Trainings of a kind cost the same."""

import dataclasses
from collections import Counter
from collections.abc import Iterable

from experiments.specs import GAN, Classifier, DigitClassifier, Snapshot, Spec, Truncated


@dataclasses.dataclass(frozen=True, order=True)
class Kind:
    """What decides what a step of a training costs.

    Attributes:
        kind: of the value: gan, classifier, digits.
        architectures: of the classifiers in a GAN's loss, or the one of a classifier.
    """

    kind: str
    architectures: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind != GAN.kind:
            return " ".join((self.kind, *self.architectures))
        counts = Counter(self.architectures)
        fooled = " and ".join(f"{count} {name}" for name, count in counts.items())
        return f"gan that fools {fooled}" if fooled else "gan"

    @property
    def parts(self) -> tuple["Kind", ...]:
        """The kinds whose costs make up its own: itself, but for a GAN that fools several.

        Of such a one they are the GAN that fools none, then the one that fools each alone.
        """
        if self.kind != GAN.kind or len(self.architectures) < 2:
            return (self,)
        return (Kind(self.kind), *(Kind(self.kind, (name,)) for name in self.architectures))


def kind_of(spec: Spec) -> Kind | None:
    """The kind of a value; None for those that are not trained."""
    match spec:
        case GAN():
            return Kind(spec.kind, tuple(sorted(each.architecture for each in spec.fools)))
        case Classifier():
            return Kind(spec.kind, (spec.architecture,))
        case DigitClassifier():
            return Kind(spec.kind)
    return None


def kinds_of(specs: Iterable[Spec]) -> set[Kind]:
    """The kinds behind values: their own, and that of the GAN which one is derived from."""
    trained = (spec.gan if isinstance(spec, Snapshot | Truncated) else spec for spec in specs)
    return {kind for spec in trained if (kind := kind_of(spec)) is not None}
