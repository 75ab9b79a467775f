"""What is damaged in a workdir."""

from collections.abc import Iterator
from pathlib import Path

from gan_knowledge_gaps.lab.store.artifact import CHECKPOINTS, Artifact, is_sound_zip
from gan_knowledge_gaps.lab.store.inventory import artifacts, caches, is_aside, statistics
from gan_knowledge_gaps.training.checkpoints import DamagedCheckpointError, verify
from gan_knowledge_gaps.training.progress import Progress, say


def damaged(workdir: Path) -> Iterator[str]:
    """A line for each damaged file: what it is, and what to do.

    Every byte of networks, checkpoints and caches is read. What was moved aside is left out, and
    what another process is working on, which says so.
    """
    everything = [each for each in artifacts(workdir) if not is_aside(each.key)]
    with Progress("verify", len(everything), unit="artifacts") as progress:
        for artifact in everything:
            with artifact.lock() as held:
                if held:
                    yield from _damaged(artifact)
                else:
                    say(f"{artifact.key}: another process is working on it, left out")
            progress.advance()
    yield from _damaged_caches(statistics(workdir))


def _damaged(artifact: Artifact) -> Iterator[str]:
    damage = artifact.damage() if artifact.is_done() else None
    if damage is not None:
        yield (
            f"{artifact.folder / damage} is missing or damaged: run an experiment with "
            f"{artifact.label} again, which rebuilds it"
        )
    for name in artifact.damaged_snapshots():
        yield (
            f"{artifact.folder / name} is missing or damaged: where it is needed, delete "
            f"{artifact.folder} to train it again"
        )
    for checkpoint in sorted((artifact.folder / CHECKPOINTS).glob("step-*")):
        try:
            verify(checkpoint)
        except DamagedCheckpointError as error:
            yield f"{checkpoint} cannot be used ({error}): delete it; the one before it serves"
    yield from _damaged_caches(caches(artifact.folder))


def _damaged_caches(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if not is_sound_zip(path):
            yield f"{path} is damaged: it is computed again when it is needed"
