"""Trains StyleGAN2.

    python -m stylegan2.train --run=runs/faces --data=faces.zip --preset=quick
    python -m stylegan2.train --run=runs/ffhq --data=ffhq256 --preset=config-f
    python -m stylegan2.train --run=runs/new --transfer=runs/ffhq --data=ffhq256 --fool=c.keras

`--data` is a folder or zip of images, or a folder of records that `python -m data.convert` wrote.
Four fifths of the images train, as everywhere in this project; `--images=all` takes all. A run's
folder holds config.json, metrics.jsonl, natural.png, samples/, checkpoints/, with `--keep_networks`
snapshots/, with `--metrics` best.keras, and at the end generator.keras, generator_ema.keras (which
makes the images) and discriminator.keras.

The same command goes on where it was stopped, to the bit; `--resume=runs/ffhq` is short for it. A
larger `--training_kimg` than before goes on with a finished run. `--transfer` begins a new run from
another's weights.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, write_json, write_samples
from gan_knowledge_gaps.evaluation.config import OVER_FEATURES
from gan_knowledge_gaps.evaluation.flags import define_features
from gan_knowledge_gaps.stylegan2.config import (
    AUTO,
    NETWORKS,
    TRAININGS,
    NetworkConfig,
    TrainingConfig,
)
from gan_knowledge_gaps.stylegan2.flags import define_ops
from gan_knowledge_gaps.stylegan2.run import (
    IMAGES,
    make_task,
    open_data,
    open_fooling,
    open_watch,
    read_config,
)
from gan_knowledge_gaps.stylegan2.snapshots import Measurement, check_metrics, save, snapshots
from gan_knowledge_gaps.stylegan2.ticks import describe, tick_line
from gan_knowledge_gaps.training import cluster, command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import JPEG_MODES, define_flags, override, to_json
from gan_knowledge_gaps.training.distribution import define_replicas, make_strategy
from gan_knowledge_gaps.training.flag_help import NEEDED, SIZE, TRAINING, group, named
from gan_knowledge_gaps.training.profiling import define_profile
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import CONFIG

if TYPE_CHECKING:
    from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task


def main() -> None:
    """The command line."""
    preset = named("preset", "quick", list(NETWORKS))
    with group(NEEDED):
        flags.DEFINE_string("run", None, "Folder of the run: a new one, or one to go on with.")
        flags.DEFINE_string(
            "data", None, "Natural images: folder or zip of images, or folder of records."
        )
        flags.DEFINE_enum(
            "preset", "quick", list(NETWORKS), "Networks and training, of which other flags change "
            "single values.",
        )  # fmt: skip
        flags.DEFINE_string(
            "resume", None, "Instead of all these, the folder of a run to go on with as it is."
        )
    flags.DEFINE_enum(
        "images", IMAGES[0], IMAGES, "Which images train: four fifths, so that the rest can judge "
        "detectors, or all.",
    )  # fmt: skip
    flags.DEFINE_string(
        "transfer", None, "Run or published .pkl file whose weights a new run begins with."
    )
    flags.DEFINE_integer("seed", 0, "Seed of weights, draws and data order.", lower_bound=0)
    flags.DEFINE_list("fool", [], "Classifiers that the generator must fool: .keras or folders.")
    flags.DEFINE_float(
        "phi", 0.001, "Weight of the classifiers of --fool; 0.001 in the paper.", lower_bound=0.0
    )
    flags.DEFINE_string(
        "held_out", None, "With --fool: a classifier that is only watched, .keras or a folder."
    )
    flags.DEFINE_enum(
        "fooling_jpeg", JPEG_MODES[0], JPEG_MODES,
        "How the generator sees the JPEG encoding of the classifiers of --fool, if any.",
    )  # fmt: skip
    flags.DEFINE_float(
        "tick_kimg", 1.0, "Thousands of images from one line of metrics, a tick, to the next.",
        lower_bound=0.0,
    )  # fmt: skip
    flags.DEFINE_integer(
        "snapshot_ticks", 10, "Ticks from one grid of samples to the next; 0 for no grids.",
        lower_bound=0,
    )  # fmt: skip
    flags.DEFINE_boolean(
        "keep_networks", False,
        "Keep the averaged generator and the discriminator of every grid, in snapshots/.",
    )  # fmt: skip
    flags.DEFINE_list(
        "metrics", [], "Measure the generator of every grid, and keep the best as best.keras, by "
        f"the first of these: any of {', '.join(OVER_FEATURES)}.",
    )  # fmt: skip
    define_features("--metrics")
    flags.DEFINE_integer(
        "num_generated", 10_000, "Generated images that --metrics take; fewer than published "
        "scores do, whose 50,000 would take longer than the training between two grids.",
        lower_bound=2,
    )  # fmt: skip
    define_ops()
    define_replicas()
    define_profile()
    with group(SIZE):
        define_flags("network", NETWORKS[preset])
    with group(TRAINING):
        define_flags("training", TRAININGS[preset])
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    folder, config = _resumed() if values.resume else _new()
    network, training = NetworkConfig(**config["network"]), TrainingConfig(**config["training"])
    from gan_knowledge_gaps.stylegan2.memory import check_training_fits
    from gan_knowledge_gaps.stylegan2.saved import transfer
    from gan_knowledge_gaps.training.loop import Loop, LoopConfig
    from gan_knowledge_gaps.training.native import library
    from gan_knowledge_gaps.training.workers import Workers

    library.prefer(values.ops)
    strategy = make_strategy(values.cpu_replicas)
    check_training_fits(network, training, strategy.num_replicas_in_sync)
    with strategy.scope():
        fooling = open_fooling(network, config)
        watch = open_watch(network, config, fooling)
    dataset = open_data(config["data"], network)
    if config["fingerprint"] not in (None, dataset.fingerprint):
        raise InputError(f"the images of {config['data']} are not those that {folder} began with")
    with strategy.scope():
        task = make_task(network, training, dataset, config, fooling)
        if config["transfer"] and not (folder / "checkpoints").exists():
            transfer(task, Path(config["transfer"]))
    is_chief = Workers(strategy).is_chief
    measures = is_chief and config.get("metrics")
    measurement = Measurement(config, task.generator_ema, folder) if measures else None
    if is_chief:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / CONFIG, config | {"fingerprint": dataset.fingerprint})
    total = len(dataset.train) + len(dataset.evaluation)
    say(f"{len(task.images):,} of {total:,} images train; {describe(task)}")
    tick = max(1, round(config["tick_kimg"] * 1000 / training.batch_size))
    every, keep = tick * config["snapshot_ticks"], config.get("keep_networks", False)
    grids = range(every, training.steps + 1, every) if every else range(0)
    if is_chief and every:
        _show_the_start(task, folder)
    loop = Loop(
        task,
        training.steps,
        folder,
        label=folder.name,
        strategy=strategy,
        config=LoopConfig(log_every=tick, sample_every=every, profile=values.profile),
        write_samples=write_samples,
        after=snapshots(task, folder, grids, keep, measurement),
        watch=lambda step, line: say(tick_line(step, line, training, tick, loop.seconds)),
        measure=watch and (lambda: watch(task.generator_ema)),
    )
    loop.run()
    if is_chief:
        _finish(task, folder)


def _finish(task: StyleGAN2Task, folder: Path) -> None:
    for name in ("generator", "generator_ema", "discriminator"):
        save(getattr(task, name), folder / f"{name}.keras")
    write_samples(folder / "samples.png", task.samples())
    print(folder / "generator_ema.keras")


def _show_the_start(task: StyleGAN2Task, folder: Path) -> None:
    """Grids of natural images and of what the generator makes before it is trained."""
    from gan_knowledge_gaps.stylegan2.task import SAMPLES

    first = folder / "samples" / f"step-{0:09d}.png"
    if first.exists() or (folder / "checkpoints").exists():
        return
    first.parent.mkdir(exist_ok=True)
    shown = np.arange(min(SAMPLES, len(task.images)))
    write_samples(folder / "natural.png", task.images.read(shown))
    write_samples(first, task.samples())


def _resumed() -> tuple[Path, dict]:
    """The folder of an old run and its configuration, which is as it was."""
    values = flags.FLAGS
    modules = (main.__module__, sys.argv[0], define_flags.__module__)
    ours = {name for module in modules for name in values.flags_by_module_dict().get(module, ())}
    for flag in sorted(flag.name for flag in ours if flag.present):
        if flag not in ("resume", "ops", "cpu_replicas", "profile", "training_kimg"):
            raise InputError(f"--{flag} cannot be changed when a run is resumed: leave it out")
    folder = Path(values.resume)
    config = read_config(folder)
    return folder, _extended(folder, config, values.training_kimg)


def _new() -> tuple[Path, dict]:
    """The folder of a new run and its configuration, by the flags."""
    values = flags.FLAGS
    if not values.run or not values.data:
        raise InputError("--run (folder of the run) and --data (images) are needed, or --resume")
    if values.held_out and not values.fool:
        raise InputError("--held_out goes with --fool: it is watched beside the classifiers there")
    folder = Path(values.run)
    training = override(TRAININGS[values.preset], "training", values)
    is_automatic = values.network_precision == AUTO
    if is_automatic:
        values["network_precision"].value = None
    network = override(NETWORKS[values.preset], "network", values)
    if is_automatic:
        network = dataclasses.replace(network, precision=_precision(folder, network, training))
    config = {
        "command": command_line(),
        "data": values.data,
        "fingerprint": None,
        "seed": values.seed,
        "fool": values.fool,
        "phi": values.phi,
        "fooling_jpeg": values.fooling_jpeg,
        "transfer": values.transfer,
        "images": values.images,
        "metrics": check_metrics(values.metrics),
        "features": values.features,
        "inception": values.inception,
        "num_generated": values.num_generated,
        "held_out": values.held_out,
        "tick_kimg": values.tick_kimg,
        "snapshot_ticks": values.snapshot_ticks,
        "keep_networks": values.keep_networks,
        "network": to_json(network),
        "training": to_json(training),
    }
    if (folder / CONFIG).exists():
        return folder, _same(folder, config)
    return folder, config


def _precision(folder: Path, network: NetworkConfig, training: TrainingConfig) -> str:
    """The precision that the folder's run began with; of a new one, that which is faster here."""
    if (folder / CONFIG).exists():
        return NetworkConfig(**read_config(folder)["network"]).precision
    if flags.FLAGS.cpu_replicas or cluster.is_set():
        raise InputError(
            "--network_precision=auto measures in one process on its own devices: give float32 or "
            "bfloat16 where several workers train, or with --cpu_replicas"
        )
    from gan_knowledge_gaps.stylegan2 import precision
    from gan_knowledge_gaps.training.native import library

    library.prefer(flags.FLAGS.ops)
    measured = precision.seconds(network, training.chunk_size(network))
    chosen = precision.favoured(measured)
    say(f"{precision.describe(measured)}: --network_precision={chosen}")
    return chosen


def _same(folder: Path, config: dict) -> dict:
    """The configuration of a run that the same command began; InputError of any other."""
    theirs = read_config(folder)
    # The images are compared by their fingerprint: they may have moved.
    config = config | {name: theirs[name] for name in ("command", "fingerprint")}
    began, asked = _flat(theirs), _flat(config | {"data": theirs["data"]})
    kimg = asked.pop("training_kimg")
    different = [name for name in asked if began.get(name, asked[name]) != asked[name]]
    if different:
        name = different[0]
        raise InputError(
            f"{folder} holds a run with --{name}={began[name]}, not {asked[name]}: give --run a "
            "new folder, or go on with this one as it is by --resume"
        )
    return _extended(folder, theirs | {"data": config["data"]}, kimg)


def _extended(folder: Path, config: dict, kimg: float | None) -> dict:
    """The configuration of a run that trains as long as it did, or longer."""
    began = config["training"]["kimg"]
    if kimg is None or kimg == began:
        return config
    if kimg < began:
        raise InputError(
            f"{folder} holds a run of --training_kimg={began:g}, which {kimg:g} would make "
            "shorter: give as much or more, or give --run a new folder"
        )
    return config | {"training": config["training"] | {"kimg": kimg}}


def _flat(config: dict) -> dict:
    """A configuration by the names of its flags."""
    parts = {name: part for name, part in config.items() if isinstance(part, dict)}
    inner = {f"{name}_{key}": value for name, part in parts.items() for key, value in part.items()}
    return {name: value for name, value in config.items() if name not in parts} | inner


if __name__ == "__main__":
    main()
