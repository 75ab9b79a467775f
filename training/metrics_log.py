"""Metrics of a training: JSON lines always, TensorBoard where it is installed."""

import importlib.util
import json
import os
from pathlib import Path

import tensorflow as tf

from data import atomic_path


class MetricsLog:
    """Appends one JSON object per call to `metrics.jsonl`; use as a context manager.

    Args:
        folder: the training's folder. TensorBoard event files go to `folder/tensorboard`.
        step: the step training resumes at. Lines of later steps, written by a process that died
            after its last checkpoint, are dropped: the file reads like an unbroken run's.
    """

    def __init__(self, folder: Path, step: int):
        self.path = folder / "metrics.jsonl"
        _drop_after(self.path, step)
        self._file = self.path.open("a", encoding="utf-8")
        self._summary = None
        if importlib.util.find_spec("tensorboard"):
            self._summary = tf.summary.create_file_writer(os.fsencode(folder / "tensorboard"))

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *error) -> None:
        self._file.close()
        if self._summary is not None:
            self._summary.close()

    def write(self, step: int, metrics: dict[str, float]) -> None:
        """Records the metrics after `step` steps."""
        self._file.write(json.dumps({"step": step, **metrics}) + "\n")
        self._file.flush()
        if self._summary is not None:
            with self._summary.as_default(step=step):
                for name, value in metrics.items():
                    tf.summary.scalar(name, value)


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The intact lines of a metrics file; a last line cut by a kill is left out."""
    records = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return records


def _drop_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [record for record in read_metrics(path) if record["step"] <= step]
    with atomic_path(path) as temporary:
        temporary.write_text("".join(json.dumps(record) + "\n" for record in kept))
