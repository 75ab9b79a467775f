"""Networks from outside with which the GANs of iteration 0 begin, as a command line names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.experiments.experiment import Start
from gan_knowledge_gaps.lab import flags as lab_flags
from gan_knowledge_gaps.lab.config import IMAGES
from gan_knowledge_gaps.lab.specs import StartingPoint
from gan_knowledge_gaps.training.flag_help import TRAINING, group

SHARE = 0.1  # of a whole training, unless a flag says otherwise


def define(settings: Sequence[str]) -> None:
    """Declares the flags, where GANs are trained."""
    if IMAGES in settings:
        return
    with group(TRAINING):
        flags.DEFINE_string(
            "start", None, "The GANs of iteration 0 begin with these networks: a run of "
            "stylegan2.train, or a published StyleGAN2 pickle.",
        )  # fmt: skip
        flags.DEFINE_float(
            "start_share", None, "With --start: the length of their trainings, as a share of a "
            f"whole one [{SHARE:g}].",
            lower_bound=1e-6, upper_bound=1.0,
        )  # fmt: skip


def chosen() -> Start | None:
    """What the flags name.

    Raises:
        InputError: its networks are not those of the setting, or one is missing.
    """
    values = flags.FLAGS
    if "start" not in values:
        return None
    if values.start is None:
        if values.start_share is not None:
            raise InputError("--start_share goes with --start")
        return None
    family = lab_flags.chosen_config().families[0]
    networks = family.open_networks(values.start)
    point = StartingPoint(Path(values.start).name, family.name, networks)
    return Start(point, values.start_share or SHARE)
