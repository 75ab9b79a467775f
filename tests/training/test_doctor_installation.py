"""The doctor on made-up installations and environments."""

import json
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from training.doctor import environment, installation
from training.doctor.finding import OK, PROBLEM, WARNING

ASKED = [
    Requirement("numpy>=2.0"),
    Requirement("keras<4,>=3.15"),
    Requirement('tensorflow-cpu<2.22,>=2.21; extra == "cpu"'),
    Requirement('submitit>=1.5; extra == "slurm"'),
]
GOOD = {"numpy": "2.4.6", "keras": "3.15.1", "tensorflow-cpu": "2.21.0"}


@pytest.mark.parametrize(
    ("version", "status"),
    [("3.10.14", PROBLEM), ("3.11.0", OK), ("3.13.9", OK), ("3.14.0", PROBLEM), ("4.0", PROBLEM)],
)
def test_python_is_of_a_supported_version(version, status):
    finding = installation.python(version, ">=3.11,<3.14")
    assert finding.status == status
    assert version in finding.found


def test_good_packages_are_ok():
    assert installation.packages(ASKED, GOOD.get).status == OK
    assert installation.tensorflow_wheel(ASKED, GOOD.get).status == OK


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"keras": "2.15.0"}, "keras is 2.15.0, not <4,>=3.15"),
        ({"keras": "4.0.1"}, "keras is 4.0.1, not <4,>=3.15"),
        ({"numpy": None}, "numpy is missing"),
        ({"numpy": "1.26.4", "keras": None}, "numpy is 1.26.4, not >=2.0; keras is missing"),
    ],
)
def test_a_wrong_package_is_a_problem(versions, said):
    finding = installation.packages(ASKED, (GOOD | versions).get)
    assert (finding.status, finding.found) == (PROBLEM, said)
    assert "pip install -e" in finding.advice


def test_an_extras_own_requirements_count_for_it_alone():
    assert installation.unmet(ASKED, GOOD.get) == []
    assert installation.unmet(ASKED, GOOD.get, extra="cpu") == []
    assert installation.unmet(ASKED, GOOD.get, extra="slurm") == ["submitit is missing"]


@pytest.mark.parametrize(
    ("wheels", "said", "advice"),
    [
        ({"tensorflow-cpu": None}, "TensorFlow is not installed", "pip install -e"),
        ({"tensorflow-cpu": "2.20.0"}, "tensorflow-cpu 2.20.0: setup.py asks for <2.22,>=2.21", ""),
        (
            {"tensorflow": "2.21.0"},
            "tensorflow 2.21.0, tensorflow-cpu 2.21.0: they overwrite each other's files",
            "pip uninstall -y tensorflow tensorflow-cpu, then pip install -e",
        ),
    ],
)
def test_there_is_one_tensorflow_of_the_right_version(wheels, said, advice):
    finding = installation.tensorflow_wheel(ASKED, (GOOD | wheels).get)
    assert (finding.status, finding.found) == (PROBLEM, said)
    assert advice in finding.advice


def test_extras_are_never_more_than_a_hint():
    findings = installation.extras({"tensorboard": "2.21.0"}.get, lambda name: None)
    assert {finding.status for finding in findings} == {OK}
    found = {finding.check: finding.found for finding in findings}
    assert found["Extra: tensorboard"].startswith("2.21.0; for ")
    assert found["Extra: submitit"].startswith("not installed (pip install -e '.[slurm]')")


def test_code_that_is_not_the_installed_code_is_told(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    assert installation.project(here, [here]).status == OK
    assert installation.project(here, []).status == WARNING
    finding = installation.project(here, [there])
    assert (finding.status, finding.advice[: len(f"cd {here}; ")]) == (WARNING, f"cd {here}; ")
    assert str(there) in finding.found


def test_the_wheel_that_runs_these_tests_is_found():
    import tensorflow as tf

    versions = {name: installation.installed_version(name) for name in installation.TENSORFLOWS}
    assert tf.__version__ in versions.values()
    assert installation.this_python().status == OK
    assert installation.this_python().found.endswith(sys.executable)


# ---- variables


def test_an_environment_without_harm_is_one_line():
    (finding,) = environment.variables({"PATH": "/bin", "TF_CPP_MIN_LOG_LEVEL": "2"})
    assert finding.status == OK


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("KERAS_BACKEND", "jax", PROBLEM),
        ("TF_USE_LEGACY_KERAS", "1", WARNING),
        ("TF_ENABLE_ONEDNN_OPTS", "0", WARNING),
        ("TF_XLA_FLAGS", "--tf_xla_auto_jit=2", WARNING),
        ("TF_CPP_MIN_LOG_LEVEL", "3", WARNING),
        ("TF_FORCE_GPU_ALLOW_GROWTH", "false", WARNING),
        ("TF_CONFIG", "{", PROBLEM),
        ("TF_CONFIG", '{"task": {"type": "worker", "index": 0}}', PROBLEM),
        ("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}}', WARNING),
    ],
)
def test_a_harmful_variable_is_named(name, value, status):
    (finding,) = environment.variables({name: value})
    assert finding.status == status
    assert name in finding.found
    assert name in finding.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KERAS_BACKEND", "tensorflow"),
        ("TF_USE_LEGACY_KERAS", "0"),
        ("TF_ENABLE_ONEDNN_OPTS", "1"),
        ("TF_XLA_FLAGS", "--tf_xla_cpu_lazy_compilation_mode=''"),
        ("TF_FORCE_GPU_ALLOW_GROWTH", "true"),
        ("TF_CONFIG", '{"cluster": {"worker": ["a:1"]}}'),
        ("KERAS_BACKEND", ""),
    ],
)
def test_a_harmless_value_is_not(name, value):
    assert [finding.status for finding in environment.variables({name: value})] == [OK]


def test_several_harmful_variables_are_several_findings():
    findings = environment.variables({"KERAS_BACKEND": "torch", "TF_ENABLE_ONEDNN_OPTS": "false"})
    assert [finding.status for finding in findings] == [PROBLEM, WARNING]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (None, OK),
        (json.dumps({"floatx": "float32", "backend": "jax"}), OK),  # the commands set the backend
        (json.dumps({"floatx": "float16"}), PROBLEM),
        (json.dumps({"image_data_format": "channels_first"}), PROBLEM),
        ("{", PROBLEM),
    ],
)
def test_keras_settings(tmp_path, text, status):
    path = tmp_path / "keras.json"
    if text is not None:
        path.write_text(text)
    assert environment.keras_settings(path).status == status


def test_keras_settings_lie_where_keras_looks():
    assert environment.keras_settings_path({"KERAS_HOME": "/k"}) == Path("/k/keras.json")
    assert environment.keras_settings_path({}) == Path.home() / ".keras/keras.json"
