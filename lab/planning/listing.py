"""What an experiment would train: the dry run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gan_knowledge_gaps.lab.specs import Spec, in_order

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


def describe_plan(lab: Lab, specs: Iterable[Spec]) -> str:
    """Lists what is missing, in training order, with the images each training would process.

    An image counts once per step that it is in. A GAN's step also generates as many images as it
    reads, which are not counted.
    """
    everything = [spec for spec in in_order(specs) if spec.has_artifact]
    missing = lab.missing(everything)
    images = {spec: _images(lab, spec) for spec in missing}
    lines = [
        f"{images[spec]:>14,} images  {lab.key(spec)}  {spec!r}"
        + (f"  ({state})" if (state := lab.state(spec)) else "")
        for spec in missing
    ]
    for kind in dict.fromkeys(spec.kind for spec in missing):
        each = [count for spec, count in images.items() if spec.kind == kind]
        lines.append(f"{sum(each):>14,} images in {len(each)} trainings of kind {kind}")
    done = len(everything) - len(missing)
    lines.append(f"{len(missing)} to train, {done} of {len(everything)} done already")
    return "\n".join(lines)


def _images(lab: Lab, spec: Spec) -> int:
    return spec.steps(lab.config, len(lab.dataset.train)) * spec.batch_size(lab.config)
