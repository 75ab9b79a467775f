"""Pictures of seeds.

    python -m stylegan2.generate --network=runs/faces --seeds=0-63 --output=faces
    python -m stylegan2.generate --network=ffhq.pkl --seeds=6600-6625 --truncation=0.5 --output=ffhq
    python -m stylegan2.generate --network=runs/faces --seeds=0-63 --grid --output=faces.png
    python -m stylegan2.generate --network=runs/faces --w=projected/face/w.npy --output=faces

Writes a PNG file for each seed (`seed0042.png`), or one with all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, encode_png, image_grid, parse_ranges, write_bytes
from gan_knowledge_gaps.stylegan2.config import BLOCK, NOISES
from gan_knowledge_gaps.stylegan2.flags import check_pictures, define_pictures
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress

if TYPE_CHECKING:
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator

LARGEST_GRID = 2**28  # bytes


def main() -> None:
    """The command line."""
    define_pictures(NOISES)
    with group(NEEDED):
        flags.DEFINE_string("seeds", None, "Seeds of the pictures, such as 0-63,100.")
        flags.DEFINE_string(
            "w", None, "Instead of seeds, a file of w [n, num_layers, w_dim], as of projections: "
            ".npy, or .npz with the array w. --truncation applies."
        )  # fmt: skip
        flags.DEFINE_string("output", None, "Folder of the pictures, or PNG file of the grid.")
    flags.DEFINE_bool("grid", False, "Write one picture that shows all.")
    flags.DEFINE_integer("columns", 8, "Pictures in a row of the grid.", lower_bound=1)
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.output or bool(values.seeds) == bool(values.w):
        raise InputError("--output is needed, and either --seeds or --w")
    output = Path(values.output)
    if values.grid and output.suffix.lower() != ".png":
        raise InputError(f"--output is {output}; with --grid it must be a .png file")
    seeds = parse_ranges(values.seeds, "seeds") if values.seeds else []
    check_pictures(labelled=not values.w)
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator, read_w

    image_generator = ImageGenerator.from_flags(labelled=not values.w)
    w = image_generator.truncated(read_w(values.w, image_generator.generator)) if values.w else None
    names = [f"seed{seed:04d}" for seed in seeds]
    if w is not None:
        names = [f"w{index:04d}" for index in range(len(w))]
    blocks = pictures(image_generator, seeds, w)
    if values.grid:
        _write_grid(output, blocks, len(names), image_generator, values.columns)
    else:
        _write_files(output, blocks, names)
    print(output)


def pictures(
    image_generator: ImageGenerator, seeds: list[int], w: np.ndarray | None
) -> Iterator[np.ndarray]:
    """Pictures of the seeds, or of w, in blocks of uint8 [n, H, W, C]."""
    total = len(seeds) if w is None else len(w)
    with Progress("generating", total, unit="pictures") as progress:
        for start in range(0, total, BLOCK):
            part = slice(start, start + BLOCK)
            some = image_generator.w(image_generator.z(seeds[part])) if w is None else w[part]
            yield image_generator.pictures(some, seeds[part] or range(start, start + len(some)))
            progress.advance(len(some))


def _write_files(folder: Path, blocks: Iterator[np.ndarray], names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    each_picture = (picture for block in blocks for picture in block)
    for name, picture in zip(names, each_picture, strict=True):
        write_bytes(folder / f"{name}.png", encode_png(picture))


def _write_grid(
    path: Path,
    blocks: Iterator[np.ndarray],
    count: int,
    image_generator: ImageGenerator,
    columns: int,
) -> None:
    config = image_generator.generator.config
    if count * config.resolution**2 * config.channels > LARGEST_GRID:
        raise InputError(f"--grid: {count:,} pictures are too many for one; leave it out")
    path.parent.mkdir(parents=True, exist_ok=True)
    images = np.concatenate(list(blocks))
    write_bytes(path, encode_png(image_grid(images, columns=min(columns, count), padding=0)))


if __name__ == "__main__":
    main()
