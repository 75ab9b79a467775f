"""Generators from outside: images that somebody else made, and networks that somebody trained."""

import json

import numpy as np
import pytest

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers import ClassifierConfig
from gan_knowledge_gaps.data import ArrayImages, Dataset, InputError
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.config import LabConfig
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.planning.costs import cost_classes
from gan_knowledge_gaps.lab.planning.costs import measure as measure_costs
from gan_knowledge_gaps.lab.planning.listing import describe_plan
from gan_knowledge_gaps.lab.specs import Classifier, ImageSet, Published, Truncated
from gan_knowledge_gaps.lab.store.inventory import entries
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig, sample
from gan_knowledge_gaps.training.loop import LoopConfig

SIZE = 16


def noise(seed: int, train: int, evaluation: int, size: int = SIZE) -> Dataset:
    random = np.random.default_rng(seed)

    def images(count: int) -> ArrayImages:
        return ArrayImages(random.integers(0, 128 + seed, (count, size, size, 1), dtype=np.uint8))

    return Dataset("noise", images(train), images(evaluation), None, None)


@pytest.fixture
def lab(tmp_path) -> Lab:
    config = LabConfig(classifier=ClassifierConfig(epochs=1, batch_size=8))
    loop = LoopConfig(log_every=1, sample_every=0)
    return Lab(tmp_path / "lab", noise(0, 32, 16), config, loop_config=loop)


def published(tmp_path, **changes) -> str:
    settings = {"resolution": SIZE, "channels": 1, "fmap_base": 16, "fmap_max": 4, "latent_dim": 4}
    generator = Generator(
        NetworkConfig(w_dim=4, mapping_layers=1, **{**settings, **changes}), seed=3
    )
    generator.w_avg.assign([1.0, -1.0, 2.0, 0.0])
    path = tmp_path / "theirs.keras"
    generator.save(path)
    return str(path)


def test_a_set_is_split_like_natural_images_and_never_larger_than_they_are(lab):
    large, small = noise(1, 50, 40), noise(2, 12, 9)
    for dataset, train, evaluation in ((large, 32, 16), (small, 12, 9)):
        source = ImageSet("theirs", dataset)
        pairs = (
            (lab.training_images(source), dataset.train, train),
            (lab.evaluation_images(source), dataset.evaluation, evaluation),
        )
        for ours, theirs, count in pairs:
            assert len(ours) == count
            at = np.arange(count)
            np.testing.assert_array_equal(ours.read(at), theirs.read(at))


def test_classifiers_are_trained_and_measured_on_a_set(lab):
    source = ImageSet("theirs", noise(100, 32, 16))
    judge = Classifier(0, [source])
    assert lab.train([judge]) == [judge]
    assert lab.train([judge]) == []
    found = measure.detection(lab, judge, source)
    assert found.detection_rate == np.mean(measure.generated_logits(lab, judge, source) > 0)
    assert [entry.state for entry in entries(lab.workdir)] == ["done"]
    manifest = lab.artifact(judge).manifest()
    assert list(manifest["depends_on"].values()) == [source.dataset.fingerprint]


def test_a_workdir_may_be_text(tmp_path):
    config = LabConfig(classifier=ClassifierConfig(epochs=1, batch_size=8))
    lab = Lab(str(tmp_path / "lab"), noise(0, 32, 16), config)
    assert lab.cached(lab.workdir / "a" / "b" / "c.npz", lambda: np.ones(3)).sum() == 3


def test_an_image_set_is_nothing_that_a_plan_counts_as_done(lab):
    plan = describe_plan(lab, [Classifier(0, [ImageSet("theirs", noise(1, 32, 16))])])
    assert plan.endswith("1 to train, 0 of 1 done already")


def test_other_images_or_another_name_of_them(lab):
    dataset = noise(1, 32, 16)
    renamed = Classifier(0, [ImageSet("b", dataset)])
    assert lab.key(renamed) == lab.key(Classifier(0, [ImageSet("a", dataset)]))
    assert lab.key(renamed) != lab.key(Classifier(0, [ImageSet("b", noise(2, 32, 16))]))


@pytest.mark.long
@pytest.mark.parametrize("psi", [1.0, 0.4])
def test_a_published_stylegan2_is_sampled_by_index(lab, tmp_path, psi):
    path = published(tmp_path)
    source = Published("theirs", path)
    source = source if psi == 1 else Truncated(source, psi)
    lab.train([source])
    expected = sample(Published("theirs", path).generator, np.arange(32, 48), truncation=psi)
    ours = lab.evaluation_images(source).read(np.arange(16))
    np.testing.assert_array_equal(ours, expected)
    # The copy in the lab serves when the file is gone, and the value is known by its weights.
    assert lab.missing([source]) == []
    manifest = json.loads((lab.artifact(source).folder / "DONE.json").read_text())
    assert (manifest["family"], manifest["steps"]) == ("stylegan2", 0)


@pytest.mark.long
def test_a_pool_mixes_them(lab, tmp_path):
    sources = [ImageSet("set", noise(1, 12, 9)), Published("theirs", published(tmp_path))]
    judge = Classifier(0, sources)
    assert lab.train([judge]) == [sources[1], judge]
    for source in sources:
        assert 0 <= measure.detection(lab, judge, source).roc_auc <= 1


def test_a_plan_measures_one_classifier_for_all_sets_and_the_images_of_networks(
    lab, tmp_path, monkeypatch
):
    one, two = (Classifier(n, [ImageSet(str(n), noise(n, 32, 16))]) for n in range(2))
    assert cost_classes([one, two]) == {one.cost_class} == {two.cost_class}
    theirs = Classifier(0, [Published("theirs", published(tmp_path))]).cost_class
    monkeypatch.setattr(
        "gan_knowledge_gaps.lab.planning.costs._median", lambda work: (work(), 1.0)[1]
    )
    monkeypatch.setattr("gan_knowledge_gaps.lab.streaming.KEPT_BYTES", 1)
    costs = measure_costs(lab, {one.cost_class, theirs})
    # A step, and of networks the images of half a batch besides.
    assert costs[one.cost_class].seconds == 1.0 < costs[theirs].seconds


def test_what_cannot_be_used_is_one_line(lab, tmp_path):
    with pytest.raises(InputError, match=r"few has 20 images.* 40"):
        ImageSet("few", noise(1, 16, 4))
    with pytest.raises(InputError, match="cannot be truncated"):
        Truncated(ImageSet("set", noise(1, 32, 16)), 0.5)
    with pytest.raises(InputError, match=r"\(8, 8, 1\), natural images \(16, 16, 1\)"):
        lab.training_images(ImageSet("set", noise(1, 32, 16, size=8)))
    with pytest.raises(InputError, match=r"makes images of \(8, 8, 1\)"):
        lab.training_images(Published("small", published(tmp_path, resolution=8)))
    with pytest.raises(InputError, match="by label"):
        Published("conditional", published(tmp_path, label_dim=3))
    with pytest.raises(InputError, match="there is neither a folder nor a file"):
        Published("nothing", tmp_path / "nothing.pkl")


def test_a_folder_of_pictures_is_a_set(lab, tmp_path):
    from PIL import Image

    images = noise(1, 40, 8).train.read(np.arange(40))
    for index, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{index:02}.png")
    source = ImageSet("theirs", data.open_path(str(tmp_path), SIZE, 1).dataset)
    assert len(lab.training_images(source)) == 32 and len(lab.evaluation_images(source)) == 8
