"""A real Slurm of one machine, in a folder of its own, for as long as a test runs.

Nothing of the machine's own configuration is read or changed. Debian's packages slurm-wlm and munge
have all that it takes.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
_SEARCH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])

# Two partitions on one node, which claims four cores: a job in `high` takes the place of those in
# `low`, which get a SIGTERM first and are killed after GraceTime. Short times all over.
_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,batch_sched_delay=1,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""


def reason_to_skip() -> str | None:
    """Why there can be no Slurm here; None if there can be one."""
    missing = [name for name in (*DAEMONS, "sbatch") if shutil.which(name, path=_SEARCH) is None]
    if missing:
        return f"no {', '.join(missing)}: on Debian, apt install slurm-wlm munge"
    if os.geteuid() != 0:
        return "Slurm's daemons have to be started by root"
    return None


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Starts Slurm; its commands, and those that the body starts, find it. Ends all jobs."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "state").mkdir()
        configuration = folder / "slurm.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                host=socket.gethostname(), folder=folder, controller_port=_free_port(),
                node_port=_free_port(),
            )
        )  # fmt: skip
        key = folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        os.environ["SLURM_CONF"] = str(configuration)
        stack.callback(os.environ.pop, "SLURM_CONF")
        munge_files = {"key-file": key} | {
            what: folder / f"munge.{what.partition('-')[0]}"
            for what in ("socket", "pid-file", "log-file", "seed-file")
        }
        options = [f"--{what}={path}" for what, path in munge_files.items()]
        stack.enter_context(_daemon("munged", "--foreground", "--force", *options))
        _until(lambda: (folder / "munge.socket").exists(), 30)
        stack.enter_context(_daemon("slurmctld", "-D", "-c"))
        stack.enter_context(_daemon("slurmd", "-D"))
        _until(lambda: "idle" in slurm("sinfo", "--noheader", "--format=%T", check=False), 60)
        stack.callback(_end_all_jobs)
        yield


def slurm(*command: str, check: bool = True) -> str:
    """What one of Slurm's commands prints."""
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


def jobs() -> list[str]:
    """Numbers of the jobs that wait or run."""
    return slurm("squeue", "--noheader", "--format=%A").split()


def wait_for_jobs(seconds: float) -> None:
    """Returns when no job waits or runs."""
    _until(lambda: not jobs(), seconds)


def detail(job: str, name: str) -> str:
    """One of the values that `scontrol show job` lists, a while after the job's end too."""
    listed = dict(word.split("=", 1) for word in slurm("scontrol", "show", "job", job).split())
    return listed[name]


def _end_all_jobs() -> None:
    for job in jobs():
        slurm("scancel", job, check=False)
    wait_for_jobs(60)


@contextlib.contextmanager
def _daemon(name: str, *options: str) -> Iterator[None]:
    path = shutil.which(name, path=_SEARCH)
    process = subprocess.Popen(
        [path, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def _until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "Slurm took too long"
        time.sleep(0.5)
