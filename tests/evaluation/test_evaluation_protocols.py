"""Which natural images each protocol takes, how often, mirrored or not; which paths are seen."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.evaluation.config import (
    PATH_METRICS,
    EvaluationConfig,
    PathMetric,
    check_metrics,
)
from gan_knowledge_gaps.evaluation.evaluator import Evaluator
from gan_knowledge_gaps.evaluation.perceptual import seen
from gan_knowledge_gaps.evaluation.reference import ReferenceImages, open_reference
from gan_knowledge_gaps.evaluation.sampler import Sampler
from gan_knowledge_gaps.metrics import frechet_distance

# Of the positions 0 ... 24, those that are mirrored: pinned, because scores depend on them.
MIRRORED = [0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """10 pictures: picture i is 10 i in its left half, 10 i + 100 in its right half."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(10):
        pixels = np.full((8, 8, 3), 10 * index, np.uint8)
        pixels[:, 4:] += 100
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def opened(path, protocol, **config) -> tuple[ReferenceImages, np.ndarray, np.ndarray]:
    """What a protocol takes: which pictures, and whether they are mirrored."""
    reference = open_reference(str(path), 8, 3, EvaluationConfig(protocol=protocol, **config))
    images = reference.images.read(np.arange(len(reference.images))).astype(int)
    left, right = images[:, :, :4], images[:, :, 4:]
    assert all((half == half[:, :1, :1, :1]).all() for half in (left, right))
    left, right = left[:, 0, 0, 0], right[:, 0, 0, 0]
    assert np.array_equal(np.abs(left - right), np.full(len(images), 100))
    return reference, np.minimum(left, right) // 10, left > right


def test_stylegan2_takes_the_first_of_all_in_their_order(folder, tmp_path):
    options = ConvertOptions(str(folder), str(tmp_path / "records"), 8, shards=3)
    with Conversion(options) as conversion:
        conversion.run()
    for path in (folder, tmp_path / "records"):
        reference, pictures, mirrored = opened(path, "stylegan2", mirror=False, num_natural=7)
        assert pictures.tolist() == [0, 1, 2, 3, 4, 5, 6] and not mirrored.any()
        assert reference.images.read(np.arange(7)).mean() == 30 + 50
        assert reference.taken(7) == {"natural": 7, "repeats": 1, "mirrored": 0}
        assert (reference.protocol, reference.split) == ("stylegan2", "all")


def test_stylegan2_repeats_a_smaller_set(folder):
    reference, pictures, mirrored = opened(folder, "stylegan2", mirror=False, num_natural=25)
    assert pictures.tolist() == [*range(10), *range(10), *range(5)] and not mirrored.any()
    # (2 (0 + ... + 90) + 0 + ... + 40) / 25 = 40, and the mean of the halves.
    assert reference.images.read(np.arange(25)).mean() == 40 + 50
    assert reference.taken(25) == {"natural": 25, "repeats": 2.5, "mirrored": 0}
    assert reference.distinct == 10


def test_stylegan2_mirrors_where_the_training_mirrored(folder):
    reference, pictures, mirrored = opened(folder, "stylegan2", mirror=True, num_natural=25)
    assert pictures.tolist() == [*range(10), *range(10), *range(5)]
    assert mirrored.astype(int).tolist() == MIRRORED
    assert reference.taken(25)["mirrored"] == sum(MIRRORED)
    # The left half is brighter by 100 where it was the right one.
    left = reference.images.read(np.arange(25))[:, :, :4]
    assert left.mean() == 40 + 100 * sum(MIRRORED) / 25
    # Any some of them, in any order, and however many are taken.
    _, _, fewer = opened(folder, "stylegan2", mirror=True, num_natural=11)
    assert fewer.astype(int).tolist() == MIRRORED[:11]
    some = np.array([20, 3, 20])
    whole = reference.images.read(np.arange(25))
    np.testing.assert_array_equal(reference.images.read(some), whole[some])
    _, _, many = opened(folder, "stylegan2", mirror=True, num_natural=4000)
    assert abs(many.mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


def test_stylegan2_ada_full_takes_all_once(folder):
    reference, pictures, mirrored = opened(folder, "stylegan2-ada-full")
    assert pictures.tolist() == list(range(10)) and not mirrored.any()
    assert reference.images.read(np.arange(10)).mean() == 45 + 50
    assert reference.taken(10) == {"natural": 10, "repeats": 1, "mirrored": 0}


def test_the_split_is_a_choice_of_what_trained_and_never_more(folder):
    reference, pictures, mirrored = opened(folder, "split")
    # The order of the scores from before there were protocols.
    assert pictures.tolist() == data.split_indices(10)[0][data.permutation(8, 0)].tolist()
    assert len(set(pictures)) == 8 and not mirrored.any()
    assert reference.taken(8) == {"natural": 8, "repeats": 1, "mirrored": 0}
    _, fewer, _ = opened(folder, "split", num_natural=3)
    assert fewer.tolist() == pictures[:3].tolist()


def test_fifty_thousand_are_the_default(folder):
    reference = open_reference(
        str(folder), 8, 3, EvaluationConfig(protocol="stylegan2", mirror=False)
    )
    assert reference.taken(len(reference.images)) == {
        "natural": 50_000, "repeats": 5000, "mirrored": 0
    }  # fmt: skip


def test_labels_are_of_all_that_the_protocol_could_take(monkeypatch):
    dataset = data.planned(10, 8, 3)  # image i has the label i
    monkeypatch.setattr(
        data, "open_path", lambda *_: data.Opened(dataset, "d", "box", 10, 0, "", (), bytes)
    )
    configs = (
        EvaluationConfig(num_natural=2),
        EvaluationConfig(protocol="stylegan2", num_natural=7, mirror=True),
        EvaluationConfig(protocol="stylegan2-ada-full"),
    )
    labels = {
        config.protocol: open_reference("d", 8, 3, config).labels.tolist() for config in configs
    }
    assert labels["stylegan2"] == labels["stylegan2-ada-full"] == list(range(10))
    assert sorted(labels["split"]) == data.split_indices(10)[0].tolist()


class Halves:
    """The brightness of the left half, and of the whole, as features."""

    name, sha256, is_inception = "halves", "44", False

    def __call__(self, images):
        left, whole = (each.mean(axis=(1, 2, 3)) for each in (images[:, :, :4], images))
        return np.stack([left, whole], axis=1).astype(np.float32)


def noise(indices: np.ndarray) -> np.ndarray:
    """Image i, of values that i decides."""
    draws = [np.random.default_rng(i).integers(0, 256, (8, 8, 3), np.uint8) for i in indices]
    return np.stack(draws)


def test_scores_are_of_the_protocol_and_say_so(folder, tmp_path):
    values, keys = {}, []
    for protocol, more in (
        ("split", {}),
        ("stylegan2", {"mirror": False, "num_natural": 25}),
        ("stylegan2", {"mirror": True, "num_natural": 25}),
        ("stylegan2-ada-full", {}),
    ):
        config = EvaluationConfig(protocol=protocol, num_generated=20, kid_subsets=2, **more)
        reference = open_reference(str(folder), 8, 3, config)
        cache = tmp_path / "cache"
        evaluator = Evaluator(Sampler(noise, "aa"), reference, config, cache)
        fid, kid, precision, recall = evaluator.of_features(("fid", "kid", "pr"), Halves())
        natural = Halves()(reference.images.read(np.arange(len(reference.images)))).astype(float)
        generated = Halves()(noise(np.arange(20)))
        statistics = [
            (rows.mean(axis=0), np.cov(rows, rowvar=False))
            for rows in (generated.astype(float), natural)
        ]
        expected = frechet_distance(*statistics[0], *statistics[1])
        assert fid.value == pytest.approx(expected, rel=1e-5)
        count = {"split": 8, "stylegan2": 25, "stylegan2-ada-full": 10}[protocol]
        assert (fid.taken["natural"], fid.taken["repeats"]) == (count, count / min(count, 10))
        # Copies would be one another's neighbours: what needs distinct images takes each once.
        for score in (kid, precision, recall):
            assert (score.taken["natural"], score.taken["repeats"]) == (min(count, 10), 1)
        mirrored = sum(MIRRORED) if more.get("mirror") else 0
        assert fid.taken["mirrored"] == mirrored
        values[protocol, more.get("mirror")] = fid.value
        evaluator.discard_generated()
        keys = [json.loads(path.read_text()) for path in cache.glob("*/key.json")]
    assert len(set(values.values())) == 4
    # Each has natural features of its own in the cache.
    assert len(keys) == 4
    assert {(key.get("protocol"), key.get("mirror")) for key in keys} == {
        (None, None), ("stylegan2", False), ("stylegan2", True), ("stylegan2-ada-full", False)
    }  # fmt: skip


def test_a_choice_that_a_protocol_leaves_not_is_refused():
    for config, name in (
        ({"protocol": "stylegan2-ada-full", "num_natural": 100}, "num_natural"),
        ({"protocol": "stylegan2", "mirror": True, "split": "train"}, "split"),
        ({"protocol": "stylegan2-ada-full", "mirror": False}, "mirror"),
        ({"protocol": "split", "mirror": True}, "mirror"),
    ):
        with pytest.raises(InputError, match=f"^{name} is not for --protocol={config['protocol']}"):
            EvaluationConfig(**config)
    with pytest.raises(InputError, match="give --mirror or --nomirror"):
        EvaluationConfig(protocol="stylegan2")
    with pytest.raises(InputError, match="protocol is ada"):
        EvaluationConfig(protocol="ada")
    with pytest.raises(InputError, match="num_natural is 1; it must be at least 2"):
        EvaluationConfig(num_natural=1)


def test_the_published_names_are_the_published_paths():
    assert {name: PATH_METRICS[name] for name in (
        "ppl_zfull", "ppl_wfull", "ppl_zend", "ppl_wend", "ppl2_wend"
    )} == {
        "ppl_zfull": PathMetric("z", "full", True),
        "ppl_wfull": PathMetric("w", "full", True),
        "ppl_zend": PathMetric("z", "end", True),
        "ppl_wend": PathMetric("w", "end", True),
        "ppl2_wend": PathMetric("w", "end", False),
    }  # fmt: skip
    assert check_metrics(["ppl2_wend", "fid"]) == ("fid", "ppl2_wend")
    assert EvaluationConfig().num_paths == 50_000


@pytest.mark.parametrize(("size", "factor"), [(1024, 4), (512, 2), (256, 1), (64, 1)])
def test_larger_images_are_seen_as_the_means_of_blocks(size, factor):
    images = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype(np.float32)
    small = seen(tf.constant(images), crop=False).numpy()
    assert small.shape == (2, size // factor, size // factor, 3)
    for row, column in ((0, 0), (3, 7), (size // factor - 1, 5)):
        block = images[
            :, factor * row : factor * (row + 1), factor * column : factor * (column + 1)
        ]
        expected = block.astype(float).mean(axis=(1, 2))
        np.testing.assert_allclose(small[:, row, column], expected, rtol=1e-6)
    if factor == 1:
        np.testing.assert_array_equal(small, images)


def test_the_crop_is_the_face_and_comes_before_the_shrinking():
    images = np.random.default_rng(1).uniform(0, 255, (1, 32, 32, 1)).astype(np.float32)
    face = seen(tf.constant(images), crop=True).numpy()
    np.testing.assert_array_equal(face, images[:, 12:28, 8:24])
    # 1024 becomes 512, whose blocks of 2x2 are seen: row 0 is that of 3/8, column 0 of 1/4.
    large = np.arange(1024 * 1024, dtype=np.float32).reshape(1, 1024, 1024, 1)
    face = seen(tf.constant(large), crop=True).numpy()
    assert face.shape == (1, 256, 256, 1)
    corner = large[0, 384:386, 256:258, 0].mean()
    assert face[0, 0, 0, 0] == pytest.approx(corner, rel=1e-6)
