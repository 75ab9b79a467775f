"""The natural images that a generator is held against, and what is known of their files."""

import dataclasses

import numpy as np

import data
from data import Images, Joined
from stylegan2.config import NetworkConfig
from training.progress import say

CHOICE = 0  # key of the fixed random order in which natural images are taken


@dataclasses.dataclass(frozen=True, eq=False)
class Naturals:
    """Natural images of one split.

    Attributes:
        images: in the order in which they are taken.
        labels: int64 [len(images)], or None.
        path: where they come from.
        fingerprint: of the whole data set.
        split: train, evaluation or all.
        resize_filter: by which they got their size.
        files: images of the whole data set.
        jpeg_files: how many of them were JPEG files once, by their names and formats.
    """

    images: Images
    labels: np.ndarray | None
    path: str
    fingerprint: str
    split: str
    resize_filter: str
    files: int
    jpeg_files: int


def open_naturals(
    path: str, network: NetworkConfig, split: str, resize_filter: str | None = None
) -> Naturals:
    """Opens a folder, a zip or records at a network's resolution.

    Args:
        path: of the images.
        network: whose resolution and colours they get.
        split: train, evaluation or all.
        resize_filter: lanczos (default) or box; records have one already.

    Raises:
        InputError: the images cannot be read, or are of another resolution or filter.
    """
    opened = data.open_path(path, network.resolution, network.channels, resize_filter)
    if opened.passed_over:
        say(opened.passed_over)
    dataset = opened.dataset
    parts = {
        "train": [(dataset.train, dataset.train_labels)],
        "evaluation": [(dataset.evaluation, dataset.evaluation_labels)],
    }
    parts["all"] = parts["train"] + parts["evaluation"]
    images = [part for part, _ in parts[split]]
    order = data.permutation(sum(map(len, images)), CHOICE)
    labels = None
    if dataset.train_labels is not None:
        labels = np.concatenate([each for _, each in parts[split]])[order]
    return Naturals(
        data.Subset(Joined(images), order), labels, path, dataset.fingerprint, split,
        opened.resize_filter, opened.files, opened.jpeg_files,
    )  # fmt: skip
