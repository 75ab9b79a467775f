"""Whether grey levels, learned of one GAN, tell others from MNIST: those that fool a classifier.

    PYTHONPATH=../../cross_generator python grey_levels.py NATURAL GENERATED OTHER [OTHER ...]

Folders, zip files or records, as of `histograms.py`. The logistic regression is trained on the
first 80 % of the natural images and on the images of GENERATED; the rest of the natural images are
those that OTHER is told from. Prints the AUC, and the share detected at 5 % false positives.
"""

import sys

import numpy as np
from histograms import histograms
from sklearn.linear_model import LogisticRegression

from gan_knowledge_gaps.metrics import detection_metrics


def main() -> None:
    """Trains on one GAN and tests on the others."""
    natural, generated = (histograms(path) for path in sys.argv[1:3])
    train, test = np.split(natural, [len(natural) * 4 // 5])
    labels = np.repeat([0, 1], [len(train), len(generated)])
    model = LogisticRegression(max_iter=1000).fit(np.concatenate([train, generated]), labels)
    scores = model.decision_function(test)
    for path in sys.argv[3:]:
        detected = detection_metrics(model.decision_function(histograms(path)), scores)
        print(f"{detected.roc_auc:.3f}  {detected.detection_rate_at_5_fpr:.2f}  {path}")


if __name__ == "__main__":
    main()
