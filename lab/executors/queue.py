"""The jobs that were queued for a workdir, and which of them Slurm still has."""

import subprocess
from pathlib import Path

from gan_knowledge_gaps.data import InputError, read_json, write_json
from gan_knowledge_gaps.data.json_files import TEXT
from gan_knowledge_gaps.lab.executors.graph import Job

_JOB = {"job": TEXT, "after": [TEXT]}


class Queue:
    """Remembers the job of each name in a file.

    Args:
        folder: of the files; made if need be.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def remember(self, name: str, job: Job) -> None:
        """Writes down that a job is in the queue."""
        write_json(self._file(name), {"job": job.number, "after": list(job.after)})

    def queued(self) -> dict[str, Job]:
        """The remembered jobs that wait or run, by name.

        Ask it before looking for what is done: a job that ends in between is then done.

        Raises:
            InputError: Slurm doesn't answer, or a file can't be read.
        """
        alive = _names_by_number()
        remembered = {path.stem: self._read(path) for path in self._folder.glob("*.json")}
        # The name too, because Slurm's numbers come again, as do those of another cluster.
        return {name: job for name, job in remembered.items() if alive.get(job.number) == name}

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, path: Path) -> Job:
        content = read_json(path, _JOB, "cancel its job, and delete the file")
        return Job(content["job"], tuple(content["after"]))


def state(number: str) -> str:
    """Slurm's word for the state of a job, such as RUNNING; empty if it has forgotten it."""
    lines = _squeue("--states=all", "--format=%A|%T").splitlines()
    return dict(line.split("|", 1) for line in lines).get(number, "")


def _names_by_number() -> dict[str, str]:
    """All that waits or runs, whoever queued it: a workdir may be a group's."""
    lines = _squeue("--format=%A|%j").splitlines()
    return dict(line.split("|", 1) for line in lines)


def _squeue(*arguments: str) -> str:
    command = ["squeue", "--noheader", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except FileNotFoundError as error:
        raise InputError("there is no Slurm here: no squeue in PATH") from error
    except subprocess.CalledProcessError as error:
        raise InputError(f"Slurm does not answer: {' '.join(error.stderr.split())}") from error
    except subprocess.TimeoutExpired as error:
        raise InputError("Slurm does not answer: squeue took more than two minutes") from error
    return done.stdout
