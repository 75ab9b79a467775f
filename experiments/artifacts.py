"""What lies in a workdir: lists it, verifies it, and removes what nothing needs.

    python -m experiments.artifacts list --workdir=runs
    python -m experiments.artifacts verify --workdir=runs
    python -m experiments.artifacts remove --workdir=runs --unneeded --checkpoints --yes

`list` hashes nothing; `verify` reads every byte and exits with 1 if something is damaged. `remove`
lists what it would remove, removes it only with --yes, and never what another process works on:

--unneeded     Artifacts that no report below --results names, and that nothing that is named there
               or not finished yet was trained on.
--stale        What was moved aside: trained on a model that was trained again since, or damaged.
--checkpoints  Checkpoints of finished trainings. Without them a damaged model is trained again.
--caches       Images, logits and statistics. They are computed again when they are needed.
"""

import sys
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.store.inventory import RESULTS, entries
from gan_knowledge_gaps.lab.store.listing import bytes_text, listing
from gan_knowledge_gaps.lab.store.removal import Selection, removals, remove, remove_leftovers
from gan_knowledge_gaps.lab.store.verification import damaged
from gan_knowledge_gaps.training import command


def main() -> None:
    """The command line."""
    flags.DEFINE_string("workdir", "runs", "Folder of artifacts.")
    flags.DEFINE_list("results", None, "remove: folders of reports; default: <workdir>/results.")
    flags.DEFINE_boolean("unneeded", False, "remove: artifacts that nothing needs.")
    flags.DEFINE_boolean("stale", False, "remove: artifacts that were moved aside.")
    flags.DEFINE_boolean("checkpoints", False, "remove: checkpoints of finished trainings.")
    flags.DEFINE_boolean("caches", False, "remove: what is computed from models.")
    flags.DEFINE_list("keep", [], "remove: names of artifacts to keep, with what they build on.")
    flags.DEFINE_boolean("yes", False, "remove: do it.")
    command.run(_run, positional=True, resumes=False)


def _run(arguments: list[str]) -> None:
    commands = {"list": _list, "verify": _verify, "remove": _remove}
    if len(arguments) != 1 or arguments[0] not in commands:
        raise InputError("say what to do: python -m experiments.artifacts list, verify or remove")
    workdir = Path(flags.FLAGS.workdir)
    if not workdir.is_dir():
        raise InputError(f"--workdir: there is no folder {workdir}")
    commands[arguments[0]](workdir)


def _list(workdir: Path) -> None:
    print(listing(workdir, entries(workdir)))


def _verify(workdir: Path) -> None:
    count = 0
    for line in damaged(workdir):
        count += 1
        print(line)
    if count:
        sys.exit(1)
    print(f"{workdir} is sound")


def _remove(workdir: Path) -> None:
    values = flags.FLAGS
    selection = Selection(values.unneeded, values.stale, values.checkpoints, values.caches)
    if not any(selection):
        raise InputError("say what to remove: --unneeded, --stale, --checkpoints or --caches")
    results = [Path(each) for each in values.results or [workdir / RESULTS]]
    chosen = removals(workdir, selection, results, values.keep)
    for each in chosen:
        print(f"{bytes_text(each.bytes):>9}  {each.what}")
    total = bytes_text(sum(each.bytes for each in chosen))
    if not values.yes:
        print(f"{total:>9}  in all; nothing is removed without --yes")
        return
    remove_leftovers(workdir)
    freed = 0
    for each in chosen:
        if remove(each):
            freed += each.bytes
        else:
            print(f"{each.what}: another process is working on it, left alone")
    print(f"{bytes_text(freed):>9}  removed")


if __name__ == "__main__":
    main()
