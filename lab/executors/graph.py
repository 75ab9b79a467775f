"""Which jobs an experiment is on a cluster, and which of them come before which."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from gan_knowledge_gaps.lab.specs import Spec


@dataclasses.dataclass(frozen=True)
class Job:
    """A job in the cluster's queue.

    Attributes:
        number: the cluster's name for it.
        after: numbers of the jobs that must succeed before it begins.
    """

    number: str
    after: tuple[str, ...] = ()


def needs(missing: Iterable[Spec], key: Callable[[Spec], str]) -> dict[str, list[str]]:
    """The jobs that train what is missing.

    A value that is made of another without a training, in seconds, has no job: whoever needs it
    makes it. So a classifier's job comes after those of the GANs behind its pool.

    Args:
        missing: what is not trained yet, with all it depends on that is not trained either, in
            training order.
        key: the name of a value's job.

    Returns:
        By job, in an order in which they can run, the jobs that it directly needs.
    """
    missing = list(missing)
    waits: dict[Spec, list[str]] = {}
    for spec in missing:
        before = [_jobs_of(each, waits, key) for each in spec.dependencies if each in waits]
        waits[spec] = list(dict.fromkeys(name for names in before for name in names))
    return {key(spec): waits[spec] for spec in missing if spec.is_trained}


def _jobs_of(spec: Spec, waits: dict[Spec, list[str]], key: Callable[[Spec], str]) -> list[str]:
    return [key(spec)] if spec.is_trained else waits[spec]


def last(needed: Mapping[str, Sequence[str]]) -> list[str]:
    """The jobs that no other needs: once they have succeeded, all have."""
    before = {name for names in needed.values() for name in names}
    return [name for name in needed if name not in before]


def kept(needed: Mapping[str, Sequence[str]], queued: Mapping[str, Job]) -> dict[str, Job]:
    """Those of the queued jobs that can still do what they were queued for.

    A job whose predecessor failed or was cancelled never begins; the cluster takes it from the
    queue, but not at once.

    Args:
        needed: by job, the jobs that it needs, in order.
        queued: what the cluster has in its queue, or runs, by name.
    """
    good: dict[str, Job] = {}
    for name, before in needed.items():
        job = queued.get(name)
        if job and all(each in good and good[each].number in job.after for each in before):
            good[name] = job
    return good
