"""What a container or a batch system allows this process, by Linux' control groups."""

from pathlib import Path

# What version 1 says for "no limit" is a number beyond any memory.
_NO_LIMIT = 2**60


def processor_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of time that this process may use, or None if there is no limit.

    Args:
        root: of the file system.
    """
    quotas = []
    for folder in _folders(root, "cpu"):
        words = _read(folder / "cpu.max").split()  # version 2: "quota period" or "max period"
        if not words:
            words = [_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        if all(word.isdigit() for word in words) and len(words) == 2:
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def memory_left(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take under its limits, or None if there is no limit.

    What the system keeps of files in memory counts as free, for it is given back.
    """
    left = []
    for folder in _folders(root, "memory"):
        for limit, usage, inactive in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            words = [_read(folder / name) for name in (limit, usage)]
            if all(word.isdigit() for word in words) and int(words[0]) < _NO_LIMIT:
                used = int(words[1]) - _statistic(folder / "memory.stat", inactive)
                left.append(max(0, int(words[0]) - used))
    return min(left, default=None)


def _folders(root: Path, controller: str) -> list[Path]:
    """This process's control group and those above it, each of which may set a limit."""
    folders = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", controller) and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controllers and controller)
        folder = top / path.lstrip("/")
        # In a container, the path may be the host's, and the files are those of the top.
        folders += [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
    return folders


def _statistic(path: Path, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
