"""The flags that every experiment shares, declared once."""

from absl import flags

import data
from experiments import setting
from training.config import define_flags, override

NETWORKS = ("gan", "classifier", "digits")


def define() -> None:
    """Declares the shared flags, and those of the networks' trainings."""
    flags.DEFINE_string("workdir", "runs", "Folder of artifacts and results; experiments share it.")
    flags.DEFINE_string(
        "results", None, "Folder for the results; default: <workdir>/results/<what was run>."
    )
    flags.DEFINE_boolean(
        "natural_samples", True,
        "Show natural images in the results; not where they may not be handed on.",
    )  # fmt: skip
    flags.DEFINE_enum("dataset", "digits", sorted(data.DATASETS), "Natural images.")
    flags.DEFINE_string("data_dir", None, "Folder of the data set's files, where it has any.")
    flags.DEFINE_enum(
        "preset", "quick", list(setting.PRESETS),
        "quick: minutes on a laptop; reduced: hours on 2 cores; paper: the paper's numbers.",
    )  # fmt: skip
    flags.DEFINE_integer("seed", 0, "Seed of all instances.", lower_bound=0)
    flags.DEFINE_integer(
        "cpu_replicas", 0, "Split every batch over this many logical CPU devices; 0 for none.",
        lower_bound=0,
    )  # fmt: skip
    flags.DEFINE_integer(
        "workers", 1,
        "Trainings side by side, each on its share of the cores. The last bits of a training "
        "depend on the number of its cores.",
        lower_bound=1,
    )  # fmt: skip
    flags.DEFINE_boolean("as_worker", False, "Given by --workers to the processes it starts.")
    flags.DEFINE_boolean("dry_run", False, "List what would be trained, and train nothing.")
    for name in NETWORKS:
        presets = {preset: getattr(each, name) for preset, each in setting.PRESETS.items()}
        define_flags(name, presets)


def chosen_setting() -> setting.Setting:
    """The preset's setting with the fields overridden that were given as flags."""
    preset = setting.PRESETS[flags.FLAGS.preset]
    fields = {name: override(getattr(preset, name), name, flags.FLAGS) for name in NETWORKS}
    return setting.Setting(**fields)
