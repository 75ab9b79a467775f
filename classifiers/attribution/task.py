"""The training of an attributor."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.classifiers.attribution.pool import ClassPool
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig, augmented
from gan_knowledge_gaps.classifiers.config import ClassifierConfig
from gan_knowledge_gaps.classifiers.early_stopping import ClassStopping
from gan_knowledge_gaps.classifiers.models import build_configured
from gan_knowledge_gaps.classifiers.training import SupervisedTask, class_losses, looks
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.training.randomness import derive_seed


class AttributionTask(SupervisedTask):
    """Trains a classifier to tell which of several classes made an image.

    In an epoch each image of the largest class comes once, and those of the others as often.

    Args:
        architecture: one of `classifiers.ARCHITECTURES`.
        config: the training's configuration.
        classes: training images of each class.
        seed: seed of the initial weights, the data order and augmentation.
        augmentation: of the images of all classes alike; None for none.
        validation: images of each class that do not train, by whose loss the training stops; None
            to train all epochs.

    Attributes:
        steps: of the whole training, at most.
        epoch: steps of an epoch, at least 1.
    """

    def __init__(
        self,
        architecture: str,
        config: ClassifierConfig,
        classes: Sequence[Images],
        seed: int,
        augmentation: AugmentationConfig | None = None,
        validation: Sequence[Images] | None = None,
    ):
        self._pool = ClassPool(classes, config.batch_size, seed)
        self._augmentation = augmentation or AugmentationConfig()
        self._seed = derive_seed(seed, "augmentation")
        model = build_configured(architecture, classes[0].shape, seed, config, len(classes))
        images = len(classes) * max(map(len, classes))  # of an epoch
        self.epoch = max(1, images // config.batch_size)
        self.steps = max(1, config.epochs * images // config.batch_size)
        super().__init__(model, config, self.steps)
        if validation is not None:
            patience = looks(config, self.epoch)
            self.stop_early(ClassStopping(model, validation, self.epoch, patience))

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """As many images of each class: uint8 [B, H, W, C], and their classes, int32 [B]."""
        images, labels = self._pool.batch(step)
        return augmented(images, self._augmentation, [self._seed, step]), labels

    def losses(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy over the classes."""
        return class_losses(logits, labels)
