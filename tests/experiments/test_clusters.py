"""Clusters of classifiers, against matrices made of blocks and another library."""

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from gan_knowledge_gaps.experiments.clusters import find_clusters
from gan_knowledge_gaps.experiments.shown.mutual_fooling import PAPER


def blocks(labels: list[int], inside: float = 0.1, outside: float = 0.9) -> np.ndarray:
    """Rates that are low inside of each cluster and high between two, with noise."""
    labels = np.array(labels)
    rates = np.where(labels[:, None] == labels[None, :], inside, outside)
    return rates + np.random.default_rng(0).uniform(-0.05, 0.05, rates.shape)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 0, 0, 1, 1], ((0, 1, 2), (3, 4))),
        ([0, 1, 0, 1, 2, 2], ((0, 2), (1, 3), (4, 5))),
        ([1, 0, 0, 0], ((0,), (1, 2, 3))),
    ],
)
def test_blocks_are_found_whatever_their_order(labels, expected):
    assert find_clusters(blocks(labels)).members == expected


def test_the_papers_matrix_has_two_clusters():
    rates = PAPER.means()
    distances = (rates + rates.T) / 2
    labels = AgglomerativeClustering(2, metric="precomputed", linkage="average").fit_predict(
        distances * (1 - np.eye(10))
    )
    expected = {frozenset(np.flatnonzero(labels == label).tolist()) for label in (0, 1)}
    found = find_clusters(rates)
    assert {frozenset(each) for each in found.members} == expected
    # The slide's two groups, but for #8, which it sets beside #6, #7 and #9.
    assert found.members == ((0, 1, 2, 3, 4, 5, 8), (6, 7, 9))


def test_nothing_to_tell_apart_is_one_cluster():
    assert find_clusters(np.full((4, 4), 0.5)).members == ((0, 1, 2, 3),)
    assert find_clusters(np.array([[0.0, 0.9], [0.8, 0.0]])).members == ((0, 1),)


def test_clusters_that_fool_each_other_are_one():
    labels = [0, 0, 0, 1, 1]
    assert find_clusters(blocks(labels, outside=0.4)).members == ((0, 1, 2, 3, 4),)
    assert find_clusters(blocks(labels, outside=0.6)).members == ((0, 1, 2), (3, 4))


def test_order_text_and_means_follow_the_members():
    clusters = find_clusters(blocks([0, 1, 0, 1]))
    assert clusters.order == [0, 2, 1, 3]
    assert clusters.text == "{#0, #2} and {#1, #3}"
    rates = np.arange(16.0).reshape(4, 4)
    inside, outside = clusters.inside_and_outside(rates)
    assert sorted(inside) == [2, 7, 8, 13]  # (0,2), (1,3), (2,0), (3,1)
    assert len(outside) == 8 and not set(outside) & set(inside)
