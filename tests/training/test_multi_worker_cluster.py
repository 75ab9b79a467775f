"""The cluster that TF_CONFIG or Slurm describes, beside TensorFlow's own reading of it."""

import json

import pytest
from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.cluster import (
    Cluster,
    expand_counts,
    expand_hosts,
    find_cluster,
    is_set,
)

WORKERS = {"worker": ["host0:2222", "10.0.0.1:2222", "host2:2223"]}


def tf_config(jobs: dict, kind: str = "worker", index: object = 0, **more: object) -> dict:
    config = {"cluster": jobs, "task": {"type": kind, "index": index}, **more}
    return {"TF_CONFIG": json.dumps(config)}


@pytest.mark.parametrize("index", range(3))
def test_workers_are_in_the_order_of_tf_config(index):
    cluster = find_cluster(tf_config(WORKERS, index=index))
    assert cluster == Cluster(tuple(WORKERS["worker"]), index)


def test_a_chief_is_the_first_worker():
    jobs = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    expected = ("a:1", "b:1", "c:1")
    assert find_cluster(tf_config(jobs, "chief", 0)) == Cluster(expected, 0)
    assert find_cluster(tf_config(jobs, "worker", 1)) == Cluster(expected, 2)


def test_what_other_systems_add_does_not_matter():
    # Some write the index as text, and name the environment.
    assert find_cluster(tf_config(WORKERS, index="1", environment="cloud")).index == 1


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": "{}"}])
def test_without_a_cluster_there_is_none(environment):
    assert find_cluster(environment) is None


def test_is_set_once_it_says_anything():
    assert not is_set({})
    assert not is_set({"TF_CONFIG": ""})
    assert is_set({"TF_CONFIG": "slurm"})


@pytest.mark.parametrize(
    "environment",
    [
        {"TF_CONFIG": "host0:2222"},
        {"TF_CONFIG": "[]"},
        {"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}}'},
        tf_config(WORKERS, index=3),
        tf_config(WORKERS, index=-1),
        tf_config(WORKERS, index="first"),
        tf_config(WORKERS, kind="chief"),
        tf_config(WORKERS | {"ps": ["d:1"]}),
        tf_config({"worker": ["a:1", "a:1"]}),
        tf_config({"worker": ["a", "b"]}),
        tf_config({"worker": [1, 2]}),
        tf_config({"worker": []}),
        tf_config({"chief": ["a:1", "b:1"]}, kind="chief"),
    ],
)
def test_anything_else_is_one_line_with_an_example(environment):
    with pytest.raises(InputError, match="it must be like") as caught:
        find_cluster(environment)
    assert "\n" not in str(caught.value)
    assert environment["TF_CONFIG"] in str(caught.value)


HOSTS = ["n1", "n[1-2],m5,o[3-4,6,7-9]", "gpu[08-11]", "a-b[001,003-004],c", "x,y"]
COUNTS = ["1", "3(x2),2,1", "16(x10)"]


@pytest.mark.parametrize("text", HOSTS)
def test_hosts_are_those_of_tensorflow(text):
    assert expand_hosts(text) == slurm_cluster_resolver.expand_hostlist(text)


def test_hosts_of_two_brackets():
    assert expand_hosts("r[1-2]n[9-10]") == ["r1n9", "r1n10", "r2n9", "r2n10"]


@pytest.mark.parametrize("text", COUNTS)
def test_counts_are_those_of_tensorflow(text):
    assert expand_counts(text) == slurm_cluster_resolver.expand_tasks_per_node(text)


def slurm(**changes: str | None) -> dict[str, str]:
    """The environment of task 2 of a step of 2 tasks on n9 and one on n10."""
    step = {
        "TF_CONFIG": "slurm", "SLURM_PROCID": "2", "SLURM_STEP_NODELIST": "n[9-10]",
        "SLURM_STEP_TASKS_PER_NODE": "2,1", "SLURM_JOB_ID": "100", "SLURM_STEP_ID": "1",
        "SLURMD_NODENAME": "n10",
    } | changes  # fmt: skip
    return {name: value for name, value in step.items() if value is not None}


def test_a_slurm_task_is_a_worker_on_its_node():
    cluster = find_cluster(slurm())
    assert cluster.index == 2
    hosts, ports = zip(*(address.split(":") for address in cluster.addresses), strict=True)
    # Slurm counts on from n9 to n10; TensorFlow's resolver sorts the names as text.
    assert hosts == ("n9", "n9", "n10")
    assert int(ports[0]) == int(ports[2]) == int(ports[1]) - 1
    assert len(set(cluster.addresses)) == 3


def test_all_tasks_of_a_step_have_the_same_addresses_and_other_steps_others():
    of_task = find_cluster(slurm(SLURM_PROCID="0", SLURMD_NODENAME="n9"))
    assert of_task == Cluster(find_cluster(slurm()).addresses, 0)
    steps = [(job, step) for job in ("100", "101", "4294967") for step in ("3", "4")]
    clusters = [find_cluster(slurm(SLURM_JOB_ID=job, SLURM_STEP_ID=step)) for job, step in steps]
    addresses = {address for cluster in clusters for address in cluster.addresses}
    # Steps 100.4 and 101.3 share theirs, which matters only where both are on one node.
    assert len(addresses) == 3 * (len(steps) - 1)
    assert all(1024 < int(address.split(":")[1]) < 32768 for address in addresses)


@pytest.mark.parametrize("name", ["SLURM_PROCID", "SLURM_STEP_NODELIST", "SLURM_JOB_ID"])
def test_outside_of_a_slurm_step_it_is_one_line(name):
    with pytest.raises(InputError, match=rf"{name} is not set: start the command with srun"):
        find_cluster(slurm(**{name: None}))


def test_tasks_in_another_order_are_refused():
    with pytest.raises(InputError, match=r"runs on n9, not on n10; .* --distribution=block"):
        find_cluster(slurm(SLURMD_NODENAME="n9"))
    assert find_cluster(slurm(SLURMD_NODENAME=None)).index == 2
