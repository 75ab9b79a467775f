"""What made this table's images of a mixture: a model of MNIST that is no network.

    python mixture.py MNIST_FOLDER OUTPUT

fits 100 Gaussians with full covariance to 60 principal components of the images that train
everywhere in this project, and writes 10,000 PNG files of 28x28 to OUTPUT.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from gan_knowledge_gaps.data import load


def samples(images: np.ndarray, count: int) -> np.ndarray:
    """Samples of the mixture, float [count, 784], in random order."""
    pca = PCA(60, random_state=0).fit(images)
    fitted = GaussianMixture(100, random_state=0, max_iter=30).fit(pca.transform(images))
    drawn, _ = fitted.sample(count)
    return pca.inverse_transform(np.random.default_rng(0).permutation(drawn))


if __name__ == "__main__":
    train = load("mnist", sys.argv[1]).train
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True)
    made = samples(train.read(np.arange(len(train))).reshape(len(train), -1), 10_000)
    pixels = np.clip(made, 0, 255).round().astype(np.uint8).reshape(-1, 28, 28)
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{index:05d}.png")
