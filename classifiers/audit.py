"""Looks for differences of natural and generated images that are no trace of a generator.

    python -m classifiers.audit --natural=faces.zip --generated=gan1,gan2
    python -m classifiers.audit --natural=photos --generated=gan --groups=folder --output=audit

Looks for shortcuts that a detector would learn (sizes, cuts, file formats and their JPEG tables,
metadata, enlarging, framing) and for near-duplicates that stand on both sides of the split. With
`--output` writes a report, and groups.csv: images that belong together, for `--groups` of
`classifiers.train`. A short form runs before every training.
"""

import time
from pathlib import Path

from absl import flags

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    check_common_size,
    check_sets_given,
    chosen_common_size,
    define_channels,
    define_common_size,
    define_sets,
    names_of,
    open_sets,
)
from gan_knowledge_gaps.data import InputError, write_bytes
from gan_knowledge_gaps.data.groups import check_rule
from gan_knowledge_gaps.report import Report
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import say

GROUPS = "groups.csv"


def main() -> None:
    """The command line."""
    with group(NEEDED):
        define_sets()
    define_common_size()
    flags.DEFINE_string("output", None, f"Folder of the report and of {GROUPS}.")
    flags.DEFINE_integer(
        "resolution", 64, "Height and width at which images are compared.", lower_bound=16
    )
    define_channels()
    flags.DEFINE_integer(
        "compared", 20_000, "Most images of each set among which near-duplicates are looked for; "
        "the time grows with the square.", lower_bound=2,
    )  # fmt: skip
    flags.DEFINE_integer(
        "examined", 2000, "Most images of each set whose files are looked at.", lower_bound=2
    )
    define_strict()
    command.run(_run, resumes=False)


def define_strict() -> None:
    """Defines --strict."""
    flags.DEFINE_boolean("strict", False, "Refuse to go on where the audit warns of anything.")


def check_strict(content: dict) -> None:
    """Raises InputError where --strict is given and an audit found something."""
    found = len(content["findings"])
    if flags.FLAGS.strict and found:
        raise InputError(
            f"--strict: the audit warns {found} time{'s' if found > 1 else ''}, as said above; put "
            "that right, or leave --strict out"
        )


def _run() -> None:
    values = flags.FLAGS
    check_sets_given()
    check_common_size(values.common_size)
    check_rule(values.groups)
    from gan_knowledge_gaps.classifiers.auditing.audit import audit, related_csv, warn
    from gan_knowledge_gaps.classifiers.auditing.tables import audit_tables

    started = time.monotonic()
    common_size = chosen_common_size(values.common_size)
    opened = open_sets(values.resolution, values.channels, None, values.groups, common_size)
    content, related = audit(
        opened, names_of(values.generated), common_size, values.compared, values.examined
    )
    tables = audit_tables(content)
    print("\n".join(map(report.to_text, tables)))
    warn(content)
    if values.output:
        folder = Path(values.output)
        page = report.write(_report(content, tables, time.monotonic() - started), folder)
        if related.is_complete(opened):
            write_bytes(folder / GROUPS, related_csv(opened, related))
        else:
            say(f"no {GROUPS}, because not all images were compared: raise --compared")
        print(page)
    check_strict(content)


def _report(content: dict, tables: list[report.Table], seconds: float) -> Report:
    found = [each["text"] for each in content["findings"]]
    return Report(
        name="audit",
        title="What tells the sets apart",
        question="What would a detector learn that is no trace of a generator?",
        paper_claim="",
        summary="\n\n".join(found) or "Nothing was found that tells the sets apart.",
        facts={"natural": flags.FLAGS.natural, "generated": ", ".join(flags.FLAGS.generated)},
        configuration={"groups": flags.FLAGS.groups, "common size": content["common_size"]},
        seeds={},
        command=command_line(),
        wall_time_seconds=seconds,
        tables=tuple(tables),
    )


if __name__ == "__main__":
    main()
