"""Precision and recall against their definition and cases with known answers."""

import numpy as np
import pytest
from scipy.spatial import distance

from gan_knowledge_gaps.metrics import density_coverage, manifolds, precision_recall


def by_definition(generated, natural, k: int) -> tuple[float, float]:
    """Kynkaanniemi et al. 2019, equations 1 and 2, by SciPy's distances and sorting."""

    def inside(queries, points):
        reach = np.sort(distance.cdist(points, points), axis=1)[
            :, k
        ]  # the first is the point's own
        return np.mean((distance.cdist(queries, points) <= reach).any(axis=1))

    return inside(generated, natural), inside(natural, generated)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("block_values", [2**24, 100])
def test_it_is_its_definition_whatever_the_blocks(k, block_values, monkeypatch):
    monkeypatch.setattr(manifolds, "_BLOCK_VALUES", block_values)
    random = np.random.default_rng(k)
    generated, natural = random.normal(0.5, 0.8, size=(70, 3)), random.normal(size=(90, 3))
    rows = []
    found = precision_recall(generated, natural, k, rows.append)
    assert found == by_definition(generated, natural, k)
    assert found[0] != found[1] and 0 < min(found) < 1
    assert sum(rows) == 2 * (70 + 90) and (len(rows) > 200) == (block_values == 100)


def test_far_from_the_origin_it_is_the_same():
    random = np.random.default_rng(0)
    generated, natural = random.normal(0.5, 0.8, size=(60, 4)), random.normal(size=(60, 4))
    assert precision_recall(generated + 1e6, natural + 1e6) == precision_recall(generated, natural)


def test_known_answers():
    random = np.random.default_rng(0)
    natural = random.normal(size=(50, 4))
    assert precision_recall(natural, natural) == (1.0, 1.0)
    assert precision_recall(natural + 1000.0, natural) == (0.0, 0.0)
    # A generator that makes one of two distant kinds: all of it is natural, half is made.
    two_kinds = np.concatenate([natural, natural + 1000.0])
    assert precision_recall(natural, two_kinds) == (1.0, 0.5)
    assert precision_recall(two_kinds, natural) == (0.5, 1.0)


def test_on_a_line_worked_by_hand():
    # Natural radii for k = 1: 1, 1, 2; generated: 4.5, 4.5, 100 - 5.4.
    natural, generated = np.array([[0.0], [1], [3]]), np.array([[0.9], [5.4], [100]])
    # 0.9 is within 1 of 1; 5.4 is 2.4 from 3; 0, 1 and 3 are within 4.5 of 0.9.
    assert precision_recall(generated, natural, 1) == (1 / 3, 1.0)


def test_duplicates_reach_nowhere_but_to_themselves():
    same = np.zeros((5, 2))
    assert precision_recall(same, same) == (1.0, 1.0)
    assert precision_recall(same + 1e-3, same) == (0.0, 0.0)


def test_too_few_features_are_refused():
    with pytest.raises(ValueError, match="3 neighbours need more than 3"):
        precision_recall(np.zeros((3, 2)), np.zeros((9, 2)))


@pytest.mark.parametrize("block_values", [2**24, 100])
def test_density_and_coverage_are_their_definition(block_values, monkeypatch):
    """Naeem et al. 2020, equations 5 and 6, by SciPy's distances and sorting."""
    monkeypatch.setattr(manifolds, "_BLOCK_VALUES", block_values)
    random = np.random.default_rng(1)
    generated, natural = random.normal(0.5, 0.8, size=(70, 3)), random.normal(size=(90, 3))
    reach = np.sort(distance.cdist(natural, natural), axis=1)[:, 5]
    inside = distance.cdist(generated, natural) < reach
    rows = []
    density, coverage = density_coverage(generated, natural, 5, rows.append)
    assert density == pytest.approx(inside.sum() / (5 * 70)) and density > 0
    assert coverage == inside.any(axis=0).mean() and 0 < coverage < 1
    assert sum(rows) == 70 + 90
    # An outlier among the natural ones makes a wide ball, which precision takes for natural.
    natural = np.concatenate([random.normal(size=(90, 3)), [[50.0, 0, 0]]])
    far = random.normal((20, 0, 0), size=(40, 3))
    assert precision_recall(far, natural)[0] == 1 and density_coverage(far, natural)[0] == 0.2
    with pytest.raises(ValueError, match="5 neighbours"):
        density_coverage(natural, natural[:5])
