"""Style mixing: coarse layers of one picture, fine layers of another (Karras et al. 2019).

    python -m stylegan2.style_mix --network=runs/faces --rows=0-5 --columns=6-10 --styles=0-3 \\
        --output=mixed

Each picture takes the layers of `--styles` from its column's seed and all others from its row's.
Writes `grid.png`, with the pictures of the seeds at its edges, and each mixture as
`<row seed>-<column seed>.png`.
"""

from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, encode_png, image_grid, parse_ranges, write_bytes
from gan_knowledge_gaps.stylegan2.flags import check_pictures, define_pictures
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress


def main() -> None:
    """The command line."""
    define_pictures()
    with group(NEEDED):
        flags.DEFINE_string("output", None, "Folder of the pictures.")
    flags.DEFINE_string("rows", "0-5", "Seeds that give all other layers; a row of the grid each.")
    flags.DEFINE_string("columns", "6-10", "Seeds that give the layers of --styles; a column each.")
    flags.DEFINE_string("styles", "0-3", "Layers from the columns' seeds; 0 is the coarsest.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.output:
        raise InputError("--output is needed: the folder of the pictures")
    rows = parse_ranges(values.rows, "rows")
    columns = parse_ranges(values.columns, "columns")
    styles = parse_ranges(values.styles, "styles")
    check_pictures()
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator

    image_generator = ImageGenerator.from_flags()
    layers = image_generator.generator.config.num_layers
    if max(styles) >= layers:
        raise InputError(f"--styles: there is no layer {max(styles)}; the last is {layers - 1}")
    folder = Path(values.output)
    folder.mkdir(parents=True, exist_ok=True)
    of_rows = image_generator.w(image_generator.z(rows))
    of_columns = image_generator.w(image_generator.z(columns))
    head = image_generator.pictures(of_columns)
    lines = [np.concatenate([np.full_like(head[:1], 255), head])]
    with Progress("mixing", len(rows), unit="rows") as progress:
        for seed, w in zip(rows, of_rows, strict=True):
            mixed = image_generator.pictures(mix(w, of_columns, styles))
            for column, picture in zip(columns, mixed, strict=True):
                write_bytes(folder / f"{seed}-{column}.png", encode_png(picture))
            lines.append(np.concatenate([image_generator.pictures(w[None]), mixed]))
            progress.advance()
    grid = image_grid(np.concatenate(lines), columns=len(columns) + 1, padding=0)
    write_bytes(folder / "grid.png", encode_png(grid))
    print(folder / "grid.png")


def mix(w: np.ndarray, others: np.ndarray, styles: list[int]) -> np.ndarray:
    """One w [num_layers, w_dim] with the layers `styles` of each other: [n, num_layers, w_dim]."""
    mixed = np.repeat(w[None], len(others), axis=0)
    mixed[:, styles] = others[:, styles]
    return mixed


if __name__ == "__main__":
    main()
