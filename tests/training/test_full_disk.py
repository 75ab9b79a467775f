"""A full disk costs one line: what was saved stays, and the command goes on once there is room.

A limit on the size of files stands for the disk; Python ignores its signal, so that writing beyond
it is an error, and TensorFlow and h5py fail as they do on a full disk. Where file systems of a
fixed size can be mounted, one is.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_training import TinyTask, digest, logged, make_loop

from gan_knowledge_gaps.data import InputError, WriteError, atomic_path, whole_folder, write_bytes
from gan_knowledge_gaps.training.checkpoints import Checkpoints

resource = pytest.importorskip("resource", reason="Windows has no limits of file size")
ROOT = Path(__file__).resolve().parents[2]
FULL = ("File too large", "No space left on device")


@contextlib.contextmanager
def no_file_above(size: int):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def small_disk(tmp_path):
    """The root of a file system of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def one_line(message: str) -> str:
    assert len(message.splitlines()) == 1 and len(message) <= 300 and "Errno" not in message
    assert any(reason in message for reason in FULL) and "make room" in message
    return message


def save_model(path: Path) -> None:
    model = keras.Sequential([keras.Input((500,)), keras.layers.Dense(1000)])
    with atomic_path(path) as temporary:
        model.save(temporary)


def save_arrays(path: Path) -> None:
    with atomic_path(path) as temporary:
        np.savez(temporary, values=np.zeros(500_000, np.float32))


def save_folder(path: Path) -> None:
    module = tf.Module()
    module.weights = tf.Variable(np.ones(500_000, np.float32))
    with whole_folder(path) as folder:
        tf.saved_model.save(module, str(folder / "saved_model"))


WRITERS = {
    "model.keras": save_model,
    "arrays.npz": save_arrays,
    "exported": save_folder,
    "bytes": lambda path: write_bytes(path, bytes(2_000_000)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_names_its_file_and_leaves_nothing(tmp_path, name):
    path = tmp_path / name
    with no_file_above(100_000), pytest.raises(WriteError) as caught:
        WRITERS[name](path)
    assert str(path) in one_line(str(caught.value))
    assert list(tmp_path.iterdir()) == []
    WRITERS[name](path)
    assert path.exists()


@pytest.mark.parametrize("name", WRITERS)
def test_so_it_is_on_a_disk_that_is_full(small_disk, name):
    path = small_disk / name
    with pytest.raises(InputError) as caught:
        WRITERS[name](path)
    assert f"cannot write {path}: No space left on device" in one_line(str(caught.value))
    assert "1,048,576 are free" in str(caught.value)
    assert list(small_disk.iterdir()) == []


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(small_disk):
    variable = tf.Variable(np.zeros(100_000, np.float32))
    checkpoints = Checkpoints(small_disk / "run", {"all": [variable]})
    checkpoints.save(1)
    checkpoints.save(2)
    with pytest.raises(InputError) as caught:
        checkpoints.save(3)
    message = one_line(str(caught.value))
    assert "step-000000003" in message and "400,000 bytes are needed" in message
    names = sorted(path.name for path in (small_disk / "run").iterdir())
    assert names == ["step-000000001", "step-000000002"]
    assert checkpoints.restore_newest() == 2


def test_a_training_goes_on_from_its_last_checkpoint(tmp_path):
    unbroken = TinyTask()
    make_loop(unbroken, 8, tmp_path / "unbroken").run()
    make_loop(TinyTask(), 3, tmp_path / "run").run()
    with no_file_above(700), pytest.raises(InputError) as caught:
        make_loop(TinyTask(), 8, tmp_path / "run").run()
    assert "checkpoints/step-000000006" in one_line(str(caught.value))
    task = TinyTask()
    make_loop(task, 8, tmp_path / "run").run()
    assert task.asked == [3, 4, 5, 6, 7]
    assert digest(task, 8) == digest(unbroken, 8)
    assert logged(tmp_path / "run") == logged(tmp_path / "unbroken")


def test_other_errors_of_a_writer_stay_what_they_are(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "file"):
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "gone" / "file") as temporary:
        temporary.write_text("")
    # A file that the body reads, elsewhere.
    with pytest.raises(PermissionError), atomic_path(tmp_path / "file"):
        raise PermissionError(13, "Permission denied", "/another/file")


def command(*arguments: str, limit: int | None = None) -> tuple[int, str, list[str]]:
    """Exit code, stdout, and the lines of stderr that tell of errors."""
    prepare = None
    if limit is not None:

        def prepare():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
        timeout=200, check=False, preexec_fn=prepare,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.mark.long
def test_an_export_that_does_not_fit_is_one_line(tmp_path):
    from gan_knowledge_gaps.classifiers.detector import Detector
    from gan_knowledge_gaps.classifiers.models import build

    Detector(build("cnn", (12, 12, 3), seed=4)).save(tmp_path / "detector")
    output = tmp_path / "exported"
    arguments = ("classifiers.export", f"--detector={tmp_path}/detector", f"--output={output}")
    code, _, lines = command(*arguments, limit=4000)
    errors = [line for line in lines if line.startswith("error: ")]
    assert code == 2 and len(errors) == 1, lines
    assert str(output) in one_line(errors[0])
    assert [path.name for path in tmp_path.iterdir()] == ["detector"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("letters", [3, 100_000])
def test_output_that_does_not_fit_is_one_line(letters):
    script = Path(__file__).with_name("command_endings.py")
    arguments = [sys.executable, script, "--ending=talk", f"--loudness_letters={letters}"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            arguments, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "No space left on device" in line and "prints" in line
