"""What a dry run prints: how long what experiments would train takes, and how much disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.experiments import budget
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.lab import run
from gan_knowledge_gaps.lab.planning.estimate import estimate
from gan_knowledge_gaps.lab.planning.text import each_alone, whole_plan
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.lab.store.cache import GIGABYTE

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.planning.costs import Cost


def only_planned(lab: Lab, experiments: Sequence[Experiment]) -> bool:
    """Whether the flags ask for a plan alone, which is printed then; and what fits in a budget.

    Args:
        lab: where everything would be trained.
        experiments: what is asked for: one experiment, or all of a command over several.

    Raises:
        InputError: it does not fit in the budget of the flags, and was to be started.
    """
    parts = budget.measured_parts(lab, experiments) if flags.FLAGS.dry_run else None
    if parts is not None:
        print(costs_of(lab, experiments, parts))
    budget.check(lab, experiments, parts)
    return parts is not None


def costs_of(lab: Lab, experiments: Sequence[Experiment], parts: dict[Spec, Cost]) -> str:
    """What all that is missing takes, and of several experiments what each takes alone.

    Args:
        lab: where everything would be trained.
        experiments: what would be.
        parts: the costs of the parts of what is missing.
    """
    from gan_knowledge_gaps.lab.planning.costs import combined, cost_classes

    specs = run.all_specs(lab, [spec for each in experiments for spec in each.specs])
    specs = [spec for spec in specs if spec.has_artifact]
    missing = lab.missing(specs)
    costs = combined(parts, cost_classes(missing))
    known, cache_bytes = flags.FLAGS.seconds_per_kimg, round(flags.FLAGS.cache_gb * GIGABYTE)
    lines = [f"setting {experiments[0].setting}: {lab.config.scale}"]
    if known is not None:
        lines.append(f"scaled to a device on which a GAN takes {known:g} s for 1,000 images")
    plan = estimate(lab, missing, costs)
    lines.append(whole_plan(plan, costs, len(specs) - len(missing), cache_bytes))
    if len(experiments) > 1:
        undone = set(missing)
        alone = {
            each.name: estimate(
                lab, [spec for spec in run.all_specs(lab, each.specs) if spec in undone], costs
            )
            for each in experiments
        }
        lines += ["", each_alone(alone)]
    return "\n".join(lines)
