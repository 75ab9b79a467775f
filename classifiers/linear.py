"""Logistic regression as a linear layer."""

import numpy as np


def fit_linear(
    features: np.ndarray, labels: np.ndarray, inverse_penalty: float = 1.0
) -> tuple[np.ndarray, float]:
    """Fits it to standardized features; both kinds weigh half.

    Args:
        features: float64 [N, D].
        labels: 0 natural, 1 generated, [N].
        inverse_penalty: 1 over the strength of the L2 penalty (C of scikit-learn).

    Returns:
        weights float64 [D] and bias, of the features as they are: `features @ weights + bias` are
        logits, positive = generated.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=1000)
    model.fit((features - mean) / scale, labels)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ mean)
