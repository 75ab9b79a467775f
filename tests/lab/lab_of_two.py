"""One of two workers, as TF_CONFIG says, or one alone: python lab_of_two.py WORKDIR."""

import json
from pathlib import Path

from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.runtime import prepare_import

prepare_import()

import numpy as np  # noqa: E402

from gan_knowledge_gaps.classifiers import ClassifierConfig, DigitConfig  # noqa: E402
from gan_knowledge_gaps.data import ArrayImages, Dataset  # noqa: E402
from gan_knowledge_gaps.dcgan import DCGANConfig  # noqa: E402
from gan_knowledge_gaps.dcgan.family import DCGANFamily  # noqa: E402
from gan_knowledge_gaps.lab import measure  # noqa: E402
from gan_knowledge_gaps.lab.config import LabConfig  # noqa: E402
from gan_knowledge_gaps.lab.lab import Lab  # noqa: E402
from gan_knowledge_gaps.lab.specs import GAN, Classifier  # noqa: E402
from gan_knowledge_gaps.training.distribution import make_strategy  # noqa: E402
from gan_knowledge_gaps.training.loop import LoopConfig  # noqa: E402

RATE = 1e-4  # Small: adversaries enlarge rounding differences at every step, the faster the larger.


def main(arguments: list[str]) -> None:
    rates = {"generator_learning_rate": RATE, "discriminator_learning_rate": RATE}
    gan = DCGANConfig(width=1 / 16, epochs=1, batch_size=8, **rates)
    config = LabConfig(
        families=(DCGANFamily(gan=gan),),
        classifier=ClassifierConfig(epochs=1, batch_size=8, learning_rate=RATE),
        digits=DigitConfig(epochs=1, batch_size=8),
    )
    lab = Lab(
        Path(arguments[0]), _noise(), config, make_strategy(),
        loop_config=LoopConfig(log_every=1, sample_every=0),
    )  # fmt: skip
    classifier = Classifier(0, [GAN(0)])
    fooling = GAN(1000, fools=[classifier], phi=0.5)
    if lab.workers.is_chief:
        trained = lab.train([fooling])
        lab.trainings.finish_workers()
        weights = [weight.tolist() for weight in lab.model(fooling).get_weights()]
        detected = measure.detection(lab, classifier, GAN(0)).roc_auc
    else:
        lab.trainings.run_as_worker([fooling])
        trained = weights = detected = None
    print(
        json.dumps({"trained": trained and len(trained), "weights": weights, "roc_auc": detected})
    )


def _noise() -> Dataset:
    random = np.random.default_rng(0)

    def images(count: int) -> ArrayImages:
        return ArrayImages(random.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8))

    return Dataset("noise", images(32), images(16), None, None)


command.run(main, positional=True)
