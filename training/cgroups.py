"""What a container or a batch system allows this process: Linux' control groups, versions 1 and 2.

psutil tells what the machine has, and nothing of these limits.
"""

import re
from pathlib import Path

_NO_LIMIT = 2**60  # for "no limit", version 1 gives a number beyond any memory
_MEMORY = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def processor_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of time that this process may use, or None if there is no limit.

    Args:
        root: of the file system.
    """
    quotas = []
    for group in _groups(root, "cpu"):
        words = _read(group / "cpu.max").split()  # version 2: "quota period" or "max period"
        words = words or [_read(group / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        if len(words) == 2 and all(word.isdigit() for word in words):
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def memory_left(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take under its limits, or None if there is no limit.

    What the system keeps of files in memory counts as free, for it is given back.
    """
    left = []
    for group in _groups(root, "memory"):
        for limit, usage, cached in _MEMORY:
            words = [_read(group / name) for name in (limit, usage)]
            if all(word.isdigit() for word in words) and int(words[0]) < _NO_LIMIT:
                files = re.search(rf"^{cached} (\d+)$", _read(group / "memory.stat"), re.MULTILINE)
                left.append(max(0, int(words[0]) - int(words[1]) + int(files[1] if files else 0)))
    return min(left, default=None)


def _groups(root: Path, controller: str) -> list[Path]:
    """The folders of this process's control group and of those above it: each may set a limit."""
    folders = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controllers and controller)
        folder = top / path.lstrip("/")
        # In a container, the path may be the host's, and the files are those of the top.
        folders += [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
    return folders


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
