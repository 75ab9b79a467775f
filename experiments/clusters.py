"""Clusters of classifiers that the same generators fool."""

import dataclasses
from collections.abc import Sequence

import numpy as np

# Clusters are told apart by this much of the images, on average over their pairs: our choice.
APART = 0.5


@dataclasses.dataclass(frozen=True)
class Clusters:
    """Groups of instances.

    Attributes:
        members: the numbers of each cluster's instances, ascending; clusters by their first.
    """

    members: tuple[tuple[int, ...], ...]

    @property
    def order(self) -> list[int]:
        """All instances, cluster by cluster."""
        return [each for cluster in self.members for each in cluster]

    @property
    def text(self) -> str:
        """The clusters in words, instances by number: "{#0, #2} and {#1}"."""
        return self.named([f"#{number}" for number in range(len(self.order))])

    def named(self, names: Sequence[str]) -> str:
        """The clusters in words, instances by their names."""
        return " and ".join(
            "{" + ", ".join(names[each] for each in cluster) + "}" for cluster in self.members
        )

    def inside_and_outside(self, rates: np.ndarray) -> tuple[list[float], list[float]]:
        """The entries of a matrix off its diagonal: inside of a cluster, and between two."""
        label = {each: n for n, cluster in enumerate(self.members) for each in cluster}
        inside: list[float] = []
        outside: list[float] = []
        for (i, j), rate in np.ndenumerate(rates):
            if i != j:
                (inside if label[i] == label[j] else outside).append(float(rate))
        return inside, outside


def find_clusters(rates: np.ndarray) -> Clusters:
    """Clusters by average linkage, cut where the mean silhouette is largest.

    The distance of two classifiers is the mean of the rates at which each detects the GANs that
    fool the other: 0 where they fool each other wholly. Clusters whose mean distance is below
    `APART` are one: the silhouette alone would find two at least.

    Args:
        rates: [n, n], rate at which classifier i detects the GANs that fool classifier j; n at
            least 2.

    Returns:
        one cluster of all where n is 2, or where too little tells them apart; else 2 ... n - 1.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from sklearn.metrics import silhouette_score

    count = len(rates)
    distances = (rates + rates.T) / 2.0
    np.fill_diagonal(distances, 0.0)
    if count < 3 or np.ptp(squareform(distances)) == 0:
        return Clusters((tuple(range(count)),))
    tree = linkage(squareform(distances), method="average")
    # Row count - k of the tree joins the nearest two of k clusters, at their mean distance.
    numbers = [k for k in range(2, count) if tree[count - k, 2] >= APART]
    cuts = [fcluster(tree, number, criterion="maxclust") for number in numbers]
    # Ties of distances can make a cut have fewer clusters than asked for.
    cuts = [labels for labels in cuts if 2 <= len(set(labels)) < count]
    if not cuts:
        return Clusters((tuple(range(count)),))
    best = max(cuts, key=lambda labels: silhouette_score(distances, labels, metric="precomputed"))
    return Clusters(
        tuple(sorted(tuple(np.flatnonzero(best == label).tolist()) for label in set(best)))
    )
