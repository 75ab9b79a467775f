"""Natural images and generators from outside, as the command line names them."""

from pathlib import Path

from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import Dataset, InputError
from gan_knowledge_gaps.data.groups import HELP as GROUPS_HELP
from gan_knowledge_gaps.data.groups import describe_groups
from gan_knowledge_gaps.lab.specs import ImageSet, ImageSource, Published
from gan_knowledge_gaps.training.flag_help import DATA, NEEDED, group
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import CONFIG

LEAST = 2


def define_sources() -> None:
    """Declares the flags."""
    with group(NEEDED):
        flags.DEFINE_string("natural", None, "Folder, zip file or records of natural images.")
        flags.DEFINE_list(
            "generators", None, "name=PATH,name=PATH,...: a folder, zip file or records of a "
            "generator's images, a published StyleGAN2 pickle, or a run of stylegan2.train.",
        )  # fmt: skip
    with group(DATA):
        flags.DEFINE_integer(
            "resolution", 64, "Height and width of all images; others are resized.", lower_bound=8
        )
        flags.DEFINE_integer(
            "channels", 3, "Colour channels of all images: 1 (grey) or 3 (RGB).", 1, 3
        )
        flags.DEFINE_string("filter", None, "How images are resized: lanczos (default) or box.")
        flags.DEFINE_string("groups", None, GROUPS_HELP)


def open_natural() -> Dataset:
    """The natural images; InputError if there are none."""
    if not flags.FLAGS.natural:
        raise InputError("--natural (folder, zip file or records of natural images) is needed")
    return _open(flags.FLAGS.natural, "--natural")


def open_sources() -> tuple[ImageSource, ...]:
    """The generators, in their order.

    Raises:
        InputError: there are fewer than two, a name repeats or is missing, or a path is at fault.
    """
    sources: dict[str, ImageSource] = {}
    for text in flags.FLAGS.generators or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise InputError(f"--generators: '{text}' is not name=PATH")
        if name in sources:
            raise InputError(f"--generators names {name} twice")
        sources[name] = _source(name, path)
    if len(sources) < LEAST:
        raise InputError(f"--generators: give at least {LEAST}, as name=PATH,name=PATH")
    if len(set(sources.values())) < len(sources):
        raise InputError("--generators: two of them are the same images")
    return tuple(sources.values())


def _source(name: str, path: str) -> ImageSource:
    found = Path(path)
    if found.suffix in (".pkl", ".keras") or (found / CONFIG).is_file():
        return Published(name, found)
    return ImageSet(name, _open(path, f"--generators: {name}"))


def _open(path: str, flag: str) -> Dataset:
    values = flags.FLAGS
    opened = data.open_path(
        path, values.resolution, values.channels, values.filter, flag, groups=values.groups
    )
    if opened.passed_over:
        say(opened.passed_over)
    if opened.dataset.groups is not None:
        say(f"{flag}: {describe_groups(opened.dataset.groups, opened.dataset.parts[0])}")
    return opened.dataset
