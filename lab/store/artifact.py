"""An artifact: the folder of one trained thing, done once its manifest DONE.json is written."""

import contextlib
import errno
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gan_knowledge_gaps.data import (
    InputError,
    parse_json,
    read_json,
    sha256_file,
    sync_folder,
    write_json,
)
from gan_knowledge_gaps.data.json_files import EVERY, FILE_NAME, NUMBER, TEXT, optional
from gan_knowledge_gaps.training.checkpoints import DamagedCheckpointError, verify

DONE = "DONE.json"
STARTED, FAILED = "STARTED.json", "FAILED.json"
MODEL = "model.keras"
CHECKPOINTS, SNAPSHOTS = "checkpoints", "snapshots"
LOCKS = ".locks"
CHECKSUM = "checksum"
MOST_WORDS = 1000  # characters of an error that are kept
# What is added to the name of a folder that is moved aside, before a number.
STALE, DAMAGED = "stale", "damaged"
# What a lost file or a bad sector gives; anything else, such as a missing right, is no damage.
_DAMAGE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO)
# What is read of both files; both hold more.
_DESCRIPTION = {
    "label?": TEXT, "depends_on?": {EVERY: TEXT}, "family?": optional(TEXT),
    "spec?": {"kind?": TEXT, "psi?": NUMBER},
}  # fmt: skip
_MANIFEST = {
    **_DESCRIPTION, "depends_on": {EVERY: TEXT}, "sha256": TEXT, "seconds": NUMBER,
    "weights_sha256?": TEXT, "files?": {EVERY: TEXT}, CHECKSUM + "?": TEXT,
}  # fmt: skip

# What this process has read of files, with what says that they have not changed since.
_Version = tuple[int, int, int]
_hashed: dict[Path, tuple[_Version, str]] = {}
_manifests: dict[Path, tuple[_Version, dict[str, Any]]] = {}


class Artifact:
    """The folder of one trained thing.

    It holds STARTED.json with what the training builds on, FAILED.json with why it ended early if
    it failed, the training's checkpoints, metrics and samples, the model, caches of what is
    computed from it, and, written last, the manifest with the SHA-256 of the model.

    Args:
        folder: where it lies, named after its key.
        label: what people call it.
    """

    def __init__(self, folder: Path, label: str):
        self.folder, self.label = folder, label

    @property
    def key(self) -> str:
        """The folder's name."""
        return self.folder.name

    def is_done(self) -> bool:
        """Whether the training was finished, whatever happened to its files since."""
        return (self.folder / DONE).exists()

    def is_whole(self) -> bool:
        """Whether the training was finished and its networks are what they were then."""
        return self.is_done() and self.damage() is None

    def damage(self) -> str | None:
        """Which file of a finished artifact is missing or not what it was, if any.

        Files are hashed once in a process, and again where they have changed. Snapshots are not
        looked at: see `snapshot_file`.
        """
        try:
            manifest = self.manifest()
        except InputError:
            return DONE
        networks = {name: sha256 for name, sha256 in _files(manifest).items() if "/" not in name}
        changed = (
            name for name, sha256 in networks.items() if not is_intact(self.folder / name, sha256)
        )
        return next(changed, None)

    def is_complete(self) -> bool:
        """Whether the manifest of a finished artifact can be read and its networks are there.

        It is what can be told without hashing them.
        """
        try:
            names = _files(self.manifest())
        except InputError:
            return False
        return all((self.folder / name).is_file() for name in names if "/" not in name)

    def manifest(self) -> dict[str, Any]:
        """What was written when the training finished.

        Raises:
            InputError: the manifest can't be read.
        """
        path = self.folder / DONE
        try:
            version = _version(path)
            if path not in _manifests or _manifests[path][0] != version:
                _manifests[path] = version, _read_manifest(path)
        except (OSError, InputError) as error:
            if isinstance(error, OSError) and error.errno not in _DAMAGE:
                raise
            raise InputError(self._damaged(DONE)) from error
        return _manifests[path][1]

    def start(self, description: dict[str, Any]) -> None:
        """Says that the training begins, or goes on.

        Args:
            description: what to remember: at least `depends_on`, see `finish`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / STARTED, {"label": self.label, **description})
        (self.folder / FAILED).unlink(missing_ok=True)

    def fail(self, error: Exception) -> None:
        """Says why the training ended before its end, until it begins again."""
        # What made it fail, a full disk for instance, may stand in the way of this too.
        with contextlib.suppress(OSError, InputError):
            write_json(self.folder / FAILED, {"error": f"{error}"[:MOST_WORDS]})

    def description(self) -> dict[str, Any]:
        """What is known of the training, finished or not; empty where nothing can be read."""
        with contextlib.suppress(InputError):
            return self.manifest()
        with contextlib.suppress(InputError):
            return read_json(self.folder / STARTED, _DESCRIPTION, "")
        return {}

    def trained_on(self) -> dict[str, str] | None:
        """The weights' SHA-256 of each model that the training used, by key; None if unknown."""
        return self.description().get("depends_on")

    def finish(self, manifest: dict[str, Any]) -> None:
        """Declares the artifact done, its model being in the file MODEL.

        Args:
            manifest: what to remember: at least `seconds`, and `depends_on`, the weights' SHA-256
                of each model that the training used, by key.
        """
        files = {
            path.relative_to(self.folder).as_posix(): sha256_file(path)
            for path in sorted(self.folder.rglob("*.keras"))
            if not path.name.startswith(".")
        }
        from gan_knowledge_gaps.training.digests import weights_sha256

        digests = {
            "sha256": files[MODEL],
            "weights_sha256": weights_sha256(self.folder / MODEL),
            "files": files,
        }
        manifest = {"label": self.label, **manifest, **digests}
        write_json(self.folder / DONE, {**manifest, CHECKSUM: _checksum(manifest)})

    def weights_sha256(self) -> str:
        """SHA-256 of the model's weights: the same for a training repeated to the same bits."""
        manifest = self.manifest()
        return manifest.get("weights_sha256", manifest["sha256"])  # earlier versions had the latter

    def sound_weights(self) -> str | None:
        """The same; None where the artifact is not done, or not whole."""
        # Another process may take the artifact up again at any moment.
        with contextlib.suppress(InputError):
            return self.weights_sha256() if self.is_whole() else None
        return None

    def model_file(self) -> Path:
        """The model's file.

        Raises:
            InputError: it is missing or not what it was when the training finished.
        """
        return self._intact(MODEL)

    def snapshot_file(self, number: int) -> Path:
        """The file of a snapshot of the model, from 1.

        Raises:
            InputError: it is missing or not what it was when the training finished.
        """
        return self._intact(snapshot_name(number))

    def _intact(self, name: str) -> Path:
        path, sha256 = self.folder / name, _files(self.manifest()).get(name)
        if sha256 is None or not is_intact(path, sha256):
            raise InputError(self._damaged(name))
        return path

    def damaged_snapshots(self) -> list[str]:
        """The files of snapshots that are missing or not what they were."""
        with contextlib.suppress(InputError):
            files = _files(self.manifest()).items()
            snapshots = ((name, sha256) for name, sha256 in files if "/" in name)
            return [name for name, sha256 in snapshots if not is_intact(self.folder / name, sha256)]
        return []

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Whether this process holds the artifact; the system lets go of it if the process dies.

        The lock is a file beside the folder, because the folder may be moved aside.
        """
        locks = self.folder.parent / LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / self.key, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def reopen(self) -> None:
        """Makes a damaged artifact one whose training goes on at its last checkpoint.

        With checkpoints, none of which can be used, it is moved aside. To be called with the lock.
        """
        checkpoints = list((self.folder / CHECKPOINTS).glob("step-*"))
        if checkpoints and not any(map(_is_usable, checkpoints)):
            self.set_aside(DAMAGED)
            return
        # The next manifest takes the snapshots as they are.
        for snapshot in (self.folder / SNAPSHOTS).glob("*.keras"):
            if not is_sound_zip(snapshot):
                snapshot.unlink()
        (self.folder / DONE).unlink(missing_ok=True)
        sync_folder(self.folder)

    def set_aside(self, why: str) -> Path:
        """Renames the folder to <key>.<why>-<number>. To be called with the lock.

        Returns:
            Its new path.
        """
        number = 1
        while (aside := self.folder.with_name(f"{self.key}.{why}-{number}")).exists():
            number += 1
        self.folder.rename(aside)
        sync_folder(aside.parent)
        return aside

    def _damaged(self, name: str) -> str:
        path = self.folder / name
        if "/" in name:  # Checkpoints are of the end of the training.
            return f"{path} is missing or damaged; delete {self.folder} to train it again"
        return f"{path} is missing or damaged; run its experiment again, which rebuilds it"


def snapshot_name(number: int) -> str:
    """The file of a snapshot, in an artifact's folder."""
    return f"{SNAPSHOTS}/{number}.keras"


def is_sound_zip(path: Path) -> bool:
    """Whether a zip file (.keras, .npz) can be read and its checksums, of every byte, are right."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False


def is_intact(path: Path, sha256: str) -> bool:
    """Whether a file is there and has this SHA-256; read only if it has changed since last time."""
    try:
        version = _version(path)
        if path not in _hashed or _hashed[path][0] != version:
            _hashed[path] = version, sha256_file(path)
    except OSError as error:
        if error.errno not in _DAMAGE:
            raise
        return False
    return _hashed[path][1] == sha256


def _version(path: Path) -> _Version:
    """Another one for a file that was written again."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _read_manifest(path: Path) -> dict[str, Any]:
    """A manifest; an InputError if it is not as it was written."""
    manifest = parse_json(path.read_bytes(), path, _MANIFEST, "")
    if not all(map(FILE_NAME.holds, manifest.get("files", {}))):
        raise InputError(f"{path} names files outside of its folder")
    if manifest.get(CHECKSUM, _checksum(manifest)) != _checksum(manifest):  # old ones have none
        raise InputError(f"{path} has changed since it was written")
    return manifest


def _files(manifest: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of each network, by its file's name."""
    return {MODEL: manifest["sha256"], **manifest.get("files", {})}


def _checksum(manifest: dict[str, Any]) -> str:
    """SHA-256 of a manifest, its checksum left out."""
    content = {name: value for name, value in manifest.items() if name != CHECKSUM}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_usable(checkpoint: Path) -> bool:
    try:
        verify(checkpoint)
    except DamagedCheckpointError:
        return False
    return True
