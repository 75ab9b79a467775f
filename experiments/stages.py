"""Trains one value: builds its task, runs the loop, saves the model, writes the manifest."""

import functools
import shutil
from pathlib import Path
from typing import Any, Protocol

import keras
import tensorflow as tf

from classifiers import ClassifierTask, DigitTask
from data import Dataset, Images, InputError, atomic_path, write_samples
from experiments.artifact import MODEL, Artifact, snapshot_name
from experiments.settings import Setting
from experiments.specs import GAN, Classifier, DigitClassifier, GANImages, Snapshot, Spec, Truncated
from report import collect
from training.keras_models import load_model
from training.loop import Loop, LoopConfig
from training.task import Task, flat_variables, state_digest


class Trained(Protocol):
    """What a stage reads of the artifacts it depends on."""

    dataset: Dataset
    setting: Setting
    strategy: tf.distribute.Strategy

    def model(self, spec: Spec) -> keras.Model: ...

    def artifact(self, spec: Spec) -> Artifact: ...

    def training_images(self, source: GANImages) -> Images: ...

    def lineage(self, spec: Spec) -> dict[str, str]: ...

    def call(self, spec: Spec) -> None: ...


def train(spec: Spec, lab: Trained, artifact: Artifact, loop_config: LoopConfig) -> None:
    """Trains a value whose dependencies are trained, or resumes it, up to its DONE manifest."""
    description = {
        "spec": {"kind": spec.kind, **spec.own},
        "setting": lab.setting.name,
        "configuration": lab.setting.configuration(spec),
        "data": {"name": lab.dataset.name, "fingerprint": lab.dataset.fingerprint},
        "depends_on": lab.lineage(spec),
    }
    artifact.start(description)
    match spec:
        case Snapshot():
            trained = _derive(artifact, lab.artifact(spec.gan).snapshot_file(spec.number))
        case Truncated():
            trained = _derive(artifact, lab.artifact(spec.gan).model_file())
        case _:
            trained = _train(spec, lab, artifact, loop_config)
    artifact.finish({**description, **trained, "versions": collect()})


def _train(spec: Spec, lab: Trained, artifact: Artifact, loop_config: LoopConfig) -> dict[str, Any]:
    """Trains, and saves the networks; gives what the manifest says of the training."""
    lab.call(spec)
    loop, networks = _loop(spec, lab, artifact, loop_config)
    metrics = loop.run()
    task, steps = loop.task, loop.steps
    main, *_ = networks.values()
    _save(main, artifact.folder / MODEL)
    for name, network in networks.items():
        if network is not main:
            _save(network, artifact.folder / f"{name}.keras")
    images = task.samples()
    if images is not None:
        write_samples(artifact.folder / "samples.png", images)
    return {
        "steps": steps,
        "seconds": loop.seconds,
        "metrics": metrics,
        "state_sha256": state_digest(task.state, steps),
    }


def join(spec: Spec, lab: Trained, artifact: Artifact, loop_config: LoopConfig) -> None:
    """Another worker's part of a training: the same steps, and nothing else."""
    loop, _ = _loop(spec, lab, artifact, loop_config)
    loop.run()


def _loop(
    spec: Spec, lab: Trained, artifact: Artifact, loop_config: LoopConfig
) -> tuple[Loop, dict[str, keras.Model]]:
    """The loop that trains a value, and the networks, first the one that others will use."""
    steps = lab.setting.steps(spec, len(lab.dataset.train))
    with lab.strategy.scope():
        task, networks = _build(spec, lab)
    main, *_ = networks.values()
    loop = Loop(
        task,
        steps,
        artifact.folder,
        label=artifact.label,
        strategy=lab.strategy,
        config=loop_config,
        write_samples=write_samples,
        after={
            step: functools.partial(_save, main, artifact.folder / snapshot_name(number))
            for number, step in _snapshot_steps(spec, steps).items()
        },
    )
    return loop, networks


def _derive(artifact: Artifact, model: Path) -> dict[str, Any]:
    """A value that is not trained: its generator is another's."""
    with atomic_path(artifact.folder / MODEL) as temporary:
        shutil.copyfile(model, temporary)
    return {"steps": 0, "seconds": 0.0, "metrics": {}}


def _build(spec: Spec, lab: Trained) -> tuple[Task, dict[str, keras.Model]]:
    """The task of a value and its networks, first the one that others will use."""
    natural, setting = lab.dataset.train, lab.setting
    match spec:
        case GAN():
            fooling = None
            if spec.fools:
                frozen = [lab.model(classifier) for classifier in spec.fools]
                fooling = setting.fooling_loss(frozen, spec.phi, natural.shape)
            task, networks = setting.gan_task(natural, spec.seed, fooling)
            if spec.start is not None:
                _begin_with(networks, lab.artifact(spec.start))
            return task, networks
        case Classifier():
            generated = [lab.training_images(gan) for gan in spec.pool]
            task = ClassifierTask(
                spec.architecture, setting.classifier, natural, generated, spec.seed
            )
            return task, {"model": task.model}
        case DigitClassifier():
            task = DigitTask(setting.digits, natural, lab.dataset.train_labels, spec.seed)
            return task, {"model": task.model}
    raise TypeError(f"no stage trains {spec!r}")


def _begin_with(networks: dict[str, keras.Model], start: Artifact) -> None:
    """Gives networks the weights of a finished GAN's, moving averages included."""
    files = [start.model_file(), *(start.folder / f"{name}.keras" for name in list(networks)[1:])]
    for network, file in zip(networks.values(), files, strict=True):
        try:
            theirs = load_model(file)
        except InputError as error:
            raise InputError(
                f"{file} is missing or damaged; run its experiment again, which rebuilds it"
            ) from error
        for mine, its in zip(flat_variables(network), flat_variables(theirs), strict=True):
            mine.assign(its)


def _snapshot_steps(spec: Spec, steps: int) -> dict[int, int]:
    """After which step each snapshot is kept, by its number."""
    count = spec.snapshots if isinstance(spec, GAN) else 0
    return {number: round(number * steps / count) for number in range(1, count + 1)}


def _save(network: keras.Model, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        network.save(temporary)
