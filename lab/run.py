"""How a command trains: here, for another process, or by the executor that was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.executors import choice
from gan_knowledge_gaps.lab.executors.local import stop_with_parent
from gan_knowledge_gaps.lab.specs import Spec, in_order
from gan_knowledge_gaps.lab.store.plans import write_plan
from gan_knowledge_gaps.training.distribution import check_batch_size

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


def all_specs(lab: Lab, specs: Iterable[Spec]) -> list[Spec]:
    """Values with all they depend on, in order; first what the quality metric needs.

    Raises:
        InputError: a batch cannot be split over the devices, or natural images do not fit a value.
    """
    metric = [] if lab.quality.spec is None else [lab.quality.spec]
    ordered = in_order([*metric, *specs])
    for batch_size in {spec.batch_size(lab.config) for spec in ordered}:
        check_batch_size(batch_size, lab.strategy)
    for spec in ordered:
        spec.check(lab.config, lab.dataset.image_shape)
    return ordered


def is_job(lab: Lab, specs: list[Spec]) -> bool:
    """Whether this process is there to train for another; it has done so then.

    An executor started it, or it is one of several workers and not their chief.
    """
    values = flags.FLAGS
    if lab.workers.count > 1 and values.dry_run:
        raise InputError("--dry_run is for one process: leave TF_CONFIG out")
    if not lab.workers.is_chief:
        lab.trainings.run_as_worker(specs)
    elif values.as_worker:
        stop_with_parent()
        lab.train(specs)
    elif values.train_artifact:
        lab.train([with_key(values.train_artifact, specs, lab)])
    else:
        return False
    return True


def train(lab: Lab, specs: list[Spec], results: Path) -> list[Spec] | None:
    """Trains what is missing by the executor that was chosen.

    Returns:
        What was trained; None where it is queued.
    """
    executor = choice.chosen()
    lab.workdir.mkdir(parents=True, exist_ok=True)
    if lab.missing(specs):
        write_plan(lab, specs, results)
    trained = executor.train(lab, specs, results)
    lab.trainings.finish_workers()
    return trained


def with_key(key: str, specs: list[Spec], lab: Lab) -> Spec:
    """The one of some values whose artifact has a key; InputError if there is none."""
    for spec in specs:
        if lab.key(spec) == key:
            return spec
    raise InputError(
        f"this experiment has no {key}: the code, the data or the flags changed since it was "
        "queued; queue it again"
    )
