"""Two processes that train together do what one device does, stop together, and end together."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gan_knowledge_gaps.training.exiting import WORKER_LOST

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("one_of_two.py")
SECONDS = 300  # for two processes on a busy machine; they take a few when it is idle


def start(*arguments: object) -> list[subprocess.Popen]:
    """Starts two workers on this machine, at ports that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return [start_one(index, ports, *arguments) for index in range(2)]


def start_one(index: int, ports: list[int], *arguments: object) -> subprocess.Popen:
    # Without GPUs, which would do the one device's part with another rounding.
    cluster = {"worker": [f"127.0.0.1:{number}" for number in ports]}
    config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
    ours = {"TF_CONFIG": json.dumps(config), "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    environment = {**os.environ, **ours}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)  # as these tests set it, not a user
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip


def finish(workers: list[subprocess.Popen]) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of each."""
    try:
        said = [worker.communicate(timeout=SECONDS) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    return [(worker.returncode, *each) for worker, each in zip(workers, said, strict=True)]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> list[dict]:
    """What the scenarios of `one_of_two.py` gave, in the chief and in the other worker."""
    folder = tmp_path_factory.mktemp("trainings")
    ended = finish(start(folder, "scenarios"))
    for code, _, errors in ended:
        assert code == 0, errors
    chief, other = ({**json.loads(out), "said": errors} for _, out, errors in ended)
    return [chief, other]


@pytest.fixture(scope="module")
def chief(outcomes) -> dict:
    return outcomes[0]


def test_two_workers_end_where_one_device_does(chief):
    assert chief["replicas"] == 2
    for one, two in zip(chief["alone"]["values"], chief["values"], strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)
    for one, two in zip(chief["alone"]["metrics"], chief["metrics"], strict=True):
        assert two == pytest.approx(one, rel=1e-5)


def test_both_workers_end_with_the_same_bits(outcomes):
    assert outcomes[0]["digest"] == outcomes[1]["digest"]


def test_each_worker_gets_its_slice_of_everything(outcomes):
    assert outcomes[0]["batch"] == [[[[0, 1], [2, 3]]], [[0.0, 1.0]]]
    assert outcomes[1]["batch"] == [[[[4, 5], [6, 7]]], [[2.0, 3.0]]]


def test_a_signal_to_one_stops_both_at_one_step_and_they_resume_as_if_unbroken(outcomes):
    for outcome in outcomes:
        assert outcome["stopped"] == "stopped by SIGTERM"
        assert outcome["stopped after"] == ["step-000000005"]
        assert outcome["resumed digest"] == outcome["digest"]


def test_only_the_chief_writes_and_speaks(outcomes):
    assert outcomes[0]["samples"] == ["step-000000005.png", "step-000000010.png"]
    assert outcomes[1]["samples"] == []
    spoken = "a line for the person who watches"
    assert [spoken in outcome["said"] for outcome in outcomes] == [True, False]
    first, *more = outcomes[1]["said"].splitlines()
    assert first.startswith("worker 1 of 2, 127.0.0.1:")
    assert more == []


def test_what_is_not_finite_ends_both_and_keeps_the_checkpoint(outcomes):
    for outcome in outcomes:
        assert "loss became nan at step 5; the checkpoint of step 3" in outcome["not finite"]
        assert outcome["files"] == ["step-000000003"]


def test_workers_with_other_images_end_at_once(outcomes):
    for outcome in outcomes:
        assert "settings, variables or images differ" in outcome["other images"]


def test_one_that_is_killed_ends_the_other_in_a_line_and_both_resume(tmp_path, chief):
    killed, left = finish(start(tmp_path, "train", 0, 7))
    assert killed[0] == -signal.SIGKILL
    assert left[0] == WORKER_LOST
    told = left[2].splitlines()
    assert len(told) == 2, told  # after the line that it waits for the others
    assert told[1].startswith("error: another worker has ended")
    first, second = finish(start(tmp_path, "train"))
    assert "resuming at step 6" in first[2]
    for code, out, errors in (first, second):
        assert code == 0, errors
        assert json.loads(out) == chief["digest"]
