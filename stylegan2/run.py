"""The folder of a training run: its configuration, its data, its task."""

import json
from pathlib import Path

import keras

import data
from data import Dataset, InputError
from stylegan2.config import NetworkConfig, TrainingConfig
from stylegan2.task import StyleGAN2Task
from training.fooling import FoolingLoss
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


def make_task(
    network: NetworkConfig, training: TrainingConfig, dataset: Dataset, config: dict
) -> StyleGAN2Task:
    """The task of a run."""
    fooling = None
    if config["fool"]:
        classifiers = [load_classifier(Path(path)) for path in config["fool"]]
        fooling = FoolingLoss(
            classifiers, config["phi"], dataset.image_shape, config["fooling_jpeg"]
        )
    labels = dataset.train_labels if network.label_dim else None
    if network.label_dim and labels is None:
        raise InputError(f"network_label_dim is {network.label_dim}, but the images have no labels")
    return StyleGAN2Task(network, training, dataset.train, config["seed"], fooling, labels)


def load_classifier(path: Path) -> keras.Model:
    """A classifier from images in [0, 255] to a logit."""
    if not path.is_file():
        raise InputError(f"--fool: there is no file {path}")
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        raise InputError(f"--fool: {path} is no Keras model: {error}") from error
