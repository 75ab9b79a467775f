"""Several workers train a lab's values together: the chief says which, and measures alone."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("lab_of_two.py")
RATE = 1e-4  # as in that script


def start(workdir: Path, tf_config: str = "") -> subprocess.Popen:
    ours = {"TF_CONFIG": tf_config, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(workdir)], env=os.environ | ours,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen) -> dict:
    try:
        out, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return json.loads(out)


def configurations() -> list[str]:
    """TF_CONFIG of two workers on this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    cluster = {"worker": [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]}
    for each in sockets:
        each.close()
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [json.dumps({"cluster": cluster, "task": task}) for task in tasks]


def test_two_workers_train_what_one_does_and_the_chief_measures(tmp_path):
    alone = finish(start(tmp_path / "alone"))
    two = [start(tmp_path / "two", each) for each in configurations()]
    chief, other = (finish(worker) for worker in two)
    assert alone["trained"] == chief["trained"] == 3
    assert other == {"trained": None, "weights": None, "roc_auc": None}
    for one, together in zip(alone["weights"], chief["weights"], strict=True):
        # Adam divides what is left of gradients near zero by their size; see tests/conformance.
        np.testing.assert_allclose(together, one, rtol=1e-4, atol=0.01 * RATE)
    np.testing.assert_allclose(chief["roc_auc"], alone["roc_auc"], atol=0.05)
    done = sorted(path.parent.name for path in (tmp_path / "two").glob("artifacts/*/DONE.json"))
    assert done == sorted(
        path.parent.name for path in (tmp_path / "alone/artifacts").glob("*/DONE.json")
    )
    assert len(done) == 3
