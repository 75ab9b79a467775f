"""The natural images that generated ones are compared with, and what is known of their files."""

import dataclasses
import functools
import hashlib
from typing import Any

import numpy as np

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import Images, Subset
from gan_knowledge_gaps.evaluation.config import NUM_NATURAL, EvaluationConfig
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.randomness import derive_seed

CHOICE = 0  # key of the fixed random order of a split, and of what is mirrored


@dataclasses.dataclass(frozen=True, eq=False)
class ReferenceImages:
    """Natural images as a protocol takes them.

    Attributes:
        images: in the order in which they are taken.
        distinct: how many there are before the first is repeated.
        mirrored: which of them are mirrored, bool [len(images)].
        labels: int64 [n], of all that the protocol could take, each once; or None.
        path: where they come from.
        fingerprint: of the whole data set.
        protocol: one of `config.PROTOCOLS`.
        split: train, evaluation or all.
        mirror: whether the protocol mirrors.
        resize_filter: by which they got their size.
        files: images of the whole data set.
        jpeg_files: how many of them were JPEG files once, by their names and formats; None where
            that is not known.

    Example:
        >>> from gan_knowledge_gaps.data import load
        >>> from gan_knowledge_gaps.evaluation import ReferenceImages
        >>> reference = ReferenceImages.of(load("digits").train, "digits")
        >>> reference.distinct, reference.protocol
        (1437, 'stylegan2-ada-full')
    """

    images: Images
    distinct: int
    mirrored: np.ndarray
    labels: np.ndarray | None
    path: str
    fingerprint: str
    protocol: str
    split: str
    mirror: bool
    resize_filter: str
    files: int
    jpeg_files: int | None

    @classmethod
    def of(cls, images: Images, name: str = "memory") -> "ReferenceImages":
        """All of some images, each once, as they are.

        Args:
            images: any number of them.
            name: where they come from.
        """
        count = len(images)
        return cls(
            images, count, np.zeros(count, bool), None, name, images.fingerprint,
            "stylegan2-ada-full", "all", False, "none", count, None,
        )  # fmt: skip

    @property
    def key(self) -> dict[str, Any]:
        """What image i depends on besides i and the data set, however many are taken."""
        if self.protocol == "split":
            return {"split": self.split, "order": CHOICE}
        return {"protocol": self.protocol, "mirror": self.mirror}

    @property
    def conditions(self) -> dict[str, Any]:
        """What a report says of them."""
        return {
            "data": self.path, "data_fingerprint": self.fingerprint, "protocol": self.protocol,
            "split": self.split, "filter": self.resize_filter, "files": self.files,
            "jpeg_files": self.jpeg_files,
        }  # fmt: skip

    def taken(self, count: int) -> dict[str, Any]:
        """What is said of a score that takes the first `count` images."""
        return {
            "natural": count, "repeats": count / min(count, self.distinct),
            "mirrored": int(self.mirrored[:count].sum()),
        }  # fmt: skip


class Mirrored(Images):
    """Images, some of them turned left to right.

    Args:
        images: all of them.
        mirrored: which, bool [len(images)].
    """

    def __init__(self, images: Images, mirrored: np.ndarray):
        self._images, self._mirrored = images, mirrored

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._images.shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of "mirrored <fingerprint>\\n", then of a byte for each image."""
        digest = hashlib.sha256(f"mirrored {self._images.fingerprint}\n".encode())
        digest.update(self._mirrored.astype(np.uint8).tobytes())
        return digest.hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Reads images as `ArrayImages.read` does; what the others raise, this raises."""
        images = self._images.read(indices)
        turned = self._mirrored[indices]
        images[turned] = images[turned, :, ::-1]
        return images


def open_reference(
    path: str,
    resolution: int,
    channels: int,
    config: EvaluationConfig,
    resize_filter: str | None = None,
) -> ReferenceImages:
    """Opens a folder, a zip or records.

    Args:
        path: of the images.
        resolution: height and width that they get.
        channels: 1 for grey images, 3 for colours.
        config: the protocol and its choices.
        resize_filter: lanczos (default) or box; records have one already.

    Raises:
        InputError: the images cannot be read, or are of another resolution or filter.
    """
    opened = data.open_path(path, resolution, channels, resize_filter)
    if opened.passed_over:
        say(opened.passed_over)
    whole, labels = opened.dataset.whole, opened.dataset.whole_labels
    split = (config.split or "train") if config.protocol == "split" else "all"
    mirror = bool(config.mirror)
    order = _order(config.protocol, split, opened.dataset.parts)
    count = _count(config, len(order))
    images = Subset(whole, order[np.arange(count) % len(order)])
    mirrored = _mirrored(count) if mirror else np.zeros(count, bool)
    return ReferenceImages(
        Mirrored(images, mirrored) if mirror else images, min(count, len(order)), mirrored,
        None if labels is None else labels[order], path, opened.dataset.fingerprint,
        config.protocol, split, mirror, opened.resize_filter, opened.files, opened.jpeg_files,
    )  # fmt: skip


def _order(protocol: str, split: str, parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Which images of a data set a protocol takes, each once, [n]."""
    if protocol != "split":
        return np.arange(sum(map(len, parts)))
    train, evaluation = parts
    of = {"train": [train], "evaluation": [evaluation], "all": [train, evaluation]}
    part = np.concatenate(of[split])
    return part[data.permutation(len(part), CHOICE)]


def _count(config: EvaluationConfig, available: int) -> int:
    """How many of the available images a protocol takes."""
    if config.protocol == "stylegan2-ada-full":
        return available
    asked = config.num_natural or NUM_NATURAL
    return min(asked, available) if config.protocol == "split" else asked


def _mirrored(count: int) -> np.ndarray:
    """Which of the images are mirrored, bool [count]: each with probability one half."""
    return np.array([derive_seed(CHOICE, "mirror", i) % 2 for i in range(count)], bool)
