"""What a value finds where it is built: in a lab, or in a plan that measures what it costs."""

from typing import Protocol

import keras
import tensorflow as tf

from gan_knowledge_gaps.data import Dataset, Images
from gan_knowledge_gaps.lab.config import LabConfig
from gan_knowledge_gaps.lab.specs import ImageSource, Spec


class Workshop(Protocol):
    """The data, the configuration, and what the value depends on.

    Attributes:
        dataset: natural images.
        config: how everything is trained.
        strategy: how a training spreads over devices.
    """

    dataset: Dataset
    config: LabConfig
    strategy: tf.distribute.Strategy

    def model(self, spec: Spec) -> keras.Model:
        """The first network of a value."""

    def copy_networks(self, source: ImageSource, networks: dict[str, keras.Model]) -> None:
        """Gives networks the weights of the source that a training starts from."""

    def training_images(self, source: ImageSource) -> Images:
        """The images of a source that train classifiers."""
