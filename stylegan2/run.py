"""The folder of a training run: its configuration, its data, its task."""

import json
from pathlib import Path

import data
from data import Dataset, InputError
from stylegan2.config import NetworkConfig, TrainingConfig
from stylegan2.task import StyleGAN2Task
from training.fooling import FoolingLoss
from training.keras_models import load_classifier
from training.run_folder import CONFIG


def read_config(folder: Path) -> dict:
    """The configuration of a run.

    Raises:
        InputError: the folder holds none, or it can't be read.
    """
    try:
        return json.loads((folder / CONFIG).read_text())
    except FileNotFoundError:
        raise InputError(f"{folder} holds no run: there is no {CONFIG}") from None
    except ValueError as error:
        raise InputError(f"{folder / CONFIG} is damaged: {error}") from error


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
    return read_config(folder).get("training", {}).get("mirror")


def open_data(path: str, network: NetworkConfig) -> Dataset:
    """The natural images of a run, of the networks' resolution and colours."""
    return data.open_path(path, network.resolution, network.channels).dataset


def open_fooling(network: NetworkConfig, config: dict) -> FoolingLoss | None:
    """The loss of the classifiers that a run must fool, if any.

    Raises:
        InputError: one of them is none, or takes no images of the networks' shape.
    """
    if not config["fool"]:
        return None
    shape = (network.resolution, network.resolution, network.channels)
    classifiers = [load_classifier(path, shape, "--fool") for path in config["fool"]]
    return FoolingLoss(classifiers, config["phi"], shape, config["fooling_jpeg"])


def make_task(
    network: NetworkConfig,
    training: TrainingConfig,
    dataset: Dataset,
    config: dict,
    fooling: FoolingLoss | None = None,
) -> StyleGAN2Task:
    """The task of a run."""
    labels = dataset.train_labels if network.label_dim else None
    if network.label_dim and labels is None:
        raise InputError(f"network_label_dim is {network.label_dim}, but the images have no labels")
    return StyleGAN2Task(network, training, dataset.train, config["seed"], fooling, labels)
