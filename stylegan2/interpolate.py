"""A video that moves from the picture of one seed to the next.

    python -m stylegan2.interpolate --network=runs/faces --seeds=0-7 --output=faces.gif
    python -m stylegan2.interpolate --network=ffhq.pkl --seeds=1-5 --path=slerp --output=ffhq.mp4

The name of the output says what kind it is: .gif or .webp, animated pictures, or .mp4. A .gif has
at most 50 frames per second. Of a network with alpha, .webp keeps it; the others show transparent
parts over white.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, parse_ranges
from gan_knowledge_gaps.stylegan2.config import BLOCK
from gan_knowledge_gaps.stylegan2.flags import check_pictures, define_pictures
from gan_knowledge_gaps.stylegan2.video import KINDS, check_video, write_video
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress

if TYPE_CHECKING:
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator

MOST_FRAMES = 1_000_000
PATHS = ("cubic", "linear", "slerp")


def main() -> None:
    """The command line."""
    define_pictures()
    with group(NEEDED):
        flags.DEFINE_string("output", None, f"File of the video: {', '.join(KINDS)}.")
    flags.DEFINE_string("seeds", "0-7", "Seeds of the pictures on the way.")
    flags.DEFINE_enum(
        "path", "cubic", PATHS,
        "Path between seeds: a smooth or a straight one in w, or great circles in z.",
    )  # fmt: skip
    flags.DEFINE_integer("frames", 30, "Frames from one seed to the next.", 1, 10_000)
    flags.DEFINE_integer("fps", 30, "Frames per second.", lower_bound=1, upper_bound=100)
    flags.DEFINE_bool("loop", True, "Whether the video returns to the first seed.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.output:
        raise InputError(f"--output is needed: a file that ends in {', '.join(KINDS)}")
    check_video(Path(values.output), values.fps)
    seeds = parse_ranges(values.seeds, "seeds")
    if len(seeds) < 2:
        raise InputError("--seeds: a path needs at least two")
    if len(seeds) * values.frames > MOST_FRAMES:
        raise InputError(f"--seeds and --frames: a video has at most {MOST_FRAMES:,} frames")
    check_pictures()
    from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator

    image_generator = ImageGenerator.from_flags()
    w = path_of(image_generator, seeds, values.path, values.loop)
    segments = len(seeds) if values.loop else len(seeds) - 1
    # Without a loop, the video ends on the last seed's picture.
    times = np.arange(segments * values.frames + (not values.loop)) / values.frames
    Path(values.output).parent.mkdir(parents=True, exist_ok=True)
    write_video(Path(values.output), frames(image_generator, w, times), values.fps)
    print(values.output)


def frames(
    image_generator: ImageGenerator, w: Callable[[np.ndarray], np.ndarray], times: np.ndarray
) -> Iterator[np.ndarray]:
    """The pictures at the given times, uint8 [H, W, C] each."""
    with Progress("rendering", len(times), unit="frames") as progress:
        for start in range(0, len(times), BLOCK):
            block = times[start : start + BLOCK]
            yield from image_generator.pictures(w(block))
            progress.advance(len(block))


def path_of(
    image_generator: ImageGenerator, seeds: list[int], kind: str, loop: bool
) -> Callable[[np.ndarray], np.ndarray]:
    """A path through the seeds: times [n], seed i at time i, to w [n, num_layers, w_dim]."""
    z = image_generator.z(seeds)
    if kind == "slerp":
        around = _closed(z) if loop else z
        return lambda times: image_generator.w(slerp(around, times))
    w = image_generator.w(z)
    if loop:
        w = _closed(w)  # of the same bits, which another place in the batch might change
    knots = np.arange(len(w))
    if kind == "cubic":
        ends = "periodic" if loop else "natural"
        from scipy.interpolate import CubicSpline

        spline = CubicSpline(knots, w, bc_type=ends)
        return lambda times: spline(times).astype(np.float32)
    return lambda times: lerp(w, times)


def _closed(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points, points[:1]])


def lerp(points: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Straight lines between points [k, ...] at times 0 ... k - 1, to [n, ...]."""
    first, share = _segment(points, times)
    share = share.reshape(-1, *[1] * (points.ndim - 1))
    return (points[first] * (1 - share) + points[first + 1] * share).astype(np.float32)


def slerp(points: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Great circles between the directions of points [k, D] at times 0 ... k - 1.

    Returns:
        [n, D] of length sqrt(D), float32: the mapping network reads nothing but directions.
    """
    first, share = _segment(points, times)
    points = points / np.linalg.norm(points, axis=1, keepdims=True)
    a, b = points[first].astype(np.float64), points[first + 1].astype(np.float64)
    angle = np.arccos(np.clip(np.sum(a * b, axis=1), -1, 1))[:, None]
    share = share[:, None]
    # sin(share * angle) / sin(angle), and its limit where both points are one.
    sine = np.maximum(np.sin(angle), 1e-12)
    far = angle > 1e-6
    of_a = np.where(far, np.sin((1 - share) * angle) / sine, 1 - share)
    of_b = np.where(far, np.sin(share * angle) / sine, share)
    return ((of_a * a + of_b * b) * np.sqrt(points.shape[1])).astype(np.float32)


def _segment(points: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The point before each time, and how far the time is from it to the next."""
    first = np.minimum(times.astype(int), len(points) - 2)
    return first, times - first


if __name__ == "__main__":
    main()
