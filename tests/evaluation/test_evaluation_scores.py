"""Scores of a sampler against the same numbers taken by hand from its images."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import linalg

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.evaluation.config import EvaluationConfig, check_metrics
from gan_knowledge_gaps.evaluation.evaluator import Evaluator
from gan_knowledge_gaps.evaluation.extractors import open_extractor
from gan_knowledge_gaps.evaluation.perceptual import Perceptual
from gan_knowledge_gaps.evaluation.reference import ReferenceImages, open_reference
from gan_knowledge_gaps.evaluation.sampler import Sampler
from gan_knowledge_gaps.metrics import (
    frechet_distance,
    gaussian_statistics,
    kernel_distances,
    precision_recall,
)


class Colors:
    """The mean colours of a quarter, in [-1, 1], as features; counts the images it is given."""

    name, sha256, is_inception = "colors", "c0", False

    def __init__(self):
        self.count = 0

    def __call__(self, images):
        self.count += len(images)
        return (images[:, :4, :4].mean(axis=(1, 2)) / 128 - 1).astype(np.float32)


def colours(indices: np.ndarray) -> np.ndarray:
    """Image i: a colour and its noise, decided by i."""
    images = []
    for index in indices:
        random = np.random.default_rng([1, index])
        images.append(random.normal(110, 40, (1, 1, 3)) + random.normal(0, 20, (8, 8, 3)))
    return np.clip(images, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for index in range(40):
        color = random.normal(128, 30, (1, 1, 3)) + random.normal(0, 20, (8, 8, 3))
        Image.fromarray(np.clip(color, 0, 255).astype(np.uint8)).save(folder / f"{index}.png")
    return open_reference(str(folder), 8, 3, EvaluationConfig())


@pytest.fixture
def make_evaluator(reference, tmp_path):
    def make(sha256="aa", natural=reference, images=colours, lengths=None, **config) -> Evaluator:
        chosen = EvaluationConfig(**{"num_generated": 40, "kid_subsets": 2, **config})
        return Evaluator(Sampler(images, sha256, lengths), natural, chosen, tmp_path / "cache")

    return make


def test_scores_are_those_of_the_images(reference, make_evaluator):
    scores = list(make_evaluator().scores(("fid", "kid", "pr"), Colors()))
    assert [score.name for score in scores] == [
        "frechet distance (colors)", "kernel distance (colors)", "precision (colors)",
        "recall (colors)",
    ]  # fmt: skip
    generated = Colors()(colours(np.arange(40))).astype(float)
    natural = Colors()(reference.images.read(np.arange(32))).astype(float)
    a, b = np.cov(generated, rowvar=False), np.cov(natural, rowvar=False)
    root = linalg.sqrtm(a @ b).real
    apart = generated.mean(axis=0) - natural.mean(axis=0)
    expected = apart @ apart + np.trace(a + b - 2 * root)
    assert scores[0].value == pytest.approx(expected, rel=1e-6)
    distances = kernel_distances(generated, natural, 2, 32, seed=0)
    assert scores[1].value == pytest.approx(distances.mean(), rel=1e-6)
    assert scores[1].deviation == pytest.approx(distances.std(), rel=1e-6)
    assert (scores[1].taken["subsets"], scores[1].taken["subset_size"]) == (2, 32)
    near = precision_recall(generated, natural, 3)
    assert [score.value for score in scores[2:]] == pytest.approx(near)
    assert 0 < near[0] < 1 and 0 < near[1] < 1
    for score in scores:
        assert (score.taken["generated"], score.taken["natural"]) == (40, 32)
        assert score.taken["features"] == "colors"


def test_any_function_of_indices_is_measured(tmp_path):
    """As the example of `Evaluator` has it: arrays of generated and of natural images."""
    random = np.random.default_rng(0)
    generated = random.integers(0, 200, (30, 32, 32, 3), np.uint8)
    natural = random.integers(0, 256, (26, 32, 32, 3), np.uint8)
    config = EvaluationConfig(num_generated=30, kid_subsets=4, kid_subset_size=20, batch_size=7)
    evaluator = Evaluator(
        Sampler(lambda indices: generated[indices], "mine"),
        ReferenceImages.of(ArrayImages(natural)), config, tmp_path / "cache",
    )  # fmt: skip
    extractor = open_extractor("random-vgg16")
    scores = {
        score.name.partition(" (")[0]: score
        for score in evaluator.scores(("fid", "kid", "pr"), extractor)
    }
    features = [extractor(images).astype(np.float64) for images in (generated, natural)]
    statistics = [gaussian_statistics(each) for each in features]
    fid = frechet_distance(*statistics[0], *statistics[1])
    assert scores["frechet distance"].value == pytest.approx(fid, rel=1e-5)
    distances = kernel_distances(*features, 4, 20, seed=0)
    assert scores["kernel distance"].value == pytest.approx(distances.mean(), rel=1e-5)
    assert scores["kernel distance"].deviation == pytest.approx(distances.std(), rel=1e-3)
    near = scores["precision"].value, scores["recall"].value
    assert near == precision_recall(*features, 3)
    taken = {"natural": 26, "repeats": 1, "mirrored": 0}
    assert all(score.taken | taken == score.taken for score in scores.values())


def test_features_are_kept_by_what_they_are_of(make_evaluator, reference):
    first, again, other = Colors(), Colors(), Colors()
    one = make_evaluator()
    scores = list(one.of_features(("fid", "pr"), first))
    assert first.count == 40 + 32
    # The same sampler once more: nothing is computed.
    assert list(make_evaluator().of_features(("fid", "pr"), again)) == scores
    assert again.count == 0
    # Its own are deleted at the end; those of the natural images stay for the next sampler.
    one.discard_generated()
    list(make_evaluator().of_features(("fid",), again))
    assert again.count == 40
    list(make_evaluator(sha256="bb").of_features(("fid",), other))
    assert other.count == 40
    # Other data and splits have others.
    count = other.count
    others = (
        {"protocol": name, "mirror": turned}
        for name, turned in (("a", False), ("a", True), ("b", False))
    )
    for changes in ({"fingerprint": "other"}, {"split": "all"}, *others):
        natural = dataclasses.replace(reference, **changes)
        list(make_evaluator(sha256="bb", natural=natural).of_features(("fid",), other))
        count += 32
        assert other.count == count


class Squared:
    """The mean squared difference of two batches of images."""

    name, sha256 = "squared", "d0"

    def __call__(self, first, second):
        return ((first - second).numpy() ** 2).mean(axis=(1, 2, 3))


@pytest.mark.parametrize("name", ["ppl2_wend", "ppl_zfull"])
def test_a_path_length_is_the_mean_of_the_samplers_lengths(name, make_evaluator):
    asked = []

    def lengths(indices, metric, distance, epsilon):
        """Between black and images that are i in rows 2 ... 4, of which the face has 3 and 4."""
        asked.append((metric.space, metric.sampling, epsilon))
        second = np.zeros((len(indices), 8, 8, 1), np.float32)
        second[:, 2:5] = indices[:, None, None, None]
        return distance(tf.zeros(second.shape), tf.constant(second)) / epsilon**2

    evaluator = make_evaluator(lengths=lengths, num_paths=20, path_epsilon=0.5)
    (score,) = evaluator.scores((name,), perceptual=Squared())
    crop = name == "ppl_zfull"
    share = 2 / 4 if crop else 3 / 8
    assert score.value == pytest.approx(share * np.mean(np.arange(20.0) ** 2) / 0.25, rel=1e-6)
    where = ("z", "full") if crop else ("w", "end")
    assert set(asked) == {(*where, 0.5)}
    assert score.taken == {
        "paths": 20, "space": where[0], "sampling": where[1], "crop": crop, "epsilon": 0.5,
        "perceptual": "squared", "perceptual_sha256": "d0",
    }  # fmt: skip


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


def test_scores_that_cannot_be_taken_are_refused(make_evaluator):
    with pytest.raises(InputError, match=r"16x16.* 8x8"):
        next(make_evaluator().sliced_wasserstein())
    with pytest.raises(InputError, match=r"--neighbours=40 .* 32 "):
        next(make_evaluator(neighbours=40).of_features(("pr",), Colors()))
    with pytest.raises(InputError, match="ppl_wend: the sampler has no latent paths"):
        next(make_evaluator().scores(("ppl_wend",), perceptual=Squared()))
    for wrong in (np.zeros((16, 9, 9, 3), np.uint8), np.zeros((16, 8, 8, 3), np.float32)):
        evaluator = make_evaluator(images=lambda indices, wrong=wrong: wrong)
        with pytest.raises(
            InputError, match=r"the sampler gives .*must give uint8 \(16, 8, 8, 3\)"
        ):
            next(evaluator.scores(("fid",), Colors()))
    with pytest.raises(InputError, match="--perceptual is missing: path lengths need"):
        Perceptual(None)
    with pytest.raises(InputError, match="neither a file nor a folder none"):
        Perceptual("none")
    with pytest.raises(InputError, match=r"'fit'.* fid"):
        check_metrics(["fit"])
    with pytest.raises(InputError, match="--metrics is empty"):
        check_metrics([])
    assert check_metrics(["pr", "fid", "pr"]) == ("fid", "pr")
