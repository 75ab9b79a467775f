"""The trained things of an experiment, as small frozen values.

An experiment is an expression over these values; the lab turns them into trained artifacts. Two
values are equal when they describe the same training, wherever they were made.
"""

import hashlib
import json
from collections.abc import Iterable


class Spec:
    """A value that describes one training. Equality and hash are those of its digest.

    The digest is taken once, over the digests of what the value depends on: chains of GANs and
    classifiers share most of their ancestors, and walking them as trees would take exponential
    time.

    Attributes:
        digest: SHA-256 over the value and all it depends on, hexadecimal.
        dependencies: the values that must be trained before it.
    """

    kind: str
    dependencies: tuple["Spec", ...] = ()

    def __init__(self, **own):
        content = {"kind": self.kind, **own, "on": [each.digest for each in self.dependencies]}
        text = json.dumps(content, sort_keys=True)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self.own = own

    def __eq__(self, other) -> bool:
        return isinstance(other, Spec) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


class GANImages(Spec):
    """A source of generated images: a GAN, at the end of its training or before, truncated or not.

    Attributes:
        gan: the GAN behind it.
        psi: of the truncation trick; 1 for none.
    """

    gan: "GAN"
    psi: float = 1.0


class GAN(GANImages):
    """One GAN instance.

    Args:
        seed: seed of its weights, latents and data order: one seed, one instance.
        fools: the frozen classifiers in its loss; none at iteration 0.
        phi: weight of the classifiers in its loss (the paper's phi).
        start: the GAN with whose networks its training begins; None for fresh ones. Optimizers
            begin anew.
        share: of the setting's length of a training.
        snapshots: how many snapshots of its generator are kept, evenly over the training.
    """

    kind = "gan"

    def __init__(
        self,
        seed: int,
        fools: Iterable["Classifier"] = (),
        phi: float = 0.0,
        start: "GAN | None" = None,
        share: float = 1.0,
        snapshots: int = 0,
    ):
        self.seed, self.fools, self.start = seed, tuple(fools), start
        self.phi = float(phi) if self.fools else 0.0
        self.share, self.snapshots = float(share), snapshots
        self.dependencies = self.fools if start is None else (*self.fools, start)
        self.gan = self
        finetuned = start is not None
        super().__init__(
            seed=seed, phi=self.phi, finetuned=finetuned, share=self.share, snapshots=snapshots
        )

    def __repr__(self) -> str:
        fooling = f", fools {len(self.fools)}, phi {self.phi:g}" if self.fools else ""
        start = "" if self.start is None else f", finetuned from seed {self.start.seed}"
        return f"GAN(seed {self.seed}{start}{fooling})"


class Snapshot(GANImages):
    """A GAN during its training.

    Args:
        gan: with at least `number` snapshots.
        number: which of them, from 1 to `gan.snapshots`; the last is the finished GAN.
    """

    kind = "snapshot"

    def __init__(self, gan: GAN, number: int):
        if not 1 <= number <= gan.snapshots:
            raise ValueError(f"{gan!r} keeps snapshots 1 ... {gan.snapshots}, and not {number}")
        self.gan, self.number = gan, number
        self.dependencies = (gan,)
        super().__init__(number=number)

    def __repr__(self) -> str:
        return f"Snapshot {self.number} of {self.gan.snapshots} of {self.gan!r}"


class Truncated(GANImages):
    """A GAN whose images are truncated.

    Args:
        gan: any.
        psi: of the truncation trick, below 1.
    """

    kind = "truncated"

    def __init__(self, gan: GAN, psi: float):
        self.gan, self.psi = gan, float(psi)
        self.dependencies = (gan,)
        super().__init__(psi=self.psi)

    def __repr__(self) -> str:
        return f"{self.gan!r} truncated by {self.psi:g}"


class Classifier(Spec):
    """One classifier instance, natural against the generated images of a pool of GANs.

    Args:
        seed: seed of its weights and data order.
        pool: the GANs, truncated or not, whose images it is trained on.
        architecture: one of `classifiers.ARCHITECTURES`.
    """

    kind = "classifier"

    def __init__(self, seed: int, pool: Iterable[GANImages], architecture: str = "cnn"):
        self.seed, self.pool, self.architecture = seed, tuple(pool), architecture
        self.dependencies = self.pool
        super().__init__(seed=seed, architecture=architecture)

    def __repr__(self) -> str:
        return f"Classifier({self.architecture}, seed {self.seed}, pool of {len(self.pool)})"


class DigitClassifier(Spec):
    """A classifier of the ten digits, whose features measure the quality of generated digits.

    Args:
        seed: seed of its weights and data order.
    """

    kind = "digits"

    def __init__(self, seed: int = 0):
        self.seed = seed
        super().__init__(seed=seed)

    def __repr__(self) -> str:
        return f"DigitClassifier(seed {self.seed})"


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
