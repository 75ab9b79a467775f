"""The lab: each value trained once, kept, found again, and measured."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import predict
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.data import ArrayImages, Dataset, InputError
from gan_knowledge_gaps.dcgan.family import DCGANFamily
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.planning.listing import describe_plan
from gan_knowledge_gaps.lab.specs import GAN, Classifier, DigitClassifier
from gan_knowledge_gaps.metrics import frechet_distance, gaussian_statistics

# Its trainings are those of several tests.
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("eagerly")]

BASE = GAN(0)
SECOND = GAN(1)
JUDGE = Classifier(0, [BASE])
FOOLING = GAN(1000, [JUDGE], phi=1.0)


def test_training_trains_what_is_missing_once(lab):
    assert lab.train([FOOLING]) == [BASE, JUDGE, FOOLING]
    written = {spec: lab.artifact(spec).manifest() for spec in (BASE, JUDGE, FOOLING)}
    assert lab.train([FOOLING, SECOND]) == [SECOND]
    again = Lab(lab.workdir, lab.dataset, lab.config)
    assert again.train([FOOLING, SECOND]) == []
    assert {spec: again.artifact(spec).manifest() for spec in written} == written


def test_a_manifest_says_what_was_trained(lab):
    lab.train([FOOLING])
    manifest = lab.artifact(FOOLING).manifest()
    assert manifest["spec"]["seed"] == 1000 and manifest["spec"]["phi"] == 1.0
    assert manifest["configuration"] == {"gan": dataclasses.asdict(lab.config.families[0].gan)}
    assert manifest["data"]["fingerprint"] == lab.dataset.fingerprint
    assert manifest["steps"] == 4  # 32 images, one epoch, batches of 8
    assert manifest["seconds"] > 0
    lines = (lab.artifact(FOOLING).folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4]


def test_the_same_value_trains_to_the_same_bits(lab, tmp_path):
    other = Lab(tmp_path / "other", lab.dataset, lab.config)
    digests = []
    for each in (lab, other):
        each.train([FOOLING])
        digests.append(each.artifact(FOOLING).manifest()["state_sha256"])
    assert digests[0] == digests[1]


def test_a_value_is_the_same_after_others_like_it_as_alone(lab, tmp_path):
    """They share compiled graphs; a file also holds the seeds of its layers."""
    tf.config.run_functions_eagerly(False)
    other = Classifier(5, [SECOND])
    lab.train([BASE, JUDGE, SECOND, other])
    for spec in (SECOND, other):
        alone = Lab(tmp_path / spec.kind, lab.dataset, lab.config)
        alone.train([spec])
        ours, theirs = (each.artifact(spec).manifest() for each in (lab, alone))
        assert ours["weights_sha256"] == theirs["weights_sha256"]
        assert ours["state_sha256"] == theirs["state_sha256"]


def test_a_key_depends_on_value_configuration_and_data(lab, dataset, config):
    def key(dataset=dataset, spec=FOOLING, **changes):
        return Lab(lab.workdir, dataset, dataclasses.replace(config, **changes)).key(spec)

    other_data = dataclasses.replace(dataset, evaluation=dataset.train)
    gan = dataclasses.replace(config.families[0].gan, epochs=2)
    other_classifier = dataclasses.replace(config.classifier, epochs=2)
    keys = [
        key(),
        key(spec=BASE),
        key(dataset=other_data),
        key(families=(DCGANFamily(gan=gan),)),
        key(classifier=other_classifier),
        key(augmentation=AugmentationConfig(flip=0.5)),
    ]
    assert len(set(keys)) == len(keys)
    # What a value does not depend on leaves its key alone.
    assert key(digits=other_classifier) == key()
    assert key(spec=BASE, augmentation=AugmentationConfig(flip=0.5)) == key(spec=BASE)
    assert key(spec=BASE, classifier=other_classifier) == key(spec=BASE)


def test_a_damaged_model_is_refused_by_name(lab):
    lab.train([BASE])
    path = lab.artifact(BASE).folder / "model.keras"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=r"model\.keras is missing or damaged"):
        lab.model(BASE)


def test_a_damaged_cache_is_computed_again(lab, capsys):
    lab.train([BASE, JUDGE])
    right = lab.evaluation_images(BASE).fingerprint
    (cache,) = lab.artifact(BASE).folder.glob("images-32-80-*.npz")
    whole = cache.read_bytes()
    zeroed = whole[:2000] + bytes(2000) + whole[4000:]
    for damaged in (zeroed, whole[: len(whole) // 2], b""):
        cache.write_bytes(damaged)
        assert lab.evaluation_images(BASE).fingerprint == right
        assert "is damaged; computing it again" in capsys.readouterr().err
    assert cache.read_bytes() == whole


def test_a_retrained_model_is_measured_anew(lab):
    lab.train([JUDGE])
    before = measure.generated_logits(lab, JUDGE, BASE)
    # The same value with other bits, as another processor would train it.
    folder = lab.artifact(BASE).folder
    model = keras.models.load_model(folder / "model.keras", compile=False)
    model.set_weights([weight * 1.5 for weight in model.get_weights()])
    model.save(folder / "model.keras")
    lab.artifact(BASE).finish(lab.artifact(BASE).manifest())
    again = Lab(lab.workdir, lab.dataset, lab.config)
    for each in (lab, again):  # One has read the old model, the other has not.
        assert (measure.generated_logits(each, JUDGE, BASE) != before).any()


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"sha256": "0"}'])
def test_a_damaged_manifest_is_refused(lab, manifest):
    lab.train([BASE])
    (lab.artifact(BASE).folder / "DONE.json").write_text(manifest)
    with pytest.raises(InputError, match=r"DONE\.json is missing or damaged"):
        lab.model(BASE)


def test_labels_beyond_ten_digits_are_judged_too(lab, dataset):
    letters = dataclasses.replace(dataset, train_labels=np.arange(32) % 26)
    other = Lab(lab.workdir, letters, lab.config)
    other.train([DigitClassifier()])
    assert other.model(DigitClassifier()).output_shape == (None, 26)


def test_an_untrained_value_is_refused(lab):
    with pytest.raises(InputError, match="is not trained yet"):
        lab.model(BASE)


def test_training_and_evaluation_images_are_different_ones(lab):
    lab.train([BASE])
    training, evaluation = lab.training_images(BASE), lab.evaluation_images(BASE)
    assert (len(training), len(evaluation)) == (32, 80)
    seen = {image.tobytes() for image in training.read(np.arange(32))}
    assert not seen & {image.tobytes() for image in evaluation.read(np.arange(80))}


def test_measurements_come_from_the_models(lab):
    lab.train([JUDGE, SECOND])
    logits = predict(lab.model(JUDGE), lab.evaluation_images(SECOND))[:, 0]
    natural = predict(lab.model(JUDGE), lab.dataset.evaluation)[:, 0]
    for _ in range(2):  # Computed, then read back.
        found = measure.detection(lab, JUDGE, SECOND)
        assert found.detection_rate == np.mean(logits > 0)
        assert found.natural_accuracy == pytest.approx(np.mean(natural <= 0))


def test_frechet_distance_is_over_the_digit_classifiers_features(lab):
    lab.train([BASE, DigitClassifier()])
    model = lab.model(DigitClassifier())
    features = keras.Model(model.inputs[0], model.get_layer("features").output)
    expected = frechet_distance(
        *gaussian_statistics(predict(features, lab.dataset.evaluation)),
        *gaussian_statistics(predict(features, lab.evaluation_images(BASE))),
    )
    assert measure.frechet(lab, BASE) == pytest.approx(expected)
    assert measure.frechet(lab, BASE) > 0


def test_confidence_is_the_digit_classifiers_mean_largest_probability(lab):
    lab.train([BASE, DigitClassifier()])
    for gan, images in ((BASE, lab.evaluation_images(BASE)), (None, lab.dataset.evaluation)):
        logits = predict(lab.model(DigitClassifier()), images).astype(np.float64)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = probabilities.max(axis=1).mean()
        assert measure.digit_confidence(lab, gan) == pytest.approx(expected, rel=1e-5)
        assert 0.1 < measure.digit_confidence(lab, gan) <= 1


def test_the_last_metrics_are_those_of_the_last_line(lab):
    lab.train([FOOLING])
    last = (lab.artifact(FOOLING).folder / "metrics.jsonl").read_text().splitlines()[-1]
    metrics = measure.last_metrics(lab, FOOLING)
    assert set(metrics) == {"generator_loss", "discriminator_loss", "fooling_loss"}
    assert metrics.items() <= json.loads(last).items()


def test_the_plan_lists_what_is_missing_and_its_images(lab):
    lab.train([BASE])
    plan = describe_plan(lab, [FOOLING])
    assert lab.key(BASE) not in plan
    assert f"64 images  {lab.key(JUDGE)}" in plan  # 32 natural and 32 generated, one epoch
    assert f"32 images  {lab.key(FOOLING)}" in plan
    assert "64 images in 1 trainings of kind classifier" in plan
    assert "32 images in 1 trainings of kind gan" in plan
    assert "2 to train, 1 of 3 done already" in plan


def test_classifiers_of_a_pool_need_as_many_images_as_there_are_natural_ones(lab, dataset):
    small = Dataset("small", dataset.evaluation, dataset.train, None, None)
    other = Lab(lab.workdir, small, lab.config)
    other.train([JUDGE])
    assert len(other.training_images(BASE)) == 80
    assert isinstance(other.training_images(BASE), ArrayImages)
