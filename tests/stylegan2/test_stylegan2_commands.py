"""The commands that make pictures, as people run them."""

import subprocess
from pathlib import Path

import commands
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig
from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator

CONFIG = NetworkConfig(resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1)


def run(name: str, *arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", f"stylegan2.{name}", *arguments)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(CONFIG)


@pytest.fixture(scope="module")
def network(generator, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("network") / "generator.keras"
    generator.save(path)
    return path


@pytest.fixture(scope="module")
def made(network, tmp_path_factory) -> Path:
    """A folder in which each command has done its work."""
    folder = tmp_path_factory.mktemp("made")
    target = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    Image.fromarray(target).save(folder / "me.png")
    lines = (
        ["generate", f"--network={network}", "--seeds=3-20", f"--output={folder / 'files'}"],
        [
            "generate", f"--network={network}", "--seeds=0-4", "--grid", "--columns=3",
            "--truncation=0.5", "--noise=none", f"--output={folder / 'grid.png'}",
        ],
        [
            "style_mix", f"--network={network}", "--rows=1,2", "--columns=5", "--styles=0-1",
            f"--output={folder / 'mixed'}",
        ],
        [
            "interpolate", f"--network={network}", "--seeds=1,2", "--frames=3", "--noloop",
            f"--output={folder / 'video.gif'}",
        ],
        [
            "project", f"--network={network}", f"--targets={folder / 'me.png'}",
            f"--output={folder / 'projected'}", "--projection_steps=3",
            "--projection_w_samples=5", "--video",
        ],
    )  # fmt: skip
    done = [run(*line) for line in lines]
    for each in done:
        assert each.returncode == 0, each.stderr
    assert [each.stdout.split()[-1] for each in done] == [
        str(folder / name)
        for name in ("files", "grid.png", "mixed/grid.png", "video.gif", "projected/me/w.npy")
    ]
    return folder


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_generate_writes_a_file_for_each_seed(made, generator):
    names = sorted(path.name for path in (made / "files").iterdir())
    assert names == [f"seed{seed:04d}.png" for seed in range(3, 21)]
    image_generator = ImageGenerator(generator)
    expected = image_generator.pictures(image_generator.w(image_generator.z([17])))[0]
    assert np.abs(pixels(made / "files/seed0017.png") - expected).max() <= 1


def test_generate_writes_a_grid(made, generator):
    grid = pixels(made / "grid.png")
    assert grid.shape == (16, 24, 3)
    image_generator = ImageGenerator(generator, truncation=0.5, noise="none")
    expected = image_generator.pictures(image_generator.w(image_generator.z([3])))[0]
    assert np.abs(grid[8:, :8] - expected).max() <= 1
    assert np.all(grid[8:, 16:] == 255)  # The last row is short.


def test_style_mix_writes_the_grid_and_its_parts(made, generator):
    grid = pixels(made / "mixed/grid.png")
    assert grid.shape == (24, 16, 3)
    image_generator = ImageGenerator(generator)
    w_row, w_column = image_generator.w(image_generator.z([2, 5]))
    mixed = np.concatenate([w_column[:2], w_row[2:]])[None]
    expected = image_generator.pictures(mixed)[0]
    assert np.abs(pixels(made / "mixed/2-5.png") - expected).max() <= 1
    assert np.abs(grid[16:, 8:] - expected).max() <= 1
    assert np.abs(grid[16:, :8] - image_generator.pictures(w_row[None])[0]).max() <= 1
    assert np.abs(grid[:8, 8:] - image_generator.pictures(w_column[None])[0]).max() <= 1


def test_interpolate_writes_a_video(made):
    assert Image.open(made / "video.gif").n_frames == 4  # three, and the last seed's


@pytest.mark.long
def test_project_writes_w_that_generate_reads(made, network, tmp_path):
    folder = made / "projected/me"
    w = np.load(folder / "w.npy")
    assert w.shape == (1, CONFIG.num_layers, 4) and w.dtype == np.float32
    assert Image.open(folder / "projection.png").size == (8 * 2 + 2, 8)
    assert imageio_ffmpeg.count_frames_and_secs(str(folder / "projection.mp4"))[0] == 3
    changed = run(
        "project", f"--network={network}", f"--targets={made / 'me.png'}",
        f"--output={made / 'projected'}", "--projection_steps=4",
    )  # fmt: skip
    again = run(
        "generate", f"--network={network}", f"--w={folder / 'w.npy'}", f"--output={tmp_path}"
    )
    assert changed.returncode == 2 and "holds a run with another projection" in changed.stderr
    assert again.returncode == 0, again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["w0000.png"]


def test_mistakes_are_one_clear_line(network, tmp_path):
    mistakes = {
        ("generate", "--seeds=1", "--output=x"): "--network is needed",
        ("generate", f"--network={network}", "--output=x"): "either --seeds or --w",
        ("generate", f"--network={tmp_path}/no", "--seeds=1", "--output=x"): "neither a folder",
        ("style_mix", f"--network={network}", "--styles=0-9", "--output=x"): "no layer 9",
        ("interpolate", f"--network={network}", "--output=x.avi"): "it must end in .gif",
        ("project", f"--network={network}", "--targets=no.png", "--output=x"): "cannot read no.png",
    }
    for command, message in mistakes.items():
        done = run(*command)
        assert done.returncode == 2, (command, done.stderr)
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert message in line and "Traceback" not in done.stderr
    assert not Path("x").exists()
