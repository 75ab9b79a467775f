"""Pictures of seeds, mixtures and videos, against their definitions."""

import imageio.v2 as imageio
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageSequence
from scipy.interpolate import CubicSpline

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig
from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator, read_w
from gan_knowledge_gaps.stylegan2.interpolate import lerp, path_of, slerp
from gan_knowledge_gaps.stylegan2.style_mix import mix
from gan_knowledge_gaps.stylegan2.video import over_white, write_video

CONFIG = NetworkConfig(resolution=8, fmap_max=4, latent_dim=6, w_dim=5, mapping_layers=2)


@pytest.fixture(scope="module")
def generator() -> Generator:
    """A generator with noise strengths, biases and a mean of w that are not 0."""
    generator = Generator(CONFIG)
    random = np.random.default_rng(0)
    for variable in generator.variables:
        if not np.any(variable.numpy()):
            variable.assign(random.normal(size=variable.shape))
    return generator


def test_seeds_give_numpys_legacy_latents(generator):
    image_generator = ImageGenerator(generator)
    expected = [np.random.RandomState(seed).randn(1, 6)[0] for seed in (5, 0, 7)]
    np.testing.assert_array_equal(image_generator.z([5, 0, 7]), np.float32(expected))


def test_a_picture_is_that_of_the_networks_call(generator):
    image_generator = ImageGenerator(generator, truncation=0.5)
    z = image_generator.z(range(20))  # more than a block
    images = generator(z, truncation=0.5, noise="constant").numpy()
    expected = np.clip(np.trunc(127.5 * images + 128), 0, 255)
    pictures = image_generator.pictures(image_generator.w(z))
    assert pictures.shape == (20, 8, 8, 3) and pictures.dtype == np.uint8
    assert np.abs(pictures - expected).max() <= 1
    # w_avg + psi (w - w_avg), spelt out.
    w, w_avg = generator.mapping(z).numpy(), generator.w_avg.numpy()
    np.testing.assert_allclose(image_generator.w(z), 0.5 * w_avg + 0.5 * w, atol=1e-5)


def test_random_noise_belongs_to_the_seed(generator):
    image_generator = ImageGenerator(generator, noise="random")
    w = np.repeat(image_generator.w(image_generator.z([0])), 3, axis=0)
    a, b, c = image_generator.pictures(w, [1, 2, 1])
    np.testing.assert_array_equal(a, c)
    assert np.any(a != b)
    np.testing.assert_array_equal(image_generator.pictures(w[:1], [2])[0], b)


def test_a_label_decides_the_pictures_of_a_network_with_classes():
    generator = Generator(NetworkConfig(resolution=8, fmap_max=4, latent_dim=6, label_dim=3))
    for label in (None, 3, -1):
        with pytest.raises(InputError, match=r"--label must be 0 \.\.\. 2"):
            ImageGenerator(generator, label=label)
    z = ImageGenerator(generator, label=1).z([4])
    expected = generator.mapping(z, labels=tf.one_hot([1], 3)).numpy()
    np.testing.assert_array_equal(ImageGenerator(generator, label=1).w(z), expected)
    assert np.any(ImageGenerator(generator, label=2).w(z) != expected)


def test_a_label_without_classes_is_a_mistake(generator):
    with pytest.raises(InputError, match="the network has no classes"):
        ImageGenerator(generator, label=0)


def test_w_is_read_back_or_refused(generator, tmp_path):
    w = np.random.default_rng(0).normal(size=(2, CONFIG.num_layers, 5))
    np.save(tmp_path / "w.npy", w)
    np.testing.assert_array_equal(read_w(tmp_path / "w.npy", generator), w.astype("f"))
    np.save(tmp_path / "shape.npy", w[:, :1])
    np.save(tmp_path / "object.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=w, b=w)
    np.save(tmp_path / "none.npy", w[:0])
    for name, bad in (("nan", np.nan), ("inf", np.inf), ("large", 1e300)):
        np.save(tmp_path / f"{name}.npy", np.where(np.arange(5) == 3, bad, w))
    np.savez_compressed(tmp_path / "cut.npz", w=w)
    with (tmp_path / "cut.npz").open("rb+") as file:
        file.seek(100)
        file.write(bytes(10))
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "empty.npy").write_bytes(b"")
    names = (
        "shape.npy", "object.npy", "several.npz", "text.npy", "empty.npy", "missing.npy",
        "none.npy", "nan.npy", "inf.npy", "large.npy", "cut.npz",
    )  # fmt: skip
    for name in names:
        with pytest.raises(InputError, match=name):
            read_w(tmp_path / name, generator)


def test_the_originals_projection_is_read(generator, tmp_path):
    w = np.random.default_rng(0).normal(size=(1, CONFIG.num_layers, 5)).astype("f")
    np.savez(tmp_path / "projected_w.npz", w=w)
    np.testing.assert_array_equal(read_w(tmp_path / "projected_w.npz", generator), w)


def test_a_mixture_has_the_chosen_layers_of_the_other():
    w, others = np.zeros([4, 2]), np.arange(16.0).reshape(2, 4, 2) + 1
    mixed = mix(w, others, [1, 3])
    np.testing.assert_array_equal(mixed[:, [1, 3]], others[:, [1, 3]])
    assert not mixed[:, [0, 2]].any() and not w.any()


def test_straight_lines_meet_their_points():
    points = np.array([[0.0, 0], [2, 4], [2, 0]])
    np.testing.assert_allclose(
        lerp(points, np.array([0, 0.25, 1, 1.5, 2])), [[0, 0], [0.5, 1], [2, 4], [2, 2], [2, 0]]
    )


def test_great_circles_are_walked_at_an_even_pace():
    east, north = np.array([3.0, 0, 0]), np.array([0, 0.5, 0])  # Lengths don't matter.
    times = np.linspace(0, 1, 7)
    walked = slerp(np.stack([east, north, north]), times)
    angles = times * np.pi / 2
    expected = np.sqrt(3) * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    np.testing.assert_allclose(walked, expected, atol=1e-6)
    stays = slerp(np.stack([east, north, north]), np.array([1.5, 2.0]))
    np.testing.assert_allclose(stays, np.sqrt(3) * np.array([[0, 1, 0]] * 2), atol=1e-6)


def test_a_path_passes_through_its_seeds_and_returns(generator):
    image_generator = ImageGenerator(generator, truncation=0.7)
    seeds, w = [3, 1, 4], image_generator.w(image_generator.z([3, 1, 4]))
    for kind in ("cubic", "linear", "slerp"):
        path = path_of(image_generator, seeds, kind, loop=True)
        np.testing.assert_allclose(path(np.arange(3)), w, atol=1e-5)
        np.testing.assert_allclose(path(np.array([3.0])), w[:1], atol=1e-5)
    times = np.array([0.3, 2.9])
    spline = CubicSpline(range(4), np.concatenate([w, w[:1]]), bc_type="periodic")
    smooth = path_of(image_generator, seeds, "cubic", loop=True)
    np.testing.assert_allclose(smooth(times), spline(times), atol=1e-6)
    # No corner where the video begins again.
    before, after = (spline(3 - 1e-6) - spline(3)) / -1e-6, (spline(1e-6) - spline(0)) / 1e-6
    np.testing.assert_allclose(before, after, atol=1e-3)


def milliseconds(path) -> list[int]:
    """How long each frame shows."""
    shown = []
    for frame in ImageSequence.Iterator(Image.open(path)):
        frame.load()  # A .webp knows it only then.
        shown.append(frame.info["duration"])
    return shown


@pytest.mark.parametrize("fps", [1, 7, 24, 30, 33, 40, 49, 50])
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_lasts_as_long_as_asked(suffix, fps, tmp_path):
    frames = [np.full([6, 5, 3], value, np.uint8) for value in range(0, 240, 4)]
    write_video(tmp_path / f"video{suffix}", iter(frames), fps)
    shown = milliseconds(tmp_path / f"video{suffix}")
    assert len(shown) == len(frames)
    unit = 10 if suffix == ".gif" else 1
    assert abs(sum(shown) - 1000 * len(frames) / fps) <= unit
    assert max(shown) - min(shown) <= unit and min(shown) >= 20


def test_frames_that_are_alike_lose_no_time(tmp_path):
    frames = [np.full([6, 5, 1], value, np.uint8) for value in (0, 0, 0, 200, 200, 0)]
    write_video(tmp_path / "video.gif", iter(frames), 30)
    assert sum(milliseconds(tmp_path / "video.gif")) == 200


def test_what_gif_cannot_show_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--fps is 51; \.gif has at most 50"):
        write_video(tmp_path / "video.gif", iter([np.zeros([2, 2, 3], np.uint8)]), fps=51)
    assert not list(tmp_path.iterdir())


def half_red(channels: int) -> np.ndarray:
    """Pixels of half transparent red, or black."""
    color = [255, 0, 0] if channels == 4 else [0]
    return np.broadcast_to(np.uint8([*color, 128]), [6, 4, channels])


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_with_alpha(suffix, channels, tmp_path):
    write_video(tmp_path / f"video{suffix}", iter([half_red(channels)]), fps=20)
    video = Image.open(tmp_path / f"video{suffix}").convert("RGBA")
    white = Image.new("RGBA", video.size, "white")
    if suffix == ".webp":
        assert np.abs(np.asarray(video)[..., 3].astype(int) - 128).max() <= 1
    shown = np.asarray(Image.alpha_composite(white, video)).astype(int)
    red = 255 if channels == 4 else 127
    assert np.abs(shown - [red, 127, 127, 255]).max() <= 6


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_has_all_frames_at_their_pace(suffix, channels, tmp_path):
    frames = [np.full([6, 5, channels], value, np.uint8) for value in (0, 100, 200)]
    write_video(tmp_path / f"video{suffix}", iter(frames), fps=20)
    video = Image.open(tmp_path / f"video{suffix}")
    assert video.size == (5, 6) and video.n_frames == 3 and video.info.get("loop") == 0
    for frame, expected in zip(ImageSequence.Iterator(video), frames, strict=True):
        assert np.abs(np.asarray(frame.convert("RGB")).astype(int) - expected).max() <= 3
        assert frame.info["duration"] == 50


def gradients(height: int, width: int, channels: int) -> list[np.ndarray]:
    """Frames of a smooth pattern that moves."""
    y, x = np.mgrid[:height, :width]
    waves = [
        np.sin((x + 2 * t) / 7 + c) + np.cos(y / 9 - t / 5) for t in range(13) for c in (0, 1, 2)
    ]
    frames = np.uint8(127 + 60 * np.stack(waves)).reshape(13, 3, height, width)
    return list(np.moveaxis(frames[:, :channels], 1, -1))


@pytest.mark.parametrize(("height", "width", "channels"), [(48, 64, 3), (48, 64, 1), (33, 51, 3)])
@pytest.mark.parametrize("fps", [24, 7])
def test_a_video_shows_every_frame(height, width, channels, fps, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # No ffmpeg is installed by hand.
    frames = gradients(height, width, channels)
    write_video(tmp_path / "video.mp4", iter(frames), fps)
    with imageio.get_reader(tmp_path / "video.mp4") as reader:
        shown = np.stack(list(reader.iter_data())).astype(float)  # [13, H, W, 3]
        assert reader.get_meta_data()["fps"] == fps
    # Sizes become even, as H.264 stores them.
    assert shown.shape == (13, height + height % 2, width + width % 2, 3)
    error = np.mean((shown[:, :height, :width] - np.stack(frames)) ** 2, axis=(1, 2, 3))
    psnr = 10 * np.log10(255**2 / error)
    assert psnr.min() > 35, psnr
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


@pytest.mark.parametrize("channels", [2, 4])
def test_a_video_with_alpha_shows_it_over_white(channels, tmp_path):
    write_video(tmp_path / "video.mp4", iter([half_red(channels)] * 5), fps=24)
    expected = [255, 127, 127] if channels == 4 else [127]
    over = over_white(half_red(channels)).astype(int)
    assert np.abs(over - expected).max() <= 1
    with imageio.get_reader(tmp_path / "video.mp4") as reader:
        shown = np.stack(list(reader.iter_data())).astype(int)
    assert shown.shape == (5, 6, 4, 3)
    assert np.abs(shown - expected).max() <= 8


# Programs in the place of ffmpeg: each takes some bytes, or none, and ends as one that fails.
FAILING = {"at once": "exit 1", "in the end": "cat > /dev/null; exit 1"}


@pytest.mark.parametrize("body", FAILING.values(), ids=FAILING)
def test_a_failed_video_leaves_what_was_there(body, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    (tmp_path / "video.mp4").write_text("an older one")
    frames = [np.zeros([600, 400, 3], np.uint8)] * 5  # More than a pipe holds.
    with pytest.raises(InputError, match="ffmpeg wrote 0 frames"):
        write_video(tmp_path / "video.mp4", iter(frames), fps=24)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ffmpeg", "video.mp4"]
    assert (tmp_path / "video.mp4").read_text() == "an older one"


def test_a_video_that_is_stopped_leaves_nothing(tmp_path):
    def stopped():
        yield from gradients(8, 8, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "video.mp4", stopped(), fps=24)
    assert not list(tmp_path.iterdir())


def test_a_video_without_any_ffmpeg_is_refused(tmp_path, monkeypatch):
    def missing():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", missing)
    with pytest.raises(InputError, match=r"\.mp4 needs ffmpeg"):
        write_video(tmp_path / "video.mp4", iter([np.zeros([2, 2, 3], np.uint8)]), fps=24)
    assert not list(tmp_path.iterdir())
