"""The folder of a training run: its configuration, its data, its task."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import Dataset, InputError, read_json
from gan_knowledge_gaps.data.json_files import (
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    at_least,
    one_of,
    optional,
)
from gan_knowledge_gaps.stylegan2.config import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.training.config import JPEG_MODES, check_json, json_shape
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import CONFIG

if TYPE_CHECKING:
    from gan_knowledge_gaps.stylegan2.generator import Generator
    from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task
    from gan_knowledge_gaps.training.fooling import FoolingLoss

IMAGES = ("train", "all")

_NETWORK = {"network": json_shape(NetworkConfig)}
_RUN = {
    **_NETWORK, "training": json_shape(TrainingConfig), "data": TEXT, "fingerprint": optional(TEXT),
    "seed": at_least(0, WHOLE), "fool": [TEXT], "phi": NUMBER, "fooling_jpeg": one_of(*JPEG_MODES),
    "transfer": optional(TEXT), "tick_kimg": NUMBER, "snapshot_ticks": WHOLE,
    "keep_networks?": FLAG, "images?": one_of(*IMAGES), "metrics?": [TEXT], "features?": TEXT,
    "inception?": optional(TEXT), "num_generated?": at_least(2, WHOLE), "held_out?": optional(TEXT),
}  # fmt: skip


def read_config(folder: Path, trained: bool = True) -> dict:
    """The configuration of a run.

    Args:
        folder: of the run.
        trained: whether it must say how the run is trained, which that of an imported run does not.

    Raises:
        InputError: the folder holds none, or it is not that of a run of StyleGAN2.
    """
    path = folder / CONFIG
    if not path.exists():
        raise InputError(f"{folder} holds no run: there is no {CONFIG}")
    advice = "give the folder of a run of stylegan2.train"
    if "network" not in read_json(path, OBJECT, advice):  # a classifier's, for instance
        raise InputError(f"{path} is of no run of StyleGAN2 (it lacks the key network): {advice}")
    config = read_json(path, _RUN if trained else _NETWORK, advice)
    for name, config_class in (("network", NetworkConfig), ("training", TrainingConfig)):
        if trained or name == "network":
            check_json(config_class, config[name], f"{path}: {name}")
    return config


def trained_mirrored(network: Path) -> bool | None:
    """Whether the training of a network mirrored its images; None where no run says so.

    Args:
        network: a run's folder, or a `.keras` file in it or in its folder `snapshots`.
    """
    folder = network
    if network.suffix == ".keras" and network.is_file():
        folder = network.parent.parent if network.parent.name == "snapshots" else network.parent
    if not (folder / CONFIG).is_file():
        return None
    shape = {"training?": {"mirror?": FLAG}}
    config = read_json(folder / CONFIG, shape, "put it right, or move the network elsewhere")
    return config.get("training", {}).get("mirror")


def open_data(path: str, network: NetworkConfig) -> Dataset:
    """The natural images of a run, of the networks' resolution and colours."""
    opened = data.open_path(path, network.resolution, network.channels)
    if opened.passed_over:
        say(opened.passed_over)
    return opened.dataset


def open_fooling(network: NetworkConfig, config: dict) -> FoolingLoss | None:
    """The loss of the classifiers that a run must fool, if any.

    Raises:
        InputError: one of them is none, or takes no images of the networks' shape.
    """
    if not config["fool"]:
        return None
    from gan_knowledge_gaps.training.fooling import FoolingLoss
    from gan_knowledge_gaps.training.keras_models import load_classifier

    shape = (network.resolution, network.resolution, network.channels)
    classifiers = [load_classifier(path, shape, "--fool") for path in config["fool"]]
    return FoolingLoss(classifiers, config["phi"], shape, config["fooling_jpeg"])


def open_watch(
    network: NetworkConfig, config: dict, fooling: FoolingLoss | None
) -> Callable[[Generator], dict[str, float]] | None:
    """Measures how often a generator is detected by the classifiers that it must fool, if any.

    Raises:
        InputError: the one that is only watched is none, or takes no images of the networks' shape.
    """
    if fooling is None:
        return None
    from gan_knowledge_gaps.stylegan2.sampling import sample
    from gan_knowledge_gaps.training.keras_models import load_classifier
    from gan_knowledge_gaps.training.watching import IMAGES, DetectionWatch, logits_of

    shape = (network.resolution, network.resolution, network.channels)
    classifiers, _, _ = fooling.graph  # as they came: they encode as in use, not as in the loss
    path = config.get("held_out")
    held_out = logits_of(load_classifier(path, shape, "--held_out")) if path else None
    in_loss, labels = [logits_of(each) for each in classifiers], None
    if network.label_dim:
        labels = np.eye(network.label_dim, dtype=np.float32)[np.arange(IMAGES) % network.label_dim]

    def watch(generator: Generator) -> dict[str, float]:
        images = functools.partial(sample, generator, np.arange(IMAGES), labels)
        return DetectionWatch(images, in_loss, lambda: held_out)()

    return watch


def make_task(
    network: NetworkConfig,
    training: TrainingConfig,
    dataset: Dataset,
    config: dict,
    fooling: FoolingLoss | None = None,
) -> StyleGAN2Task:
    """The task of a run."""
    from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task

    if config.get("images") == "all":
        images, labels = dataset.whole, dataset.whole_labels
    else:
        images, labels = dataset.train, dataset.train_labels
    labels = labels if network.label_dim else None
    if network.label_dim and labels is None:
        raise InputError(
            f"network_label_dim is {network.label_dim}, but the images have no labels: put a "
            "dataset.json beside them, or convert them with --labels=folders"
        )
    if network.label_dim and labels is not None and labels.max() >= network.label_dim:
        raise InputError(
            f"network_label_dim is {network.label_dim}, but the images have labels up to "
            f"{labels.max()}: give {labels.max() + 1} or more"
        )
    return StyleGAN2Task(network, training, images, config["seed"], fooling, labels)
