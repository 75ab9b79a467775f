"""How well a linear classifier tells two sets apart, beside two halves of one set."""

import dataclasses

import numpy as np

FOLDS, HALVINGS = 5, 10
LEAST = 30  # images of each kind, below which nothing is said
_COMPONENTS = 48
# An area below is no shortcut; nor is one that halves of the natural images reach by chance.
LEAST_AUC, DEVIATIONS = 0.65, 4.0


@dataclasses.dataclass(frozen=True)
class Probe:
    """Areas under the ROC curve, of images that did not train the probe.

    Attributes:
        auc: Of natural against generated images.
        null: The mean over halvings of the natural images, half against half.
        spread: The standard deviation of these.
    """

    auc: float
    null: float
    spread: float

    @property
    def tells(self) -> bool:
        """Whether natural and generated images are told apart, and not by chance."""
        return self.auc > max(LEAST_AUC, self.null + DEVIATIONS * self.spread)


def probe(features: np.ndarray, is_generated: np.ndarray, belongs: np.ndarray) -> Probe | None:
    """Trains logistic regressions on some of the images, and has them tell the others.

    Args:
        features: float [N, D].
        is_generated: bool [N].
        belongs: The same number for related images, integers [N]: these train together or are told
            together, and are in one half of the natural ones.

    Returns:
        None where there are too few images.
    """
    if min(is_generated.sum(), (~is_generated).sum()) < LEAST:
        return None
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # of matrices this small, threads cost more than they save
        return _probe(_components(features), is_generated, belongs)


def _probe(features: np.ndarray, is_generated: np.ndarray, belongs: np.ndarray) -> Probe | None:
    natural, owners = features[~is_generated], belongs[~is_generated]
    auc = _auc(features, is_generated, belongs, 0)
    null = [
        _auc(natural, _chosen(owners, 2, 1 + seed) == 0, owners, seed) for seed in range(HALVINGS)
    ]
    known = [each for each in null if each is not None]
    if auc is None or not known:
        return None
    return Probe(auc, float(np.mean(known)), float(np.std(known)))


def _components(features: np.ndarray) -> np.ndarray:
    """The principal components of standardized features."""
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    if scaled.shape[1] <= _COMPONENTS:
        return scaled
    _, _, axes = np.linalg.svd(scaled, full_matrices=False)
    scores = scaled @ axes[:_COMPONENTS].T
    return scores / (scores.std(axis=0) + 1e-12)


def _auc(features: np.ndarray, labels: np.ndarray, belongs: np.ndarray, seed: int) -> float | None:
    """The mean over folds; None where no fold has both kinds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    fold, found = _chosen(belongs, FOLDS, 100 + seed), []
    for number in range(FOLDS):
        told = fold == number
        if features.shape[1] == 0:
            found.append(0.5)
        elif len(set(labels[told])) == len(set(labels[~told])) == 2:
            model = LogisticRegression(C=0.1, class_weight="balanced", tol=1e-3, max_iter=300)
            model.fit(features[~told], labels[~told])
            found.append(roc_auc_score(labels[told], model.decision_function(features[told])))
    return float(np.mean(found)) if found else None


def _chosen(belongs: np.ndarray, parts: int, seed: int) -> np.ndarray:
    """Spreads groups at random over parts of as many groups: the part of each image."""
    _, inverse = np.unique(belongs, return_inverse=True)
    random = np.random.default_rng(seed)
    return (random.permutation(inverse.max() + 1) % parts)[inverse]
