"""Calibration: whether probabilities equal frequencies, and the temperature for it."""

import dataclasses

import numpy as np

BINS = 15  # Guo et al. 2017


@dataclasses.dataclass(frozen=True, eq=False)
class Reliability:
    """The reliability curve: probabilities in bins of equal width, beside what came true.

    Attributes:
        edges: [bins + 1], from 0 to 1.
        counts: images in each bin, [bins].
        weights: share of all images in each bin, as they are weighted, [bins]; their sum is 1.
        probability: mean probability in each bin, [bins]; NaN where it is empty.
        frequency: share of the bin's images that are generated, [bins]; NaN where it is empty.
    """

    edges: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    probability: np.ndarray
    frequency: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of probability and frequency, each bin weighted by its images."""
        used = self.counts > 0
        gaps = np.abs(self.probability[used] - self.frequency[used])
        return float(np.average(gaps, weights=self.weights[used]))


def reliability(
    logits: np.ndarray, labels: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> Reliability:
    """The reliability curve of P(generated) = sigmoid(logit).

    Args:
        logits: [N], positive = generated.
        labels: [N], 1 = generated, 0 = natural.
        bins: how many of equal width.
        weights: [N], positive, as of `metrics.prior.prior_weights`; None for all alike. Without
            them frequencies depend on how many images of each kind there happen to be.

    Raises:
        ValueError: there are no logits.
    """
    if not len(logits):
        raise ValueError("a reliability curve needs at least one logit")
    from scipy.special import expit

    probability = expit(np.asarray(logits, np.float64))
    index = np.minimum((probability * bins).astype(int), bins - 1)
    weights = np.ones(len(logits)) if weights is None else weights
    weight, probability, frequency = (
        np.bincount(index, weights * each, bins) for each in (1.0, probability, labels)
    )
    with np.errstate(invalid="ignore"):
        return Reliability(
            edges=np.linspace(0, 1, bins + 1),
            counts=np.bincount(index, minlength=bins),
            weights=weight / weight.sum(),
            probability=probability / weight,
            frequency=frequency / weight,
        )


def fit_temperature(
    logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The temperature T > 0 whose sigmoid(logit / T) has the least cross-entropy (Guo et al. 2017).

    The labels are smoothed to (n + 1) / (n + 2) and 1 / (n + 2), n images of the kind (Platt 1999):
    where no image is misclassified, the least cross-entropy with 1 and 0 would be at T = 0, which
    makes certainties of a handful of images. It moves probabilities only: no decision at the
    threshold of 0.5, no ranking.

    Args:
        logits: [N] of images that the classifier was not trained on, positive = generated.
        labels: [N], 1 = generated, 0 = natural; both kinds must be there.
        weights: [N], positive, as of `metrics.prior.prior_weights`; None for all alike.

    Returns:
        T, within 0.01 ... 100: above 1 where the classifier is too sure of itself.

    Raises:
        ValueError: one of the kinds is missing.
    """
    logits = np.asarray(logits, np.float64)
    return fit_class_temperature(np.stack([0 * logits, logits], axis=1), labels, weights)


def fit_class_temperature(
    logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The temperature T > 0 whose softmax(logits / T) has the least cross-entropy.

    Of two classes it is `fit_temperature` of the difference of the logits: the labels are smoothed
    to (n + 1) / (n + K) for the class of the image, of which there are n, and 1 / (n + K) for each
    other of the K classes.

    Args:
        logits: [N, K] of images that the classifier was not trained on.
        labels: their classes, 0 ... K - 1, [N]; each must be there.
        weights: [N], positive; None for all alike.

    Returns:
        T, within 0.01 ... 100: above 1 where the classifier is too sure of itself.

    Raises:
        ValueError: one of the classes is missing.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels).astype(int)
    classes = logits.shape[1]
    counts = np.bincount(labels, minlength=classes)
    if not counts.all():
        raise ValueError("a temperature needs images of each class")
    of_class = counts[labels][:, None]  # [N, 1]
    targets = (of_class * np.eye(classes)[labels] + 1) / (of_class + classes)

    def cross_entropy(log_temperature: float) -> float:
        logs = log_softmax(logits * np.exp(-log_temperature), axis=1)
        return float(np.average(-(targets * logs).sum(axis=1), weights=weights))

    bounds = (np.log(0.01), np.log(100))
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    found = minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    ends = [(cross_entropy(each), each) for each in (*bounds, found.x)]
    return float(np.exp(min(ends)[1]))
