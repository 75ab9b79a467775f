"""The folder of a training run: its configuration, its data, its task."""

import json
from pathlib import Path

import keras

import data
from data import Dataset, InputError
from stylegan2.config import NetworkConfig, TrainingConfig
from stylegan2.task import StyleGAN2Task
from training.fooling import FoolingLoss
from training.progress import say
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


def open_data(path: str, network: NetworkConfig) -> Dataset:
    """The natural images of a run, of the networks' resolution and colours."""
    opened = data.open_path(path, network.resolution, network.channels)
    if opened.passed_over:
        say(opened.passed_over)
    return opened.dataset


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
        raise InputError(
            f"network_label_dim is {network.label_dim}, but the images have no labels: put a "
            "dataset.json beside them, or convert them with --labels=folders"
        )
    if network.label_dim and labels.max() >= network.label_dim:
        raise InputError(
            f"network_label_dim is {network.label_dim}, but the images have labels up to "
            f"{labels.max()}: give {labels.max() + 1} or more"
        )
    return StyleGAN2Task(network, training, dataset.train, config["seed"], fooling, labels)


def load_classifier(path: Path) -> keras.Model:
    """A classifier from images in [0, 255] to a logit."""
    if not path.is_file():
        raise InputError(f"--fool: there is no file {path}")
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        raise InputError(f"--fool: {path} is no Keras model: {error}") from error
