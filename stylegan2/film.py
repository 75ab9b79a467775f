"""Films from frames: animated pictures by Pillow, video by ffmpeg."""

import itertools
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from data import InputError, atomic_path

KINDS = (".gif", ".webp", ".mp4")
FASTEST_GIF = 50  # frames per second: players slow down what shows for less than 2 hundredths


def check_film(path: Path, fps: int) -> None:
    """Raises InputError where a film of that kind, by its suffix, cannot be written."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise InputError(f"--output is {path}; it must end in {', '.join(KINDS)}")
    if kind == ".gif" and fps > FASTEST_GIF:
        raise InputError(
            f"--fps is {fps}; .gif has at most {FASTEST_GIF}: lower it, or choose .webp or .mp4"
        )
    if kind == ".mp4" and shutil.which("ffmpeg") is None:
        raise InputError("--output: .mp4 needs the program ffmpeg; install it, or choose .gif")


def write_film(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    """Writes a film, whole or not at all.

    Args:
        path: its suffix, one of KINDS, says of what kind.
        frames: uint8 [H, W, 1 ... 4] each, all of one shape; 2 and 4 channels have alpha, which
            .webp keeps. The other kinds have transparent parts over white.
        fps: frames per second. GIF counts in hundredths of a second: frames differ in how long
            they show, so that their mean is right.

    Raises:
        InputError: see `check_film`; or ffmpeg fails.
    """
    check_film(path, fps)
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
    images = (Image.fromarray(each[..., 0] if each.shape[-1] == 1 else each) for each in frames)
    if path.suffix.lower() == ".webp":
        options = {"quality": 90, "duration": 1000 / fps}
    else:
        options, images = {}, map(_lasting, images, gif_durations(fps))
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
    program = shutil.which("ffmpeg")
    first = next(frames)
    height, width, channels = first.shape
    command = [
        program, "-loglevel", "error", "-y", "-f", "rawvideo", "-s", f"{width}x{height}",
        "-pix_fmt", "gray" if channels == 1 else "rgb24", "-r", str(fps), "-i", "-",
        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "16", "-movflags", "+faststart",
        str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        try:
            for frame in itertools.chain([first], frames):
                process.stdin.write(frame.tobytes())
            process.stdin.close()
        except BrokenPipeError:
            pass  # It ended early: its exit code and its words say why.
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            errors.seek(0)
            said = " ".join(errors.read().decode(errors="replace").split())
            raise InputError(f"ffmpeg failed: {said[:300] or f'exit code {code}'}")
