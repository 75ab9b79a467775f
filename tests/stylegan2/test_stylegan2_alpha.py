"""The commands on networks with alpha and with classes."""

import functools

import commands
import numpy as np
import pytest
from absl import flags
from PIL import Image, ImageSequence

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.pictures import read_picture
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig, generate, interpolate, style_mix
from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator
from gan_knowledge_gaps.training import command

MODES = {2: "LA", 4: "RGBA"}


@pytest.fixture
def run(monkeypatch):
    """Does a command's work in this process, whatever it raises."""

    def run(module, *arguments) -> None:
        values = flags.FlagValues()
        with monkeypatch.context() as patch:
            patch.setattr(flags, "FLAGS", values)
            patch.setattr(command, "run", lambda main: None)
            for name in (name for name in dir(flags) if name.startswith("DEFINE_")):
                define = functools.partial(getattr(flags, name), flag_values=values)
                patch.setattr(flags, name, define)
            module.main()
            values(["command", *map(str, arguments)])
            module._run()

    return run


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """The file of a network of so many channels and classes, and the network."""
    folder = tmp_path_factory.mktemp("networks")

    @functools.cache
    def make(channels: int, label_dim: int = 0):
        generator = Generator(
            NetworkConfig(
                resolution=8, channels=channels, label_dim=label_dim, fmap_max=4, latent_dim=4,
                w_dim=4, mapping_layers=1,
            )
        )  # fmt: skip
        generator.w_avg.assign(np.linspace(-1, 1, 4))
        path = folder / f"{channels}-{label_dim}.keras"
        generator.save(path)
        return path, generator

    return make


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


@pytest.mark.parametrize("channels", MODES)
def test_pictures_have_the_networks_alpha(run, network, channels, tmp_path):
    path, generator = network(channels)
    image_generator = ImageGenerator(generator)
    w = image_generator.w(image_generator.z([1, 2]))
    expected = image_generator.pictures(w)
    run(generate, f"--network={path}", "--seeds=1-2", f"--output={tmp_path / 'files'}")
    run(generate, f"--network={path}", "--seeds=1-2", "--grid", f"--output={tmp_path / 'g.png'}")
    run(
        style_mix, f"--network={path}", "--rows=1", "--columns=2", "--styles=0",
        f"--output={tmp_path / 'mixed'}",
    )  # fmt: skip
    names = ("files/seed0001.png", "g.png", "mixed/grid.png", "mixed/1-2.png")
    assert {Image.open(tmp_path / name).mode for name in names} == {MODES[channels]}
    assert np.abs(pixels(tmp_path / "files/seed0002.png") - expected[1]).max() <= 1
    assert np.abs(pixels(tmp_path / "g.png")[:, 8:] - expected[1]).max() <= 1
    assert np.abs(pixels(tmp_path / "mixed/grid.png")[8:, :8] - expected[0]).max() <= 1


@pytest.mark.parametrize("channels", MODES)
def test_a_video_of_a_network_with_alpha(run, network, channels, tmp_path):
    path, generator = network(channels)
    image_generator = ImageGenerator(generator)
    expected = image_generator.pictures(image_generator.w(image_generator.z([1, 2])))
    for suffix in (".gif", ".webp"):
        video = tmp_path / f"video{suffix}"
        run(
            interpolate, f"--network={path}", "--seeds=1,2", "--frames=2", "--noloop",
            f"--output={video}",
        )  # fmt: skip
        frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(video))]
        assert len(frames) == 3
        for frame, picture in ((frames[0], expected[0]), (frames[-1], expected[1])):
            alpha = np.asarray(frame)[..., 3].astype(int)
            wanted = picture[..., -1] if suffix == ".webp" else 255
            assert np.abs(alpha - wanted).max() <= 1


def test_a_picture_with_alpha_is_projected(network, tmp_path):
    path, _ = network(4)
    target = np.random.default_rng(0).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    Image.fromarray(target).save(tmp_path / "me.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "me.png", 8, 4)[..., 3], target[..., 3])
    done = commands.run(
        "-m", "stylegan2.project", f"--network={path}", f"--targets={tmp_path / 'me.png'}",
        f"--output={tmp_path / 'out'}", "--projection_steps=1", "--projection_w_samples=2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    both = Image.open(tmp_path / "out/me/projection.png")
    assert (both.mode, both.size) == ("RGBA", (18, 8))
    assert np.abs(np.asarray(both)[:, 10:, 3].astype(int) - target[..., 3]).max() <= 1


def test_five_channels_are_refused_before_any_folder(run, network, tmp_path):
    path, _ = network(5)
    for module, *arguments in (
        (generate, "--seeds=1", f"--output={tmp_path / 'x'}"),
        (style_mix, f"--output={tmp_path / 'x'}"),
        (interpolate, f"--output={tmp_path / 'x/video.gif'}"),
    ):
        with pytest.raises(InputError, match="images have 5 channels"):
            run(module, f"--network={path}", *arguments)
    assert not list(tmp_path.iterdir())


def test_what_no_video_can_be_is_refused_before_the_network_is_read(run, tmp_path, monkeypatch):
    def missing():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", missing)
    for name, message in (("a.gif", "--fps is 60"), ("a.mp4", "ffmpeg"), ("a.avi", "must end in")):
        with pytest.raises(InputError, match=message):
            output = f"--output={tmp_path / 'x' / name}"
            run(interpolate, "--network=none.keras", "--fps=60", output)
    assert not list(tmp_path.iterdir())


def test_w_is_truncated_as_asked(run, network, tmp_path):
    path, generator = network(3)
    w = np.random.default_rng(0).normal(size=(1, generator.config.num_layers, 4)).astype("f")
    np.save(tmp_path / "w.npy", w)
    options = [f"--network={path}", f"--w={tmp_path / 'w.npy'}", "--truncation=0.1"]
    run(generate, *options, f"--output={tmp_path / 'out'}")
    # w_avg + psi (w - w_avg), in float64.
    w_avg = np.linspace(-1, 1, 4)
    images = generator.synthesis((w_avg + 0.1 * (w - w_avg)).astype("f"), noise="constant").numpy()
    expected = np.clip(np.trunc(127.5 * images[0] + 128), 0, 255)
    assert np.abs(pixels(tmp_path / "out/w0000.png") - expected).max() <= 1
    whole = np.clip(
        np.trunc(127.5 * generator.synthesis(w, noise="constant").numpy()[0] + 128), 0, 255
    )
    assert np.abs(whole - expected).max() > 1


def test_w_of_a_network_with_classes_needs_no_label(run, network, tmp_path):
    path, generator = network(3, 2)
    w = np.random.default_rng(0).normal(size=(1, generator.config.num_layers, 4)).astype("f")
    np.savez(tmp_path / "projected_w.npz", w=w)
    options = [f"--network={path}", f"--output={tmp_path / 'out'}"]
    run(generate, *options, f"--w={tmp_path / 'projected_w.npz'}")
    expected = ImageGenerator(generator, labelled=False).pictures(w)[0]
    assert np.abs(pixels(tmp_path / "out/w0000.png") - expected).max() <= 1
    with pytest.raises(InputError, match="--label has no effect with --w"):
        run(generate, *options, f"--w={tmp_path / 'projected_w.npz'}", "--label=1")
    with pytest.raises(InputError, match=r"--label must be 0 \.\.\. 1"):
        run(generate, *options, "--seeds=1")
