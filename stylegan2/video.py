"""Videos from frames: animated pictures by Pillow, .mp4 by imageio's ffmpeg."""

import contextlib
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from PIL import Image

from gan_knowledge_gaps.data import InputError, atomic_path

KINDS = (".gif", ".webp", ".mp4")
FASTEST_GIF = 50  # frames per second: players slow down what shows for less than 2 hundredths


def check_video(path: Path, fps: int) -> None:
    """Raises InputError where a video of that kind, by its suffix, cannot be written."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise InputError(f"--output is {path}; it must end in {', '.join(KINDS)}")
    if kind == ".gif" and fps > FASTEST_GIF:
        raise InputError(
            f"--fps is {fps}; .gif has at most {FASTEST_GIF}: lower it, or choose .webp or .mp4"
        )
    if kind == ".mp4":
        try:
            imageio_ffmpeg.get_ffmpeg_exe()
        except RuntimeError:  # a system for which imageio-ffmpeg has no wheel
            raise InputError(
                "--output: .mp4 needs ffmpeg, which imageio-ffmpeg does not bring on this system; "
                "install it (Debian: apt install ffmpeg), or choose .gif or .webp"
            ) from None


def write_video(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    """Writes a video, whole or not at all.

    Args:
        path: its suffix, one of KINDS, says of what kind.
        frames: uint8 [H, W, 1 ... 4] each, all of one shape; 2 and 4 channels have alpha, which
            .webp keeps. The other kinds have transparent parts over white. An .mp4 repeats the
            last row or column of frames of odd size, for its colours stand for 2x2 pixels.
        fps: frames per second. GIF counts in hundredths of a second: frames differ in how long
            they show, so that their mean is right.

    Raises:
        InputError: see `check_video`; or ffmpeg does not write every frame.
    """
    check_video(path, fps)
    if path.suffix.lower() != ".webp":
        frames = map(over_white, frames)
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".mp4":
            _write_video(temporary, frames, fps)
        else:
            _write_animation(temporary, frames, fps)


def over_white(frame: np.ndarray) -> np.ndarray:
    """Uint8 [H, W, 1 ... 4] without its alpha, if it has one: [H, W, 1 or 3]."""
    channels = frame.shape[-1]
    if channels in (1, 3):
        return frame
    white = Image.new("RGBA", frame.shape[1::-1], "white")
    blended = Image.alpha_composite(white, Image.fromarray(frame).convert("RGBA"))
    return np.asarray(blended)[..., : channels - 1]


def _write_animation(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    images: Iterator[Image.Image]
    images = (Image.fromarray(each[..., 0] if each.shape[-1] == 1 else each) for each in frames)
    options: dict[str, Any] = {}
    if path.suffix.lower() == ".webp":
        options = {"quality": 90, "duration": 1000 / fps}
    else:
        images = map(_lasting, images, gif_durations(fps))
    next(images).save(path, save_all=True, append_images=images, loop=0, **options)


def gif_durations(fps: int) -> Iterator[int]:
    """How long each frame shows, in milliseconds: whole hundredths of a second.

    Frame k ends at the hundredth nearest to (k + 1) / fps.
    """
    ends = (math.floor(100 * count / fps + 0.5) for count in itertools.count())
    return (10 * (end - start) for start, end in itertools.pairwise(ends))


def _lasting(image: Image.Image, milliseconds: int) -> Image.Image:
    image.info["duration"] = milliseconds
    return image


def _write_video(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    import imageio.v2 as imageio

    writer = imageio.get_writer(
        path, format="FFMPEG", mode="I", fps=fps, codec="libx264", pixelformat="yuv420p",
        macro_block_size=1, ffmpeg_log_level="quiet",
        output_params=["-crf", "16", "-movflags", "+faststart"],
    )  # fmt: skip
    count = 0
    with contextlib.closing(writer):  # Its own context does not end ffmpeg after an error.
        for frame in frames:
            height, width, _ = frame.shape
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            count += 1
            try:
                writer.append_data(even)
            except OSError:  # ffmpeg has ended early
                break
    # imageio does not look at ffmpeg's exit code.
    written = _count_frames(path)
    if written != count:
        raise InputError(
            f"ffmpeg wrote {written} frames of the video and then failed: look whether the disk "
            "is full, or choose .gif or .webp"
        )


def _count_frames(path: Path) -> int:
    try:
        return imageio_ffmpeg.count_frames_and_secs(str(path))[0]
    except (RuntimeError, OSError):
        return 0
