"""Makes a run's folder of a published StyleGAN2 file.

    python -m stylegan2.import_nvlabs --pickle=stylegan2-ffhq-config-f.pkl --output=runs/ffhq

The file is a pickle of StyleGAN2 or StyleGAN2-ADA (TensorFlow) or of stylegan2-ada-pytorch. None of
the code in it is run. The folder holds generator.keras, generator_ema.keras (which makes the
images), discriminator.keras and config.json; it is what `load_network` and `--transfer` of
`stylegan2.train` take. A file that holds the averaged generator only (G_ema) makes a folder without
the others, which `--transfer` does not take.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.data import InputError, sha256_file, whole_folder, write_json
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import to_json
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import CONFIG
from gan_knowledge_gaps.training.signals import Interrupted, stop_request

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.stylegan2.nvlabs import NVlabsNetworks

NAMES = ("generator", "generator_ema", "discriminator")


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("pickle", None, "The published file (.pkl).")
        flags.DEFINE_string("output", None, "Folder to make; it must not exist, or be empty.")
    flags.DEFINE_multi_string(
        "ignore_option", [],
        "An option of the file that is unknown here, to be left out; may be given several times.",
    )  # fmt: skip
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.pickle or not values.output:
        raise InputError("--pickle (a published file) and --output (a new folder) are needed")
    import_file(Path(values.pickle), Path(values.output), values.ignore_option)


def import_file(source: Path, output: Path, ignored_options: Collection[str] = ()) -> None:
    """Makes the folder `output` of the file `source`, whole or not at all.

    Options of the file whose names are in `ignored_options` need not be understood.

    Raises:
        InputError: there is something at `output`, or see `load_nvlabs_pickle`.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} exists already; give --output a new folder")
    from gan_knowledge_gaps.stylegan2.nvlabs import load_nvlabs_pickle

    say(f"reading {source}")
    networks = load_nvlabs_pickle(source, ignored_options)
    say(describe(networks))
    output.parent.mkdir(parents=True, exist_ok=True)
    with stop_request() as stop, whole_folder(output) as folder:
        for name in (name for name in NAMES if name not in networks.missing):
            if stop:
                raise Interrupted(stop.number)
            say(f"writing {name}.keras")
            getattr(networks, name).save(folder / f"{name}.keras")
        write_json(
            folder / CONFIG,
            {
                "command": command_line(),
                "source": {
                    "file": source.name, "sha256": sha256_file(source), "kind": networks.kind,
                },
                "network": to_json(networks.generator_ema.config),
            },
        )  # fmt: skip
    print(output / "generator_ema.keras")


def describe(networks: NVlabsNetworks) -> str:
    """What a file holds, in words."""
    config = networks.generator_ema.config

    def count(network: keras.Model) -> str:
        return f"{sum(variable.numpy().size for variable in network.trainable_variables):,}"

    labels = f"{config.label_dim} labels" if config.label_dim else "no labels"
    line = (
        f"{networks.kind}: {config.resolution}x{config.resolution}, {config.channels} channels, "
        f"{labels}; generator {count(networks.generator_ema)} parameters, discriminator "
    )
    if not networks.missing:
        return line + count(networks.discriminator)
    return (
        f"{line}none. The file lacks {' and '.join(networks.missing)}: what is imported makes "
        "images and can be evaluated, but no training can begin with it"
    )


if __name__ == "__main__":
    main()
