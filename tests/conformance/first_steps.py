"""The first step of every preset on logical devices: python first_steps.py REPLICAS.

With the presets' batches and chunks, and networks that are small enough for a test. Prints, as
JSON, whether the metrics of each are finite.
"""

import dataclasses
import json
import sys

from gan_knowledge_gaps.training.runtime import configure, prepare_import

prepare_import()
configure()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.run_functions_eagerly(True)  # One step takes less time than its graph.

from gan_knowledge_gaps.classifiers import ClassifierTask  # noqa: E402
from gan_knowledge_gaps.data import ArrayImages  # noqa: E402
from gan_knowledge_gaps.dcgan.family import DCGANFamily  # noqa: E402
from gan_knowledge_gaps.lab.config import presets  # noqa: E402
from gan_knowledge_gaps.stylegan2 import NETWORKS, TRAININGS, StyleGAN2Task  # noqa: E402
from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family  # noqa: E402
from gan_knowledge_gaps.training.compiling import compile_step  # noqa: E402
from gan_knowledge_gaps.training.distribution import distribute, make_strategy  # noqa: E402
from gan_knowledge_gaps.training.task import Task  # noqa: E402

SMALL = {
    "resolution": 8, "channels": 1, "fmap_base": 8, "fmap_max": 2, "latent_dim": 2, "w_dim": 2,
    "mapping_layers": 1, "precision": "float32",
}  # fmt: skip


def images(size: int) -> ArrayImages:
    random = np.random.default_rng(0)
    return ArrayImages(random.integers(0, 256, (64, size, size, 1), dtype=np.uint8))


def tasks() -> dict[str, Task]:
    """The trainings; of those with the same batches and chunks, one."""
    pairs = {f"stylegan2.train {name}": (NETWORKS[name], TRAININGS[name]) for name in NETWORKS}
    for name, family in StyleGAN2Family.presets().items():
        pairs[f"stylegan2 {name}"] = family.network, family.training
    unlike = {
        (training.batch_size, training.micro_batch, network.mbstd_group): (name, network, training)
        for name, (network, training) in pairs.items()
    }
    found = {
        name: StyleGAN2Task(dataclasses.replace(network, **SMALL), training, images(8), seed=0)
        for name, network, training in unlike.values()
    }
    for family in {each.batch_size: each for each in DCGANFamily.presets().values()}.values():
        small = DCGANFamily(gan=dataclasses.replace(family.gan, width=1 / 16))
        found[f"dcgan {family.batch_size}"], _ = small.task(images(28), 0, None)
    every = [each.classifier for name in ("dcgan", "stylegan2") for each in presets(name).values()]
    for config in {each.batch_size: each for each in every}.values():
        small = dataclasses.replace(config, width=1 / 16)
        task = ClassifierTask("cnn", small, images(28), [images(28)], 0)
        found[f"classifier {config.batch_size}"] = task
    return found


strategy = make_strategy(int(sys.argv[1]))
with strategy.scope():
    trainings = tasks()
finite = {}
for name, task in trainings.items():
    batch = distribute(strategy, task.batch(0))
    step = compile_step(task, strategy)
    metrics = step(0, batch)
    finite[name] = bool(np.isfinite([float(value) for value in metrics.values()]).all())
print(json.dumps(finite))
