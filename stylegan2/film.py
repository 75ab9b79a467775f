"""Films from frames: animated pictures by Pillow, video by ffmpeg."""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from data import InputError, atomic_path

KINDS = (".gif", ".webp", ".mp4")


def write_film(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    """Writes a film, whole or not at all.

    Args:
        path: its suffix, one of KINDS, says of what kind.
        frames: uint8 [H, W, 1 or 3] each, all of one shape.
        fps: frames per second. GIF counts in hundredths of a second.

    Raises:
        InputError: ffmpeg is needed and is not installed, or fails.
    """
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".mp4":
            _write_video(temporary, frames, fps)
        else:
            _write_animation(temporary, frames, fps)


def _write_animation(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    images = (Image.fromarray(each[..., 0] if each.shape[-1] == 1 else each) for each in frames)
    options = {"quality": 90} if path.suffix.lower() == ".webp" else {}
    next(images).save(
        path, save_all=True, append_images=images, duration=1000 / fps, loop=0, **options
    )


def _write_video(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        raise InputError("--output: .mp4 needs the program ffmpeg; install it, or choose .gif")
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
