"""Generated and natural images as the figures take them."""

import dataclasses
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data import InputError
from data.records.conversion import Conversion
from data.records.options import ConvertOptions
from stylegan2 import Generator, NetworkConfig, sample
from stylegan2.evaluation.generated import Generated
from stylegan2.evaluation.naturals import open_naturals
from stylegan2.evaluation.settings import Settings
from stylegan2.ops import library

CONFIG = NetworkConfig(
    resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)


@pytest.fixture(autouse=True, scope="module")
def plain_operations():
    library.prefer("tensorflow")
    yield
    library.prefer("auto")


def make_generator(**changes) -> Generator:
    """A generator whose noise and mean of w show."""
    generator = Generator(dataclasses.replace(CONFIG, **changes), seed=1)
    random = np.random.default_rng(0)
    for variable in generator.variables:
        if variable.name in ("noise_strength", "w_avg"):
            variable.assign(random.normal(0.0, 0.5, variable.shape))
    return generator


@pytest.fixture(scope="module")
def generator() -> Generator:
    return make_generator()


def read(generator, start, stop, labels=None, **settings) -> np.ndarray:
    generated = Generated(generator, Settings(**settings), labels)
    return np.concatenate(list(generated.batches(start, stop)))


def near(images, others) -> bool:
    """Rounding may move a value by one grey level."""
    return images.shape == others.shape and np.abs(images.astype(int) - others).max() <= 1


@pytest.mark.parametrize("truncation", [1.0, 0.5])
def test_image_i_is_that_of_sample_in_any_batches(truncation, generator):
    expected = sample(generator, np.arange(40), truncation=truncation)
    assert near(read(generator, 0, 40, truncation=truncation), expected)
    assert near(read(generator, 19, 37, truncation=truncation, batch_size=32), expected[19:37])
    assert expected.std() > 1 and not near(expected, sample(generator, np.arange(40, 80)))


def test_the_seed_decides_latents_and_noise(generator):
    assert not near(read(generator, 0, 16), read(generator, 0, 16, seed=1))


@pytest.mark.parametrize("noise", ["constant", "none"])
def test_other_noise_is_the_networks_own(noise, generator):
    from training.randomness import indexed_latents

    z = indexed_latents(np.arange(16), 4, 0)
    expected = 127.5 * generator(z, noise=noise).numpy() + 128
    images = read(generator, 0, 16, noise=noise)
    assert near(images, np.clip(np.trunc(expected), 0, 255).astype(np.uint8))
    assert not near(images, read(generator, 0, 16))


def test_labels_are_drawn_as_often_as_natural_ones():
    generator = make_generator(label_dim=3)
    labels = np.array([2, 2, 2, 0])
    generated = Generated(generator, Settings(), labels)
    drawn = generated._one_hot(np.arange(2000)).numpy()
    assert drawn.sum(axis=1).tolist() == [1.0] * 2000
    np.testing.assert_allclose(drawn.mean(axis=0), [0.25, 0.0, 0.75], atol=0.04)
    expected = sample(generator, np.arange(16), drawn[:16])
    assert near(np.concatenate(list(generated.batches(0, 16))), expected)
    with pytest.raises(InputError, match="takes 3 labels; --data must have them"):
        Generated(generator, Settings(), None)
    with pytest.raises(InputError, match="takes 3 labels"):
        Generated(generator, Settings(), np.array([3]))


@pytest.mark.parametrize("sampling", ["end", "full"])
def test_paths_are_between_ws_with_one_noise(sampling, generator):
    generated = Generated(generator, Settings(), None)
    (paths,) = generated.paths(3, 14, "w", sampling)
    assert paths.asked.tolist() == [3 <= i < 14 for i in range(16)]
    first, again = (paths.synthesize(paths.start).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert paths.start.shape == (16, 4, 4)
    assert np.abs(paths.start - paths.end).max(axis=(1, 2)).min() > 1e-3
    assert (paths.position == 0).all() == (sampling == "end")
    assert paths.position.min() >= 0 and paths.position.max() < 1
    # Floats, neither rounded nor clipped: [-1, 1] becomes [0, 255].
    silent = Generated(generator, Settings(noise="none"), None)
    (path,) = silent.paths(0, 16, "w", sampling)
    expected = 127.5 * (generator.synthesis(tf.constant(path.start), noise="none") + 1)
    np.testing.assert_allclose(path.synthesize(path.start), expected, rtol=1e-4, atol=1e-2)
    # The same paths in Z have these w at their ends, whatever the length of z.
    (in_z,) = silent.paths(0, 16, "z", sampling)
    assert in_z.start.shape == (16, 4)
    np.testing.assert_allclose(generator.mapping(in_z.end), path.end, atol=1e-5)
    np.testing.assert_allclose(in_z.synthesize(5 * in_z.start), expected, rtol=1e-3, atol=1e-1)
    np.testing.assert_array_equal(in_z.position, path.position)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """10 pictures, constant, 10 times their number; 3 are JPEG files by name."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(10):
        suffix = ("jpg" if index < 2 else "JPEG") if index < 3 else "png"
        pixels = np.full((8, 8, 3), 10 * index, np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.{suffix}")
    return folder


@pytest.mark.parametrize(("split", "count"), [("train", 8), ("evaluation", 2), ("all", 10)])
def test_natural_images_are_those_of_the_split_in_a_fixed_random_order(split, count, folder):
    naturals = open_naturals(str(folder), CONFIG, Settings(split=split))
    images = naturals.images.read(np.arange(count))
    assert len(naturals.images) == count and images.shape == (count, 8, 8, 3)
    numbers = (images[:, 0, 0, 0] + 5) // 10
    assert len(set(numbers.tolist())) == count
    assert count == 2 or sorted(numbers) != numbers.tolist()
    some = np.array([1, 0, 1])
    np.testing.assert_array_equal(naturals.images.read(some), images[some])
    if split == "all":
        parts = [
            open_naturals(str(folder), CONFIG, Settings(split=each))
            for each in ("train", "evaluation")
        ]
        apart = [each.images.read(np.arange(len(each.images)))[:, 0, 0, 0] for each in parts]
        assert sorted(np.concatenate(apart)) == sorted(images[:, 0, 0, 0])


def test_files_and_filter_are_told_of_a_folder_a_zip_and_records(folder, tmp_path):
    packed = tmp_path / "pictures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    records = tmp_path / "records"
    options = ConvertOptions(str(folder), str(records), 8, shards=3, resize_filter="box")
    with Conversion(options) as conversion:
        conversion.run()
    for path, resize_filter in ((folder, "lanczos"), (packed, "lanczos"), (records, "box")):
        naturals = open_naturals(str(path), CONFIG, Settings())
        assert (naturals.files, naturals.jpeg_files) == (10, 3), path
        assert naturals.resize_filter == resize_filter
    assert open_naturals(str(folder), CONFIG, Settings(split="all"), "box").resize_filter == "box"
    with pytest.raises(InputError, match="were made by --filter=box, not lanczos"):
        open_naturals(str(records), CONFIG, Settings(), "lanczos")
    with pytest.raises(InputError, match="--filter is bicubic; it must be one of box, lanczos"):
        open_naturals(str(folder), CONFIG, Settings(), "bicubic")


def test_a_jpeg_file_of_another_name_is_told_by_its_format_in_records(tmp_path):
    (tmp_path / "pictures").mkdir()
    for index in range(5):
        image = Image.fromarray(np.full((8, 8, 3), 40 * index, np.uint8))
        image.save(tmp_path / "pictures" / f"{index}.png", "JPEG" if index == 2 else "PNG")
    options = ConvertOptions(str(tmp_path / "pictures"), str(tmp_path / "records"), 8)
    with Conversion(options) as conversion:
        conversion.run()
    assert open_naturals(str(tmp_path / "records"), CONFIG, Settings()).jpeg_files == 1


def test_settings_are_checked():
    with pytest.raises(InputError, match="batch_size is 24; it must be a multiple of 16"):
        Settings(batch_size=24)
    with pytest.raises(InputError, match="split is test; it must be one of"):
        Settings(split="test")
