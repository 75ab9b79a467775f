"""GANs, at the end of their training or before, truncated or not."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_knowledge_gaps.data import ArrayImages, Images, InputError, atomic_path
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.lab.specs.base import ImageSource, Spec
from gan_knowledge_gaps.lab.specs.classifiers import Classifier

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.lab.config import LabConfig
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.specs.outside import StartingPoint
    from gan_knowledge_gaps.lab.workshop import Workshop
    from gan_knowledge_gaps.training.task import Task


class GAN(ImageSource):
    """A GAN instance, trained from scratch or from another one.

    Args:
        seed: seed of its weights, latents and data order: one seed, one instance.
        fools: the frozen classifiers in its loss; none at iteration 0.
        phi: weight of the classifiers in its loss (the paper's phi).
        start: the GAN, or the starting point, with whose networks its training begins; None for
            fresh ones. Optimizers begin with fresh state.
        share: of the configured length of a training.
        snapshots: how many snapshots of its generator are kept, evenly over the training.
        family: the name of its family.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import GAN, Classifier
        >>> base = GAN(0)
        >>> classifier = Classifier(0, pool=[base])
        >>> GAN(1000, fools=[classifier], phi=1.0)
        GAN(dcgan, seed 1000, fools 1, phi 1)
    """

    kind = "gan"
    family: str

    def __init__(
        self,
        seed: int,
        fools: "Iterable[Classifier]" = (),
        phi: float = 0.0,
        start: "GAN | StartingPoint | None" = None,
        share: float = 1.0,
        snapshots: int = 0,
        family: str = "dcgan",
    ):
        self.seed, self.fools, self.start = seed, tuple(fools), start
        self.phi = float(phi) if self.fools else 0.0
        self.share, self.snapshots, self.family = float(share), snapshots, family
        self.dependencies = self.fools if start is None else (*self.fools, start)
        self.gan = self
        super().__init__(
            seed=seed, phi=self.phi, finetuned=start is not None, share=self.share,
            snapshots=snapshots, family=family,
        )  # fmt: skip

    def __repr__(self) -> str:
        fooling = f", fools {len(self.fools)}, phi {self.phi:g}" if self.fools else ""
        return f"GAN({self.family}, {self.name}{fooling})"

    @property
    def name(self) -> str:
        """Its name in tables."""
        start = "" if self.start is None else f", finetuned from {self.start.short_name}"
        return f"seed {self.seed}{start}"

    @property
    def short_name(self) -> str:
        """Its name in the names of GANs that begin with it."""
        return f"seed {self.seed}"

    @property
    def plain(self) -> "GAN":
        """A GAN of the same family that fools no classifier."""
        return GAN(0, family=self.family)

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """Made by index; those that evaluate come after those that train."""
        return lab.generated(self, evaluation)

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """The configuration of its family."""
        return config.family(self.family).configuration

    def steps(self, config: "LabConfig", images: int) -> int:
        """Training steps."""
        return max(1, round(self.share * config.family(self.family).steps(images)))

    def batch_size(self, config: "LabConfig") -> int:
        """Images of a step."""
        return config.family(self.family).batch_size

    def build(self, lab: "Workshop") -> "tuple[Task, dict[str, keras.Model]]":
        """Its training; the generator that makes the images is the first network."""
        family, fooling = lab.config.family(self.family), None
        if self.fools:
            fooling = family.fooling_loss([lab.model(each) for each in self.fools], self.phi)
        task, networks = family.task(lab.dataset.train, self.seed, fooling)
        if self.start is not None:
            lab.copy_networks(self.start, networks)
        return task, networks

    def watch(
        self, lab: "Lab", network: "Callable[[], keras.Model]"
    ) -> "Callable[[], dict[str, float]] | None":
        """Detection by the classifiers that it fools, and by one that the lab holds out for it."""
        if not self.fools:
            return None
        from gan_knowledge_gaps.classifiers import predict
        from gan_knowledge_gaps.training.watching import IMAGES, DetectionWatch

        family = lab.config.family(self.family)
        # The first of those that evaluate.
        indices = len(lab.dataset.train) + np.arange(IMAGES)

        def logits(classifier: Classifier) -> "Callable[[np.ndarray], np.ndarray]":
            return lambda images: predict(lab.model(classifier), ArrayImages(images))[:, 0]

        def held_out() -> "Callable[[np.ndarray], np.ndarray] | None":
            watcher = lab.watchers.get(self)
            # It may be trained by another process meanwhile, and is not waited for.
            if watcher is None or lab.artifact(watcher).sound_weights() is None:
                return None
            return logits(watcher)

        in_loss = [logits(each) for each in self.fools]
        return DetectionWatch(lambda: family.sample(network(), indices), in_loss, held_out)

    def snapshot_steps(self, steps: int) -> dict[int, int]:
        """After which step each snapshot is kept, by its number from 1."""
        numbers = range(1, self.snapshots + 1)
        return {number: round(number * steps / self.snapshots) for number in numbers}

    @property
    def _architectures(self) -> list[str]:
        return sorted(each.architecture for each in self.fools)

    def _like(self, architectures: Iterable[str]) -> "GAN":
        fools = [Classifier(n, [self.plain], name) for n, name in enumerate(architectures)]
        return GAN(0, fools, 1.0, family=self.family)

    @property
    def cost_class(self) -> "GAN":
        """A GAN of the family that fools classifiers of the same architectures."""
        return self._like(self._architectures)

    @property
    def cost_parts(self) -> "tuple[GAN, ...]":
        """For a GAN that fools several classifiers: one that fools none, and one for each alone."""
        if len(self.fools) < 2:
            return (self.cost_class,)
        return (self._like([]), *(self._like([name]) for name in self._architectures))

    @property
    def cost_name(self) -> str:
        """The family, and how many classifiers of which architecture it fools."""
        counts = Counter(self._architectures)
        fooled = " and ".join(f"{count} {name}" for name, count in counts.items())
        return f"{self.family} that fools {fooled}" if fooled else self.family

    def network_bytes(self, model: int, networks: int) -> int:
        """All networks, and the snapshots of the first."""
        return networks + self.snapshots * model


class DerivedImages(ImageSource):
    """Images of a GAN that are not those of the finished GAN: truncated, or of a snapshot.

    Args:
        gan: whose generator it is.
    """

    is_trained = False

    def __init__(self, gan: ImageSource, **fields):
        self.gan, self.family = gan, gan.family
        self.dependencies = (gan,)
        super().__init__(**fields)

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """The configuration of the GAN."""
        return self.gan.configuration(config)

    @property
    def cost_class(self) -> Spec | None:
        """The cost class of the GAN."""
        return self.gan.cost_class

    @property
    def cost_parts(self) -> tuple[Spec, ...]:
        """The cost parts of the GAN."""
        return self.gan.cost_parts

    @property
    def plain(self) -> ImageSource:
        """The plain source of the GAN."""
        return self.gan.plain

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """Made by index, as the GAN's."""
        return lab.generated(self, evaluation)

    def network_bytes(self, model: int, networks: int) -> int:
        """A copy of the GAN's first network."""
        return model


class Snapshot(DerivedImages):
    """A GAN during its training.

    Args:
        gan: with at least `number` snapshots.
        number: which of them, from 1 to `gan.snapshots`; the last is the finished GAN.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import GAN, Snapshot
        >>> Snapshot(GAN(0, snapshots=4), number=1)
        Snapshot 1 of 4 of GAN(dcgan, seed 0)
    """

    kind = "snapshot"
    gan: GAN

    def __init__(self, gan: GAN, number: int):
        if not 1 <= number <= gan.snapshots:
            raise ValueError(f"{gan!r} keeps snapshots 1 ... {gan.snapshots}, and not {number}")
        self.number = number
        super().__init__(gan, number=number)

    def __repr__(self) -> str:
        return f"Snapshot {self.number} of {self.gan.snapshots} of {self.gan!r}"

    def derive(self, lab: "Lab", path: Path) -> None:
        """Copies the snapshot."""
        _copy(lab.artifact(self.gan).snapshot_file(self.number), path)


class Truncated(DerivedImages):
    """A GAN whose images are truncated.

    Args:
        gan: of a family that has a truncation.
        psi: of the truncation trick, below 1.

    Raises:
        InputError: the family has none.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import GAN, Truncated
        >>> Truncated(GAN(0, family="stylegan2"), psi=0.5)
        GAN(stylegan2, seed 0) truncated by 0.5
    """

    kind = "truncated"

    def __init__(self, gan: ImageSource, psi: float):
        if gan.family is None or not families.find(gan.family).truncates:
            raise InputError(f"{gan!r} cannot be truncated: {gan.family or 'it'} has no truncation")
        self.psi = float(psi)
        super().__init__(gan, psi=self.psi)

    def __repr__(self) -> str:
        return f"{self.gan!r} truncated by {self.psi:g}"

    @property
    def name(self) -> str:
        """Its name in tables."""
        return f"{self.gan.name} truncated by {self.psi:g}"

    def derive(self, lab: "Lab", path: Path) -> None:
        """Copies the GAN's generator."""
        _copy(lab.artifact(self.gan).model_file(), path)


def _copy(source: Path, path: Path) -> None:
    with atomic_path(path) as temporary:
        shutil.copyfile(source, temporary)
