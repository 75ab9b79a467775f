"""What a result was obtained with: software versions, hardware and code."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

UNKNOWN = "unknown"

_PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "pillow",
    "matplotlib",
)


def collect() -> dict[str, str | int]:
    """Python, platform, CPU, GPUs, the installed packages that matter, and the code's commit.

    TensorFlow's version is read from its distribution, without importing it. 'gpus' is there only
    where the NVIDIA driver lists some.
    """
    found: dict[str, str | int] = {
        "commit": commit_of(Path(__file__)),
        "python": platform.python_version(),
        **_package_versions(),
        "platform": platform.platform(),
        "cpu": _cpu_model(),
        "cpu cores": os.cpu_count() or UNKNOWN,
        "cpu cores used": _cores_used(),
    }
    gpus = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return found | ({"gpus": ", ".join(gpus.splitlines())} if gpus else {})


def commit_of(file: Path) -> str:
    """The git commit of the checkout that tracks `file`.

    Returns:
        The full hash, followed by '+changes' where tracked files differ from it; 'unknown' where
        git is absent or does not track the file (it may be installed inside another checkout).
    """
    folder = str(file.parent)
    if not _output("git", "-C", folder, "ls-files", file.name):
        return UNKNOWN
    commit = _output("git", "-C", folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return UNKNOWN
    changes = _output("git", "-C", folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changes else commit


def _package_versions() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _cores_used() -> int | str:
    """The cores that this process may use; the last bits of a training depend on their number."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or UNKNOWN


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    brand = _output("sysctl", "-n", "machdep.cpu.brand_string")
    return brand or platform.processor() or platform.machine()


def _output(*command: str) -> str:
    """Standard output of a command, stripped; empty where it fails or does not exist."""
    # Inside a git hook GIT_DIR and its like name the hook's repository, not the code's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, env=environment, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
