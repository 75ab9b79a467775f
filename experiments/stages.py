"""Trains one value: builds its task, runs the loop, saves the model, writes the manifest."""

from typing import Protocol

import keras
import tensorflow as tf

from classifiers import ClassifierTask, DigitTask
from data import Dataset, Images, atomic_path, write_samples
from dcgan import DCGANTask
from experiments.artifacts import MODEL, Artifact
from experiments.setting import Setting
from experiments.specs import GAN, Classifier, DigitClassifier, Spec
from report import collect
from training.config import to_json
from training.fooling import FoolingLoss
from training.loop import Loop, LoopConfig
from training.task import Task, state_digest


class Trained(Protocol):
    """What a stage reads of the artifacts it depends on."""

    dataset: Dataset
    setting: Setting
    strategy: tf.distribute.Strategy

    def model(self, spec: Spec) -> keras.Model: ...

    def training_images(self, gan: GAN) -> Images: ...

    def lineage(self, spec: Spec) -> dict[str, str]: ...


def train(spec: Spec, lab: Trained, artifact: Artifact, loop_config: LoopConfig) -> None:
    """Trains a value whose dependencies are trained, or resumes it, up to its DONE manifest."""
    with lab.strategy.scope():
        task, network = _build(spec, lab)
    steps = lab.setting.steps(spec, len(lab.dataset.train))
    loop = Loop(
        task,
        steps,
        artifact.folder,
        label=artifact.label,
        strategy=lab.strategy,
        config=loop_config,
        write_samples=write_samples,
    )
    metrics = loop.run()
    with atomic_path(artifact.folder / MODEL) as temporary:
        network.save(temporary)
    images = task.samples()
    if images is not None:
        write_samples(artifact.folder / "samples.png", images)
    artifact.finish(
        {
            "spec": {"kind": spec.kind, **spec.own},
            "configuration": to_json(lab.setting.training(spec)),
            "data": {"name": lab.dataset.name, "fingerprint": lab.dataset.fingerprint},
            "depends_on": lab.lineage(spec),
            "steps": steps,
            "seconds": loop.seconds,
            "metrics": metrics,
            "state_sha256": state_digest(task.state, steps),
            "versions": collect(),
        },
    )


def _build(spec: Spec, lab: Trained) -> tuple[Task, keras.Model]:
    """The task of a value and, of its networks, the one that others will use."""
    natural, config = lab.dataset.train, lab.setting.training(spec)
    match spec:
        case GAN():
            fooling = None
            if spec.fools:
                frozen = [lab.model(classifier) for classifier in spec.fools]
                fooling = FoolingLoss(frozen, spec.phi, natural.shape)
            task = DCGANTask(config, natural, spec.seed, fooling)
            return task, task.generator
        case Classifier():
            generated = [lab.training_images(gan) for gan in spec.pool]
            task = ClassifierTask(spec.architecture, config, natural, generated, spec.seed)
            return task, task.model
        case DigitClassifier():
            task = DigitTask(config, natural, lab.dataset.train_labels, spec.seed)
            return task, task.model
    raise TypeError(f"no stage trains {spec!r}")
