"""Turns the errors of a full or failing disk into one line, whichever library raises them."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gan_knowledge_gaps.data.errors import InputError

# No room for what is written: some libraries say so in words only, which are always these.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What the user's machine refuses; any other error of a file is a fault of ours.
_REFUSED = (
    *FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EIO,
)  # fmt: skip


class WriteError(InputError, OSError):
    """A file that cannot be written, as one line; `errno` and `strerror` as of any OSError."""

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.errno, self.strerror = number, os.strerror(number)

    def __str__(self) -> str:
        return self.args[0]  # and not what OSError makes of a number


@contextlib.contextmanager
def writing(path: str | os.PathLike, needed: int | None = None) -> Iterator[None]:
    """Turns an error of the body, which writes a file or folder, into one line if the disk is why.

    Python, Pillow and NumPy raise an OSError, h5py too, but TensorFlow errors of its own; and an
    archive that is closed on a full disk may hide the first error behind a second. Of several
    around one another, the outermost names what the user asked for.

    Args:
        path: What the line names.
        needed: How many bytes are needed, where that is known.

    Raises:
        WriteError: The disk is full, or refuses. Any other error stays what it is.
    """
    try:
        yield
    except Exception as error:
        number = trouble(error)
        theirs = isinstance(error, InputError) and not isinstance(error, WriteError)
        if number is None or theirs or _is_elsewhere(error, path):
            raise
        raise WriteError(f"cannot write {path}: {_reason(number, path, needed)}", number) from error


def trouble(error: BaseException) -> int | None:
    """The errno of an error that means a full disk or missing rights; None for other errors.

    Some libraries report a full disk in words, or as the cause of another error.
    """
    number = getattr(error, "errno", None) if isinstance(error, OSError) else None
    if number in _REFUSED:
        return number
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        for each in FULL:
            if getattr(cause, "errno", None) == each or os.strerror(each) in str(cause):
                return each
        cause = cause.__cause__ or cause.__context__
    return None


def _is_elsewhere(error: Exception, path: str | os.PathLike) -> bool:
    """Whether an error names a file outside of the folder that is written to."""
    named = getattr(error, "filename", None)
    if not isinstance(named, str | bytes | os.PathLike):
        return False
    folder = Path(os.fsdecode(path)).absolute().parent
    return folder not in Path(os.fsdecode(named)).absolute().parents


def _reason(number: int, path: str | os.PathLike, needed: int | None) -> str:
    reason = os.strerror(number)
    if number not in FULL:
        return f"{reason}; put it right, or choose another place"
    sizes = [] if needed is None else [f"{needed:,} bytes are needed"]
    with contextlib.suppress(OSError):
        sizes.append(f"{shutil.disk_usage(_existing(Path(path))).free:,} are free")
    return f"{reason} ({', '.join(sizes)}); make room, then start it again"


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.absolute().parents) if each.exists())
