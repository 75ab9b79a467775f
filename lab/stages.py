"""Trains one value: builds its task, runs the loop, saves the networks, writes the manifest."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_knowledge_gaps.data import atomic_path, write_samples
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.lab.store.artifact import MODEL, Artifact, snapshot_name
from gan_knowledge_gaps.report import collect
from gan_knowledge_gaps.training.compiling import Training
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.signals import Interrupted

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


def train(spec: Spec, lab: "Lab", artifact: Artifact, loop_config: LoopConfig) -> None:
    """Trains a value whose dependencies are there, or resumes it, up to its DONE manifest."""
    description = {
        "spec": {"kind": spec.kind, **spec.fields},
        "family": spec.family,
        "configuration": spec.configuration(lab.config),
        "data": {"name": lab.dataset.name, "fingerprint": lab.dataset.fingerprint},
        "depends_on": lab.lineage(spec),
    }
    length = {
        "steps": spec.steps(lab.config, len(lab.dataset.train)),
        "batch_size": spec.batch_size(lab.config),
    }
    artifact.start({**description, **length})
    try:
        trained = _made(spec, lab, artifact, loop_config)
    except Interrupted:
        raise
    except Exception as error:
        artifact.fail(error)
        raise
    artifact.finish({**description, **trained, "versions": collect()})


def _made(spec: Spec, lab: "Lab", artifact: Artifact, loop_config: LoopConfig) -> dict[str, Any]:
    """Trains, or derives; gives what the manifest says of it."""
    if spec.is_trained:
        return _train(spec, lab, artifact, loop_config)
    spec.derive(lab, artifact.folder / MODEL)
    return {"steps": 0, "seconds": 0.0, "metrics": {}}


def _train(spec: Spec, lab: "Lab", artifact: Artifact, loop_config: LoopConfig) -> dict[str, Any]:
    """Trains, and saves the networks; gives what the manifest says of the training."""
    lab.trainings.broadcast(spec)
    loop, training = _loop(spec, lab, artifact, loop_config)
    metrics = loop.run()
    loop.task.finish()
    for number, name in enumerate(training.names):
        _save(training, name, artifact.folder / (f"{name}.keras" if number else MODEL))
    images = loop.task.samples()
    if images is not None:
        write_samples(artifact.folder / "samples.png", images)
    return {
        "steps": loop.done,
        "seconds": loop.seconds,
        "metrics": metrics,
        "state_sha256": state_digest(loop.task.state, loop.done),
    }


def join(spec: Spec, lab: "Lab", artifact: Artifact, loop_config: LoopConfig) -> None:
    """Another worker's part of a training: the same steps, and nothing else."""
    loop, _ = _loop(spec, lab, artifact, loop_config)
    loop.run()


def _loop(
    spec: Spec, lab: "Lab", artifact: Artifact, loop_config: LoopConfig
) -> tuple[Loop, Training]:
    """The loop that trains a value, and what it trains."""
    steps = spec.steps(lab.config, len(lab.dataset.train))
    with lab.strategy.scope():
        training = lab.steps.training(*spec.build(lab))
    first, *_ = training.names  # the network that others will use
    measure = spec.watch(lab, functools.partial(training.network, first))
    loop = Loop(
        training.task,
        steps,
        artifact.folder,
        label=artifact.label,
        strategy=lab.strategy,
        config=loop_config,
        write_samples=write_samples,
        run_step=training.run_step,
        measure=measure,
        after={
            step: functools.partial(_save, training, first, artifact.folder / snapshot_name(number))
            for number, step in spec.snapshot_steps(steps).items()
        },
    )
    return loop, training


def _save(training: Training, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        training.network(name).save(temporary)
