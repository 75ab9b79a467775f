"""Mapping on all cores: in order, bounded, and alive in a forked child."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_knowledge_gaps.data.threads import map_in_order

ROOT = Path(__file__).resolve().parents[2]


def test_results_come_in_order():
    def slow_first(i):
        time.sleep(0.02 if i == 0 else 0)
        return i * i

    assert list(map_in_order(slow_first, range(50), threads=3)) == [i * i for i in range(50)]


def test_only_a_few_items_are_taken_ahead():
    taken = []
    results = map_in_order(str, (taken.append(i) or i for i in range(1000)), threads=2)
    assert next(results) == "0"
    assert len(taken) <= 8
    results.close()


def test_an_error_is_raised_at_its_turn():
    results = map_in_order(lambda i: 1 // (3 - i), range(9), threads=2)
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_threads_of_its_own():
    code = (
        "import os; from gan_knowledge_gaps.data.threads import map_in_order\n"
        "list(map_in_order(str, range(9)))\n"
        "child = os.fork()\n"
        "assert list(map_in_order(str, range(3))) == ['0', '1', '2']\n"
        "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=30)
