"""Trains what is missing: one process or several, each value once, repairs included."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab import stages
from gan_knowledge_gaps.lab.specs import Spec, in_order
from gan_knowledge_gaps.lab.store.artifact import STALE
from gan_knowledge_gaps.lab.store.inventory import affected
from gan_knowledge_gaps.training import custom_gradients
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

# How often a process without work looks for some, while others train.
POLL_SECONDS = 0.2
_NOTHING = -1  # What the chief says when nothing is left.


class Trainings:
    """Trains the values of a lab.

    Of several workers that make the steps of one training together, the chief calls `train` and
    `finish_workers`, and the others `run_as_worker`.

    Args:
        lab: whose.
    """

    def __init__(self, lab: "Lab"):
        self._lab = lab
        self._order: list[Spec] = []  # of what is trained, the same in all workers

    def train(self, specs: Iterable[Spec]) -> list[Spec]:
        """Trains what is missing for these values, one after another.

        Other processes may do the same at the same time: each takes what is ready and free.

        An artifact that is damaged is made again: its training resumes at its last checkpoint, and
        ends with the same weights. Where it ends with others, what was trained on it is moved aside
        and trained again, and so on.

        Returns:
            What this process trained.
        """
        specs, trained = list(specs), []
        self._order = in_order(specs)
        total = left = 0
        waiting = False
        while missing := self._lab.missing(specs):
            total += max(0, len(missing) - left)
            left = len(missing)
            spec = self._train_first_free(missing, f"[{total - len(missing) + 1}/{total}]")
            if spec is not None:
                trained.append(spec)
                left -= 1
            else:
                if not waiting:
                    say(f"{missing[0]!r}: another process is training it; waiting")
                time.sleep(POLL_SECONDS)
            waiting = spec is None
        return trained

    def broadcast(self, spec: Spec) -> None:
        """Tells the other workers, if there are any, what all of them train now."""
        if self._lab.workers.count > 1:
            self._lab.workers.of_chief(self._order.index(spec))

    def finish_workers(self) -> None:
        """Tells the other workers that nothing is left to train."""
        if self._lab.workers.count > 1:
            self._lab.workers.of_chief(_NOTHING)
            self._lab.workers.part()

    def run_as_worker(self, specs: Iterable[Spec]) -> None:
        """In another worker than the chief: trains with it whatever it trains of these values."""
        ordered = in_order(specs)
        while (number := self._lab.workers.of_chief(0)) != _NOTHING:
            spec = ordered[number]
            with custom_gradients.release_gradient_registry():
                stages.join(spec, self._lab, self._lab.artifact(spec), self._lab.loop_config)
        self._lab.workers.part()

    def _train_first_free(self, missing: list[Spec], position: str) -> Spec | None:
        """Trains the first value that needs nothing else and that no other process has."""
        waited_for = set(missing)
        for spec in missing:
            if not waited_for.isdisjoint(in_order(spec.dependencies)):
                continue
            with self._lab.artifact(spec).lock() as held:
                # Looked at once more, with the lock: another process may have finished it.
                if held and self._lab.missing([spec]) == [spec]:
                    repaired = self.clear(spec)
                    say(f"{position} {spec!r}  {self._lab.key(spec)}")
                    if self._train(spec):
                        if repaired:
                            self._tell_dependants(spec)
                        return spec
        return None

    def clear(self, spec: Spec) -> bool:
        """Makes way for a training where an artifact is damaged or its models have changed.

        Returns:
            Whether it is damaged, and will be rebuilt.
        """
        artifact = self._lab.artifact(spec)
        changed = self._lab.changed_dependency(spec, self._lab.weights(spec.dependencies))
        if changed is not None:
            aside = artifact.set_aside(STALE)
            say(
                f"{spec!r} was trained on another {changed!r} than there is now: "
                f"moved aside to {aside}, and trained again"
            )
            return False
        damage = artifact.damage() if artifact.is_done() else None
        if damage is None:
            return False
        say(f"{spec!r}: {artifact.folder / damage} is missing or damaged: rebuilding it")
        artifact.reopen()
        return True

    def _tell_dependants(self, spec: Spec) -> None:
        """After a repair: names all in the workdir that was trained on other weights."""
        builds_on_it = affected(self._lab.workdir, self._lab.key(spec))
        for artifact in builds_on_it:
            say(
                f"{artifact.label}, {artifact.key}: it builds on the {spec!r} of before; "
                "it is trained again when an experiment needs it"
            )
        if not builds_on_it:
            say(f"{spec!r} is rebuilt; nothing was trained on other weights of it")

    def _train(self, spec: Spec) -> bool:
        """Trains a value; False where something it needs was found damaged meanwhile."""
        try:
            with custom_gradients.release_gradient_registry():
                stages.train(spec, self._lab, self._lab.artifact(spec), self._lab.loop_config)
        except InputError as error:
            # The other workers are in the middle of this training, and could not go on to another.
            if self._lab.workers.count > 1 or not self._lab.missing(spec.dependencies):
                raise
            say(str(error))
            return False
        return True
