"""A lab whose trainings take seconds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.classifiers import ClassifierConfig, DigitConfig
from gan_knowledge_gaps.data import ArrayImages, Dataset
from gan_knowledge_gaps.dcgan import DCGANConfig
from gan_knowledge_gaps.dcgan.family import DCGANFamily
from gan_knowledge_gaps.lab.config import LabConfig
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.training.loop import LoopConfig


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """A folder of 40 small images."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(40):
        pixels = random.integers(0, 256, (28, 28), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02}.png")
    return folder


@pytest.fixture(scope="session")
def config() -> LabConfig:
    return LabConfig(
        # A rate so high that four steps give images that differ by many grey levels.
        families=(
            DCGANFamily(
                gan=DCGANConfig(width=1 / 16, epochs=1, batch_size=8, generator_learning_rate=0.05)
            ),
        ),
        classifier=ClassifierConfig(epochs=1, batch_size=8),
        digits=DigitConfig(epochs=1, batch_size=8),
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    random = np.random.default_rng(0)

    def images(count: int) -> ArrayImages:
        return ArrayImages(random.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8))

    return Dataset("noise", images(32), images(80), np.arange(32) % 10, np.arange(80) % 10)


@pytest.fixture
def lab(tmp_path, dataset, config) -> Lab:
    loop = LoopConfig(log_every=1, sample_every=0)
    return Lab(tmp_path / "lab", dataset, config, loop_config=loop)
