"""Figures against the same numbers taken by hand from `stylegan2.sample`, and their report."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import linalg
from scipy.spatial import geometric_slerp

from data import InputError
from metrics import kernel_distances, precision_recall
from stylegan2 import Generator, NetworkConfig, sample
from stylegan2.evaluation.figures import Figure, Figures
from stylegan2.evaluation.generated import Generated
from stylegan2.evaluation.naturals import open_naturals
from stylegan2.evaluation.perceptual import Perceptual
from stylegan2.evaluation.report import add_to_report, line, read_report
from stylegan2.evaluation.settings import Settings, check_metrics
from stylegan2.ops import library

CONFIG = NetworkConfig(
    resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)
CONDITIONS = {
    "network": "runs/a", "network_sha256": "00", "resolution": 8, "data": "pictures.zip",
    "data_fingerprint": "11", "protocol": "stylegan2", "split": "all", "filter": "box",
    "files": 1200, "jpeg_files": 7, "truncation": 0.7, "noise": "none", "seed": 3,
}  # fmt: skip


class Colors:
    """The mean colours of a quarter, in [-1, 1], as features; counts the images it is given."""

    name, sha256, is_inception = "colors", "c0", False

    def __init__(self):
        self.count = 0

    def __call__(self, images):
        self.count += len(images)
        return (images[:, :4, :4].mean(axis=(1, 2)) / 128 - 1).astype(np.float32)


@pytest.fixture(autouse=True, scope="module")
def plain_operations():
    library.prefer("tensorflow")
    yield
    library.prefer("auto")


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(CONFIG, seed=1)


@pytest.fixture(scope="module")
def naturals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for index in range(40):
        color = random.normal(128, 30, (1, 1, 3)) + random.normal(0, 20, (8, 8, 3))
        Image.fromarray(np.clip(color, 0, 255).astype(np.uint8)).save(folder / f"{index}.png")
    return open_naturals(str(folder), CONFIG, Settings())


@pytest.fixture
def make_figures(generator, naturals, tmp_path):
    def make(sha256: str = "aa", natural=naturals, **settings) -> Figures:
        chosen = Settings(**{"num_generated": 40, "kid_subsets": 2, **settings})
        return Figures(Generated(generator, chosen), sha256, natural, chosen, tmp_path / "cache")

    return make


def test_figures_are_those_of_the_images(generator, naturals, make_figures):
    figures = list(make_figures().of_features(("fid", "kid", "pr"), Colors()))
    assert [figure.name for figure in figures] == [
        "frechet distance (colors)", "kernel distance (colors)", "precision (colors)",
        "recall (colors)",
    ]  # fmt: skip
    generated = Colors()(sample(generator, np.arange(40))).astype(float)
    natural = Colors()(naturals.images.read(np.arange(32))).astype(float)
    a, b = np.cov(generated, rowvar=False), np.cov(natural, rowvar=False)
    root = linalg.sqrtm(a @ b).real
    apart = generated.mean(axis=0) - natural.mean(axis=0)
    expected = apart @ apart + np.trace(a + b - 2 * root)
    assert figures[0].value == pytest.approx(expected, rel=1e-2)  # a grey level, here or there
    distances = kernel_distances(generated, natural, 2, 32, seed=0)
    assert figures[1].value == pytest.approx(distances.mean(), rel=2e-2)
    assert figures[1].deviation == pytest.approx(distances.std(), rel=2e-2, abs=1e-4)
    assert (figures[1].taken["subsets"], figures[1].taken["subset_size"]) == (2, 32)
    near = precision_recall(generated, natural, 3)
    assert [figure.value for figure in figures[2:]] == pytest.approx(near, abs=0.06)
    for figure in figures:
        assert (figure.taken["generated"], figure.taken["natural"]) == (40, 32)
        assert figure.taken["features"] == "colors"


def test_natural_features_stay_for_the_next_generator(make_figures, naturals):
    first, again, other = Colors(), Colors(), Colors()
    one = make_figures()
    figures = list(one.of_features(("fid", "pr"), first))
    assert first.count == 40 + 32
    # The same generator once more: nothing is computed.
    assert list(make_figures().of_features(("fid", "pr"), again)) == figures
    assert again.count == 0
    # Its own are given up at the end; those of the natural images are not.
    one.discard_generated()
    list(make_figures().of_features(("fid",), again))
    assert again.count == 40
    list(make_figures(sha256="bb").of_features(("fid",), other))
    assert other.count == 40
    # Another seed, truncation or noise makes other images; other data and splits have others.
    count = other.count
    for changes in ({"seed": 1}, {"truncation": 0.5}, {"noise": "none"}):
        list(make_figures(sha256="bb", **changes).of_features(("fid",), other))
        count += 40
        assert other.count == count
    others = (
        {"protocol": name, "mirror": turned}
        for name, turned in (("a", False), ("a", True), ("b", False))
    )
    for changes in ({"fingerprint": "other"}, {"split": "all"}, *others):
        natural = dataclasses.replace(naturals, **changes)
        list(make_figures(sha256="bb", natural=natural).of_features(("fid",), other))
        count += 32
        assert other.count == count


@pytest.mark.parametrize("name", ["ppl2_wend", "ppl_zfull"])
def test_path_length_is_the_squared_speed_of_the_images(name, generator, make_figures, tmp_path):
    size = {"ppl2_wend": 8, "ppl_zfull": 4}[name]  # the face is half of the image
    inputs = [keras.Input((size, size, 3)) for _ in range(2)]
    apart = keras.layers.Subtract()(inputs)
    squared = keras.layers.Multiply()([apart, apart])
    keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(squared)[:, 0]).save(
        tmp_path / "d.keras"
    )
    perceptual = Perceptual(str(tmp_path / "d.keras"))
    epsilon = 1e-2
    figures = make_figures(num_paths=20, path_epsilon=epsilon, noise="none")
    figure = figures.path_length(name, perceptual)
    lengths = []
    where = ("w", "end") if name == "ppl2_wend" else ("z", "full")
    for paths in figures.generated.paths(0, 20, *where):
        images = []
        for step in (0.0, np.float32(epsilon)):
            if name == "ppl2_wend":
                w = paths.start + step * (paths.end - paths.start)
            else:
                both = zip(paths.start, paths.end, paths.position + step, strict=True)
                z = [geometric_slerp(_unit(a), _unit(b), t) for a, b, t in both]
                w = generator.mapping(np.asarray(z, np.float32))
            images.append(generator.synthesis(w, noise="none").numpy())
        red = 127.5 * (images[1] - images[0])[..., 0]
        if name == "ppl_zfull":
            red = red[:, 3:7, 2:6]
        lengths.append((red**2).mean(axis=(1, 2)) / epsilon**2)
    lengths = np.sort(np.concatenate(lengths)[:20])
    # Percentiles 1 and 99 of 20 are the ends themselves.
    assert figure.value == pytest.approx(lengths.mean(), rel=1e-3)
    assert figure.name == name and figure.taken["paths"] == 20
    assert [figure.taken[each] for each in ("space", "sampling", "crop")] == (
        ["w", "end", False] if name == "ppl2_wend" else ["z", "full", True]
    )
    assert figure.taken["perceptual_sha256"] == perceptual.sha256


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector.astype(float) / np.linalg.norm(vector.astype(float))


class Apart(tf.Module):
    """The summed difference of two batches of colour images, times a factor."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3])] * 2)
    def __call__(self, first, second):
        return self.factor * tf.reduce_sum(first - second, axis=[1, 2, 3])


def test_a_saved_model_is_named_by_all_of_its_files_and_gets_colours(tmp_path):
    for factor in (1.0, 2.0, float("nan")):
        tf.saved_model.save(Apart(factor), str(tmp_path / str(factor)))
    once, twice = (Perceptual(str(tmp_path / name)) for name in ("1.0", "2.0"))
    grey = np.ones((2, 8, 8, 1), np.float32) * [[[[3.0]]], [[[5.0]]]]
    for perceptual, factor in ((once, 1), (twice, 2)):
        distances = perceptual(grey.astype("f"), np.zeros((2, 8, 8, 1), "f"))
        np.testing.assert_allclose(distances, factor * 8 * 8 * 3 * np.array([3, 5]), rtol=1e-6)
    assert once.name == "1.0" and once.sha256 != twice.sha256
    assert once.sha256 == Perceptual(str(tmp_path / "1.0")).sha256
    with pytest.raises(InputError, match="nan gives distances that are not finite"):
        Perceptual(str(tmp_path / "nan"))(grey.astype("f"), grey.astype("f"))


def test_figures_that_cannot_be_taken_are_refused(make_figures):
    with pytest.raises(InputError, match="swd needs images of at least 16x16; these are 8x8"):
        next(make_figures().sliced_wasserstein())
    with pytest.raises(InputError, match="--neighbours=40 needs more than 32 images of each kind"):
        next(make_figures(neighbours=40).of_features(("pr",), Colors()))
    with pytest.raises(InputError, match="--perceptual is missing: path lengths need"):
        Perceptual(None)
    with pytest.raises(InputError, match="neither a file nor a folder none"):
        Perceptual("none")
    with pytest.raises(InputError, match="there is no 'fit'; there are fid, kid, pr, ppl_zfull"):
        check_metrics(["fit"])
    with pytest.raises(InputError, match="--metrics is empty"):
        check_metrics([])
    assert check_metrics(["pr", "fid", "pr"]) == ("fid", "pr")


FIGURE = Figure(
    "FID", 3.14159265, None,
    {"generated": 50000, "natural": 3000, "repeats": 2.5, "mirrored": 1499,
     "features": "inception-2015-12-05", "features_sha256": "ab12"},
)  # fmt: skip


def test_a_line_says_what_the_figure_was_taken_from():
    said = line(FIGURE, CONDITIONS)
    assert said.startswith("FID: 3.1416  (50,000 generated, 3,000 natural of the split all of ")
    for part in (
        "pictures.zip, each 2.5 times, 1,499 mirrored, 8x8, filter box, 7 of 1,200 were JPEG files",
        "truncation 0.7", "protocol stylegan2", "noise none", "seed 3",
        "features inception-2015-12-05, SHA-256 ab12",
    ):  # fmt: skip
        assert part in said
    kid = Figure("KID", 0.00123, 0.0004, {**FIGURE.taken, "subsets": 100, "subset_size": 1000})
    assert line(kid, CONDITIONS).startswith("KID: 0.00123 +- 0.0004  (")
    assert "100 subsets of 1,000" in line(kid, CONDITIONS)
    once = Figure("FID", 1.0, None, {**FIGURE.taken, "repeats": 1.0, "mirrored": 0})
    assert "each once, none mirrored" in line(once, CONDITIONS)
    path = {"paths": 50000, "space": "z", "sampling": "full", "crop": True, "epsilon": 1e-4}
    path |= {"perceptual": "lpips", "perceptual_sha256": "cd34"}
    said = line(Figure("ppl_zfull", 415.0, None, path), CONDITIONS)
    assert said.startswith("ppl_zfull: 415  (50,000 paths in Z, full, cropped, epsilon 0.0001, ")


def test_the_report_grows_and_is_never_lost(tmp_path):
    add_to_report(tmp_path, CONDITIONS, [FIGURE], command="one")
    both = [FIGURE, dataclasses.replace(FIGURE, name="KID")]
    path = add_to_report(tmp_path, CONDITIONS | {"network": "b|c"}, both, command="two")
    evaluations = json.loads(path.read_text())["evaluations"]
    assert [each["command"] for each in evaluations] == ["one", "two"]
    assert evaluations[1]["figures"][0] == {
        "name": "FID", "value": 3.14159265, "deviation": None, **FIGURE.taken
    }  # fmt: skip
    assert evaluations == read_report(tmp_path)
    table = (tmp_path / "evaluation.md").read_text().splitlines()
    assert len(table) == 2 + 3 and all(row.count("|") == 5 for row in table)
    assert table[2].startswith("| runs/a | FID | 3.1416 | 50,000 generated; 3,000 natural")
    path.write_text('{"evaluations": [{}]}')
    with pytest.raises(InputError, match=r"evaluation\.json is damaged: take it away"):
        add_to_report(tmp_path, CONDITIONS, [FIGURE])
    assert path.read_text() == '{"evaluations": [{}]}'


def test_a_figure_taken_again_replaces_the_old_one(tmp_path):
    kid = dataclasses.replace(FIGURE, name="KID", deviation=0.1)
    add_to_report(tmp_path, CONDITIONS, [FIGURE, kid], command="one")
    again = dataclasses.replace(FIGURE, value=3.0)
    add_to_report(tmp_path, CONDITIONS, [again], command="two")
    values = [
        (each["command"], figure["name"], figure["value"])
        for each in read_report(tmp_path) for figure in each["figures"]
    ]  # fmt: skip
    assert values == [("one", "KID", kid.value), ("two", "FID", 3.0)]
    # An evaluation without a figure of its own any more goes.
    add_to_report(tmp_path, CONDITIONS, [dataclasses.replace(kid, deviation=0.2)], command="three")
    assert [each["command"] for each in read_report(tmp_path)] == ["two", "three"]
    # Another network, protocol, number or seed is another figure.
    for change in ({"network_sha256": "02"}, {"protocol": "split"}, {"seed": 4}):
        add_to_report(tmp_path, CONDITIONS | change, [FIGURE])
    fewer = dataclasses.replace(FIGURE, taken=FIGURE.taken | {"natural": 10})
    add_to_report(tmp_path, CONDITIONS, [fewer])
    assert len(read_report(tmp_path)) == 6
    assert (tmp_path / "evaluation.md").read_text().count("| FID |") == 5


def test_reports_from_before_there_were_protocols_are_read(tmp_path):
    conditions = {name: value for name, value in CONDITIONS.items() if name != "protocol"}
    taken = {"generated": 50000, "natural": 1000, "features": "f", "features_sha256": "ab12"}
    path = {"paths": 9, "sampling": "endpoints", "epsilon": 1e-4, "perceptual": "d"}
    path["perceptual_sha256"] = "00"
    figures = [Figure("FID", 3.0, None, taken), Figure("PPL (W)", 9.0, None, path)]
    add_to_report(tmp_path, conditions, figures)
    add_to_report(tmp_path, CONDITIONS, [FIGURE])
    assert len(read_report(tmp_path)) == 2
    table = (tmp_path / "evaluation.md").read_text()
    assert "protocol split" in table and "9 paths in W, endpoints, not cropped" in table
