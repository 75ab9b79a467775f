"""How well the grey levels of an image alone, without their places, tell generators from MNIST.

    python histograms.py NATURAL GENERATED [GENERATED ...]

Folders, zip files or records, read as for the table: at 16x16, encoded as JPEG of quality 75.
Prints the AUC of a logistic regression on 64 bins, trained on the first 80 % of each set and tested
on the rest.
"""

import io
import sys

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from gan_knowledge_gaps.data import open_path


def histograms(path: str) -> np.ndarray:
    """The share of each bin in each image, float [N, 64]."""
    images = open_path(path, resolution=16, channels=1).dataset.whole
    pixels = [encoded(each[..., 0]).ravel() for each in images.read(np.arange(len(images)))]
    return np.stack([np.bincount(each // 4, minlength=64) / each.size for each in pixels])


def encoded(image: np.ndarray) -> np.ndarray:
    """A grey image, uint8 [H, W], as it comes back from JPEG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))


def auc(natural: np.ndarray, generated: np.ndarray) -> float:
    """Of the last fifth of both."""
    sides = [np.split(each, [len(each) * 4 // 5]) for each in (natural, generated)]
    (train, test) = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    (seen, unseen) = (
        np.repeat([0, 1], [len(each) for each in parts]) for parts in zip(*sides, strict=True)
    )
    model = LogisticRegression(max_iter=1000).fit(train, seen)
    return roc_auc_score(unseen, model.decision_function(test))


if __name__ == "__main__":
    natural = histograms(sys.argv[1])
    for path in sys.argv[2:]:
        print(f"{auc(natural, histograms(path)):.3f}  {path}")
