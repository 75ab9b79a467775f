"""Generators that somebody else trained, and images that somebody else made."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_knowledge_gaps.data import Images, InputError, Subset, atomic_path
from gan_knowledge_gaps.lab.specs.base import ImageSource
from gan_knowledge_gaps.training.config import to_json

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.data import Dataset
    from gan_knowledge_gaps.lab.config import LabConfig
    from gan_knowledge_gaps.lab.lab import Lab

# Evaluation images of a set, at least: a rate of fewer says nothing.
LEAST_EVALUATION = 8


class OutsideSource(ImageSource):
    """Images or networks that somebody else made; nothing of them is trained here.

    Args:
        name: what it is called in tables.
    """

    is_trained = False
    name = ""

    def __init__(self, name: str, **fields):
        self.name, self.gan = name, self
        super().__init__(**fields)

    @property
    def cost_class(self) -> None:
        """None: it is not trained."""


class ImageSet(OutsideSource):
    """Images of any generator: of a folder, a zip file or records.

    They are split like natural images: 80 % train classifiers, 20 % evaluate them. Of a set that
    is larger than the natural one, as many are taken as there are natural ones in each part; a
    smaller one is repeated more often in a balanced pool.

    Args:
        name: what it is called in tables.
        dataset: the images.

    Raises:
        InputError: there are too few.

    Example:
        >>> from gan_knowledge_gaps.data import open_path
        >>> from gan_knowledge_gaps.lab.specs import Classifier, ImageSet
        >>> gan = ImageSet("gan", open_path("gan", 32, 3).dataset)
        >>> Classifier(0, pool=[gan], architecture="resnet50")
        Classifier(resnet50, seed 0, pool of 1)
    """

    kind = "images"

    def __init__(self, name: str, dataset: "Dataset"):
        if len(dataset.evaluation) < LEAST_EVALUATION:
            raise InputError(
                f"{name} has {len(dataset.train) + len(dataset.evaluation)} images, which is too "
                f"few: give at least {5 * LEAST_EVALUATION}, of which a fifth evaluates classifiers"
            )
        self.dataset, self.fingerprint = dataset, dataset.fingerprint
        super().__init__(name, fingerprint=self.fingerprint)

    def __repr__(self) -> str:
        return f"images of {self.name}"

    @property
    def plain(self) -> "ImageSource":
        """What stands for all sets: reading any of them costs the same."""
        return _AnySet()

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """The first of its own part, as many as there are natural ones in that part."""
        natural = lab.dataset.evaluation if evaluation else lab.dataset.train
        ours = self.dataset.evaluation if evaluation else self.dataset.train
        if ours.shape != natural.shape:
            raise InputError(f"{self!r} are {ours.shape}, natural images {natural.shape}")
        return ours if len(ours) <= len(natural) else Subset(ours, np.arange(len(natural)))


class _AnySet(OutsideSource):
    """A set of images in a cost class, where natural images stand in for them."""

    kind = "images"

    def __init__(self):
        super().__init__("any")

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        raise TypeError("it stands for sets of images, and has none")


class Published(OutsideSource):
    """A StyleGAN2 from outside: a published pickle, or a run of `stylegan2.train`.

    Its images are made by index, like those of a GAN of the lab. A copy of its generator is kept
    among the lab's artifacts, so that the file may go.

    Args:
        name: what it is called in tables.
        path: of a `.pkl` or `.keras` file, or of a run's folder; see `stylegan2.load_network`.

    Attributes:
        generator: what the file holds.

    Raises:
        InputError: it holds no generator.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import Published
        >>> Published("faces", "faces.keras")  # or a published .pkl file
        the published faces
    """

    kind = "published"
    family = "stylegan2"

    def __init__(self, name: str, path: str | Path):
        from gan_knowledge_gaps.stylegan2 import load_network
        from gan_knowledge_gaps.training.digests import network_sha256

        self.generator = load_network(path)
        if self.generator.config.label_dim:
            raise InputError(f"{path} makes images by label, which a source here does not give it")
        weights = network_sha256(self.generator, repr(self.generator.config))
        super().__init__(name, weights=weights)

    def __repr__(self) -> str:
        return f"the published {self.name}"

    def check(self, config: "LabConfig", image_shape: tuple[int, int, int]) -> None:
        """Raises InputError unless it makes images of that shape."""
        size, channels = self.generator.config.resolution, self.generator.config.channels
        if (size, size, channels) != image_shape:
            raise InputError(
                f"{self!r} makes images of {(size, size, channels)}, the natural ones are "
                f"{image_shape}; give --resolution={size} --channels={channels}"
            )

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """Made by index; those that evaluate come after those that train."""
        self.check(lab.config, lab.dataset.image_shape)
        return lab.generated(self, evaluation)

    def configuration(self, config: "LabConfig") -> dict[str, Any]:
        """The configuration of its networks."""
        return to_json(self.generator.config)

    def derive(self, lab: "Lab", path: Path) -> None:
        """Saves its generator."""
        with atomic_path(path) as temporary:
            self.generator.save(temporary)

    def network_bytes(self, model: int, networks: int) -> int:
        """Bytes of its generator."""
        return sum(4 * weight.shape.num_elements() for weight in self.generator.weights)


class StartingPoint(OutsideSource):
    """All networks of a GAN from outside, with which GANs of the lab begin their trainings.

    A copy of them is kept among the lab's artifacts, so that the file may go.

    Args:
        name: what it is called in tables.
        family: of the GANs that begin with it.
        networks: by name, as the family's `task` names them: first the one that makes the images.

    Example:
        >>> from gan_knowledge_gaps.lab.specs import GAN, StartingPoint
        >>> from gan_knowledge_gaps.stylegan2 import build_networks
        >>> small = {"resolution": 8, "fmap_max": 16, "latent_dim": 16, "w_dim": 16}
        >>> generator, discriminator = build_networks("quick", **small)
        >>> networks = {"generator": generator, "discriminator": discriminator}
        >>> point = StartingPoint("mine", "stylegan2", networks)
        >>> GAN(0, start=point, share=0.1, family="stylegan2")
        GAN(stylegan2, seed 0, finetuned from mine)
    """

    kind = "start"

    def __init__(self, name: str, family: str, networks: "Mapping[str, keras.Model]"):
        from gan_knowledge_gaps.training.digests import network_sha256

        self.family, self._networks = family, dict(networks)
        weights = {each: network_sha256(network, each) for each, network in networks.items()}
        super().__init__(name, family=family, weights=weights)

    def __repr__(self) -> str:
        return f"the networks of {self.name}"

    @property
    def short_name(self) -> str:
        """Its name in the names of GANs that begin with it."""
        return self.name

    def images(self, lab: "Lab", evaluation: bool) -> Images:
        """Made by index; those that evaluate come after those that train."""
        return lab.generated(self, evaluation)

    def derive(self, lab: "Lab", path: Path) -> None:
        """Saves its networks: the first to the file, the others beside it."""
        for number, (name, network) in enumerate(self._networks.items()):
            with atomic_path(path.with_name(f"{name}.keras") if number else path) as temporary:
                network.save(temporary)

    def network_bytes(self, model: int, networks: int) -> int:
        """Bytes of its networks."""
        weights = (weight for each in self._networks.values() for weight in each.weights)
        return sum(4 * weight.shape.num_elements() for weight in weights)
