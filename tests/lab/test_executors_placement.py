"""Shares of cores and GPUs: all of them are used, none more than the rest."""

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_knowledge_gaps.lab.executors.placement import gpu_names, gpu_places, share

GPUS = ["0", "1", "2", "3"]


@given(items=st.integers(1, 40), count=st.integers(1, 40))
def test_shares_are_equal_and_leave_nothing_out(items, count):
    parts = [share(range(items), index, count) for index in range(count)]
    used = Counter(item for part in parts for item in part)
    assert set(used) == set(range(items))
    assert max(used.values()) - min(used.values()) <= 1
    sizes = {len(part) for part in parts}
    assert min(sizes) == max(1, items // count) and max(sizes) - min(sizes) <= 1
    if count <= items:
        assert set(used.values()) == {1}


@pytest.mark.parametrize(
    ("workers", "slots", "places"),
    [
        (2, None, [["0", "1"], ["2", "3"]]),
        (4, None, [["0"], ["1"], ["2"], ["3"]]),
        (5, None, [["0"], ["0"], ["1"], ["2"], ["3"]]),
        (None, 1, [["0"], ["1"], ["2"], ["3"]]),
        (None, 2, [["0"], ["1"], ["2"], ["3"], ["0"], ["1"], ["2"], ["3"]]),
    ],
)
def test_gpus_of_workers(workers, slots, places):
    assert gpu_places(GPUS, workers, slots) == places


def test_without_gpus_workers_have_none():
    assert gpu_places([], 3, None) == [[], [], []]


@pytest.mark.parametrize(
    ("count", "environment", "names"),
    [
        (2, {}, ["0", "1"]),
        (2, {"CUDA_VISIBLE_DEVICES": "2, 5"}, ["2", "5"]),
        (1, {"CUDA_VISIBLE_DEVICES": "3,-1,4"}, ["3"]),  # CUDA stops at what is no GPU.
        (1, {"CUDA_VISIBLE_DEVICES": "GPU-8932f937"}, ["GPU-8932f937"]),
        (0, {"CUDA_VISIBLE_DEVICES": ""}, []),
        (0, {}, []),
    ],
)
def test_gpus_keep_the_names_they_were_chosen_by(count, environment, names):
    assert gpu_names(count, environment) == names


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores can't be chosen here")
def test_cores_are_those_of_this_process():
    from gan_knowledge_gaps.lab.executors.placement import share_of_cores

    cores = os.sched_getaffinity(0)
    assert set(share_of_cores(0, 2)) | set(share_of_cores(1, 2)) == cores
