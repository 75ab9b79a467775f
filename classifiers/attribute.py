"""Which generator made these pictures, of those that an attributor knows?

    python -m classifiers.attribute --attributor=runs/attributor picture.png folder pictures.zip
    python -m classifiers.attribute --attributor=runs/attributor --format=csv --output=found.csv .

Prints for each picture the generator (or natural, or unknown) and the calibrated probability of the
likeliest class, given that one of those in the training made it. Paths and pictures that cannot be
read are as of `classifiers.detect`. `classifiers.train_attributor` makes an attributor.
"""

from collections import Counter

from absl import flags
from tqdm import tqdm

from gan_knowledge_gaps.classifiers.attribution.attributor import load_attributor
from gan_knowledge_gaps.classifiers.attribution.naming import UNKNOWN
from gan_knowledge_gaps.classifiers.attribution.pictures import WRITERS, attribute
from gan_knowledge_gaps.classifiers.detect import given, open_output
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress, say


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("attributor", None, "Folder of an attributor.")
    flags.DEFINE_enum(
        "format", "table", list(WRITERS), "Form of the findings; json: an object in each line, "
        "with the probabilities of all classes.",
    )  # fmt: skip
    flags.DEFINE_string("output", None, "File to write instead of stdout, whole or not at all.")
    flags.DEFINE_integer("batch_size", 32, "Pictures through the model at once.", lower_bound=1)
    command.run(_run, positional=True, resumes=False)


def _run(paths: list[str]) -> None:
    values = flags.FLAGS
    if not values.attributor or not paths:
        raise InputError(
            "--attributor=FOLDER is needed, and files, folders or zip files of pictures"
        )
    attributor = load_attributor(values.attributor)
    pictures = Pictures(given(paths))
    counts: Counter[str] = Counter()
    for line in pictures.passed_over:
        say(line)
    with (
        open_output(values.output) as stream,
        Progress("attributing", len(pictures), unit="pictures") as progress,
    ):
        writer = WRITERS[values.format](stream)
        for batch in attribute(attributor, pictures, values.batch_size):
            for each in batch:
                counts[each.generator] += 1
                if each.error:
                    say(each.error)
            with tqdm.external_write_mode():  # both may be on one terminal
                writer.write(batch)
            progress.advance(len(batch))
    unreadable = counts.pop("", 0)
    found = [f"{counts[name]:,} {name}" for name in (*attributor.classes, UNKNOWN)]
    say(f"{len(pictures) - unreadable:,} pictures: {', '.join(found)}")
    if unreadable:
        raise InputError(f"{unreadable:,} of {len(pictures):,} files could not be read")


if __name__ == "__main__":
    main()
