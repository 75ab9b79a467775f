"""Projects pictures: finds the w whose picture is closest to each.

    python -m stylegan2.project --network=runs/faces --targets=me.png --output=projected
    python -m stylegan2.generate --network=runs/faces --w=projected/me/w.npy --output=again

The loss compares pixels at all scales down to 8x8 and needs nothing else; `--perceptual` adds a
perceptual distance such as LPIPS, from a Keras model or SavedModel of your own that takes two
batches of images [N, H, W, C] in [0, 255] and gives distances [N].

Writes for each target a folder with `w.npy`, `projection.png` (the picture, beside the target),
`samples/` (how it came about), with `--video` the same as `projection.mp4`, `metrics.jsonl` and,
while it lasts, checkpoints: the same command goes on where it was stopped.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags
from PIL import Image

from gan_knowledge_gaps.data import InputError, atomic_path, read_picture, write_samples
from gan_knowledge_gaps.data.sources import open_images
from gan_knowledge_gaps.stylegan2.config import ProjectionConfig
from gan_knowledge_gaps.stylegan2.flags import check_pictures, define_pictures
from gan_knowledge_gaps.stylegan2.video import check_video, write_video
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.config import define_flags, override, to_json
from gan_knowledge_gaps.training.flag_help import NEEDED, TRAINING, group
from gan_knowledge_gaps.training.run_folder import begin_or_go_on

if TYPE_CHECKING:
    from gan_knowledge_gaps.stylegan2.projection import Projection

W, VIDEO = "w.npy", "projection.mp4"
FRAMES, FRAMES_PER_SECOND = 100, 20
GRIDS = 20  # without a video


def main() -> None:
    """The command line."""
    define_pictures()
    with group(NEEDED):
        flags.DEFINE_list(
            "targets", [], "Pictures, or folders of them; the central square of each is taken."
        )
        flags.DEFINE_string("output", None, "Folder of the results.")
    flags.DEFINE_boolean("video", False, "Write a video of how each picture came about.")
    flags.DEFINE_string("perceptual", None, "Keras model or SavedModel of a perceptual distance.")
    with group(TRAINING):
        define_flags("projection", ProjectionConfig())
    flags.DEFINE_integer("seed", 0, "Seed of the first noise.", lower_bound=0)
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.targets or not values.output:
        raise InputError("--targets (pictures) and --output (a folder) are needed")
    if values.truncation != 1 or values.noise != "constant":
        raise InputError("--truncation and --noise have no effect here: the projection finds both")
    files = [file for target in values.targets for file in pictures_of(Path(target))]
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        raise InputError("--targets: two files have one name; project them apart")
    config = override(ProjectionConfig(), "projection", values)
    check_pictures()
    if values.video:
        check_video(Path(VIDEO), FRAMES_PER_SECOND)
    import tensorflow as tf

    from gan_knowledge_gaps.evaluation.perceptual import load_distance
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator
    from gan_knowledge_gaps.stylegan2.projection import Projection

    image_generator = ImageGenerator.from_flags()
    generator = image_generator.generator
    shape = generator.config
    targets = [read_picture(file, shape.resolution, shape.channels) for file in files]
    perceptual = load_distance(values.perceptual) if values.perceptual else None
    if perceptual is not None:  # One that takes no such images is found before the work.
        perceptual(*2 * [tf.constant(targets[0][None], tf.float32)])
    for name, target in zip(names, targets, strict=True):
        folder = Path(values.output) / name
        begin_or_go_on(folder, _config(config), "--output")
        task = Projection(generator, target, config, perceptual, image_generator.label, values.seed)
        _project(task, folder)
        print(folder / W)


def pictures_of(path: Path) -> list[Path]:
    """A file as it is; of a folder, all pictures in it."""
    if not path.is_dir():
        return [path]
    source = open_images(str(path), "--targets", labels="none")
    return [path / name for name in source.names]


def _config(config: ProjectionConfig) -> dict:
    """What makes the result of a projection."""
    values = flags.FLAGS
    return {
        "network": values.network, "label": values.label, "seed": values.seed,
        "perceptual": values.perceptual, "projection": to_json(config),
    }  # fmt: skip


def _project(task: Projection, folder: Path) -> None:
    from gan_knowledge_gaps.training.loop import Loop, LoopConfig

    steps = task.config.steps
    every = max(1, steps // (FRAMES if flags.FLAGS.video else GRIDS))
    watched = LoopConfig(log_every=every, sample_every=every)
    Loop(task, steps, folder, label=folder.name, config=watched, write_samples=write_samples).run()
    write_samples(folder / "projection.png", task.samples())
    with atomic_path(folder / W) as temporary:
        np.save(temporary, task.result())
    if flags.FLAGS.video:
        pictures = sorted((folder / "samples").iterdir())
        frames = (np.atleast_3d(np.asarray(Image.open(path))) for path in pictures)
        write_video(folder / VIDEO, frames, FRAMES_PER_SECOND)


if __name__ == "__main__":
    main()
