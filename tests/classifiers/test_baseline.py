"""The baseline: what it sees, what it finds, and its file."""

import json

import numpy as np
import pytest
from scipy import ndimage

from gan_knowledge_gaps.classifiers.baseline import baseline_line, fit_baseline, load_baseline
from gan_knowledge_gaps.classifiers.perturbations import Perturbed
from gan_knowledge_gaps.classifiers.spectra import (
    log_power_spectrum,
    radial_profile,
    radial_profiles,
)
from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.metrics import detection_metrics


def noise(seed: int, sigma: float, count: int = 150) -> ArrayImages:
    """Blurred noise."""
    pixels = np.random.default_rng(seed).uniform(0, 255, (count, 24, 24, 3))
    return ArrayImages(ndimage.gaussian_filter(pixels, (0, sigma, sigma, 0)).astype(np.uint8))


def test_profiles_are_those_of_each_image():
    images = noise(0, 0.5, count=5)
    found = radial_profiles(images)
    for index, profile in enumerate(found):
        one = ArrayImages(images.read(np.array([index])))
        _, expected = radial_profile(log_power_spectrum(one))
        np.testing.assert_allclose(profile, expected)


def test_it_tells_spectra_apart_and_nothing_else():
    natural, generated = noise(0, 0.5), noise(1, 0.53)
    for others, low, high in ((noise(3, 0.53), 0.9, 1.0), (noise(4, 0.5), 0.4, 0.6)):
        baseline = fit_baseline(natural, generated, 0)
        area = detection_metrics(baseline.logits(others), baseline.logits(noise(5, 0.5))).roc_auc
        assert low < area <= high
    # A kind with more images is not believed more.
    baseline = fit_baseline(natural, noise(1, 0.53, 900), 0)
    called = [np.mean(baseline.logits(noise(6, sigma)) > 0) for sigma in (0.5, 0.53)]
    assert abs(called[0] + called[1] - 1) < 0.1 < 0.6 < called[1]


def test_it_is_saved_beside_its_detector(tmp_path):
    sets = {"natural": noise(0, 0.5), "generated": noise(1, 1.0)}
    baseline = fit_baseline(*sets.values(), 75)
    assert load_baseline(tmp_path, (24, 24, 3)) is None
    baseline.save(tmp_path)
    again = load_baseline(tmp_path / "model.keras", (24, 24, 3))
    images = noise(2, 1.0)
    np.testing.assert_array_equal(again.logits(images), baseline.logits(images))
    for kind, each in sets.items():  # what the page of classifiers.serve draws
        seen = radial_profiles(Perturbed(each, "jpeg", 75))
        np.testing.assert_allclose(again.profiles[kind]["mean"], seen.mean(axis=0))
        np.testing.assert_allclose(again.profiles[kind]["deviation"], seen.std(axis=0))
    with pytest.raises(InputError, match="another size"):
        load_baseline(tmp_path, (32, 32, 3))
    short = json.loads((tmp_path / "baseline.json").read_text())
    del short["profiles"]["natural"]["mean"][0]
    (tmp_path / "baseline.json").write_text(json.dumps(short))
    with pytest.raises(InputError, match="another size"):
        load_baseline(tmp_path, (24, 24, 3))
    (tmp_path / "baseline.json").write_text(json.dumps({"weights": ["a"]}))
    with pytest.raises(InputError, match=r"baseline\.json"):
        load_baseline(tmp_path, (24, 24, 3))


def test_it_is_said_where_the_network_is_worse():
    assert baseline_line(0.6, 0.7).startswith("warning: AUC 0.600")
    assert not baseline_line(1.0, 1.0).startswith("warning")
