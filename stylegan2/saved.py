"""Networks from wherever they were saved."""

from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import NetworkConfig
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.nvlabs import load_nvlabs_pickle
from gan_knowledge_gaps.stylegan2.run import read_config
from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task
from gan_knowledge_gaps.training.checkpoints import Checkpoints
from gan_knowledge_gaps.training.config import to_json
from gan_knowledge_gaps.training.keras_models import load_model
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import identity
from gan_knowledge_gaps.training.task import copy_values, flat_variables

CLASSES = {"generator": Generator, "generator_ema": Generator, "discriminator": Discriminator}


def load_network(path: str | Path, name: str = "generator_ema") -> Generator | Discriminator:
    """One network of a run, finished or not, or of a file.

    Args:
        path: a run's folder, whose newest intact checkpoint is taken where it is not finished; or
            a `.keras` file; or a published `.pkl` file, see `load_nvlabs_pickle`.
        name: which of the networks of a folder or of a `.pkl`: generator, generator_ema (the
            running average, which makes the images) or discriminator.

    Raises:
        InputError: there is no such network, or its file is damaged.
    """
    path = Path(path)
    if path.is_file() and path.suffix == ".pkl":
        network = getattr(load_nvlabs_pickle(path), name)
        if network is None:
            raise InputError(f"{path} holds no {name}: only the averaged generator, G_ema")
        return network
    if path.is_file():
        return _read(path, CLASSES[name])
    if not path.is_dir():
        raise InputError(f"there is neither a folder nor a file {path}")
    if (path / f"{name}.keras").is_file():
        return _read(path / f"{name}.keras", CLASSES[name])
    return _from_checkpoint(path, name)


def _read(path: Path, expected: type) -> Any:
    network = load_model(path)
    if not isinstance(network, expected):
        raise InputError(f"{path} holds no {expected.__name__.lower()} of StyleGAN2")
    return network


def _from_checkpoint(folder: Path, name: str) -> Any:
    network = CLASSES[name](NetworkConfig(**read_config(folder, trained=False)["network"]))
    state = {name: flat_variables(network)}
    checkpoints = Checkpoints(folder / "checkpoints", state, partial=True, run=identity(folder))
    if checkpoints.restore_newest() is None:
        raise InputError(f"{folder} holds no network yet: neither {name}.keras nor a checkpoint")
    return network


def transfer(task: StyleGAN2Task, source: Path) -> None:
    """Copies the networks of another run into a task; optimizers and means start as in a new run.

    Raises:
        InputError: the run has no network yet, or its networks differ.
    """
    for name, network in load_networks(source, task.network).items():
        copy_values(task.state[name], flat_variables(network))
    say(f"beginning with the networks of {source}")


def load_networks(
    source: Path, configuration: NetworkConfig
) -> dict[str, Generator | Discriminator]:
    """All networks of a run, of an import or of a `.pkl` file, by name; see `load_network`.

    Args:
        source: where they are.
        configuration: that they must have, except for the precision.

    Raises:
        InputError: one of them is missing, or they have another configuration.
    """
    networks = {name: load_network(source, name) for name in CLASSES}
    theirs, ours = to_json(networks["generator"].config), to_json(configuration)
    different = [
        f"{name} {theirs[name]} there, {ours[name]} here"
        for name in ours
        if theirs[name] != ours[name] and not name.startswith("precision")
    ]
    if different:
        raise InputError(f"the networks of {source} differ: {'; '.join(different)}")
    return networks
