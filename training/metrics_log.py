"""Metrics of a training: JSON lines always, TensorBoard where it is installed."""

import contextlib
import importlib.util
import json
import os
from pathlib import Path

from gan_knowledge_gaps.data import InputError, WriteError, parse_json, write_text, writing
from gan_knowledge_gaps.data.json_files import EVERY, NUMBER, WHOLE
from gan_knowledge_gaps.training.progress import say

_LINE = {"step": WHOLE, EVERY: NUMBER}


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
            import tensorflow as tf

            self._summary = tf.summary.create_file_writer(os.fsencode(folder / "tensorboard"))

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *error) -> None:
        # Closing writes what is left; the loss of a line is no second error behind a first one.
        quiet = contextlib.suppress(WriteError) if error[0] else contextlib.nullcontext()
        with quiet, writing(self.path):
            self._file.close()
            if self._summary is not None:
                self._summary.close()

    def write(self, step: int, metrics: dict[str, float]) -> None:
        """Records the metrics after `step` steps."""
        with writing(self.path):
            self._file.write(json.dumps({"step": step, **metrics}) + "\n")
            self._file.flush()
            if self._summary is not None:
                import tensorflow as tf

                with self._summary.as_default(step=step):
                    for name, value in metrics.items():
                        tf.summary.scalar(name, value)


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The intact lines of a metrics file; says which others are left out.

    A kill may cut the last line, even inside a character; damage may hit any.
    """
    records, damaged = [], []
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append(parse_json(line, path, _LINE, ""))
        except InputError:
            damaged.append(number)
    if damaged:
        first = ", ".join(map(str, damaged[:5])) + (", ..." if len(damaged) > 5 else "")
        say(f"{path}: {len(damaged)} damaged of {len(lines)} lines left out (line {first})")
    return records


def _drop_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [record for record in read_metrics(path) if record["step"] <= step]
    write_text(path, "".join(json.dumps(record) + "\n" for record in kept))
