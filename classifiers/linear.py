"""Logistic regression as a linear layer."""

import numpy as np


def fit_linear(
    features: np.ndarray, labels: np.ndarray, inverse_penalty: float = 1.0
) -> tuple[np.ndarray, float]:
    """Fits it to standardized features of two kinds; both weigh half.

    Args:
        features: float64 [N, D].
        labels: 0 natural, 1 generated, [N].
        inverse_penalty: 1 over the strength of the L2 penalty (C of scikit-learn).

    Returns:
        weights float64 [D] and bias, of the features as they are: `features @ weights + bias` are
        logits, positive = generated.
    """
    kernel, bias = fit_linear_classes(features, labels, inverse_penalty)
    return kernel[:, 1] - kernel[:, 0], float(bias[1] - bias[0])


def fit_linear_classes(
    features: np.ndarray, labels: np.ndarray, inverse_penalty: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Fits it to standardized features of several classes, which weigh the same.

    Args:
        features: float64 [N, D].
        labels: 0 ... K - 1, [N]; each must be there.
        inverse_penalty: as of `fit_linear`.

    Returns:
        kernel float64 [D, K] and bias [K]: `features @ kernel + bias` are logits of the classes.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=1000)
    model.fit((features - mean) / scale, labels)
    weights, intercept = model.coef_ / scale, model.intercept_  # [K, D], [K]
    if len(model.classes_) == 2:  # of which it gives the logits of the second alone
        weights, intercept = np.concatenate([0 * weights, weights]), np.append(0.0, intercept)
    return weights.T, intercept - weights @ mean
