"""The doctor on made-up installations and environments."""

import json
import platform
import sys

import pytest
from packaging.requirements import Requirement

from gan_knowledge_gaps.training.doctor import installation
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING

ASKED = [
    Requirement("python<3.14,>=3.11"),
    Requirement("numpy>=2.0"),
    Requirement("keras<4,>=3.15"),
    Requirement('tensorflow-cpu<2.22,>=2.21; extra == "cpu"'),
    Requirement('tensorflow[and-cuda]<2.22,>=2.21; extra == "gpu"'),
    Requirement('submitit>=1.5; extra == "slurm"'),
]
GOOD = {"python": "3.12.1", "numpy": "2.4.6", "keras": "3.15.1", "tensorflow-cpu": "2.21.0"}


@pytest.fixture
def install(monkeypatch):
    """Makes versions of packages up, None for one that is missing."""

    def made_up(**changes) -> None:
        versions = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
        monkeypatch.setattr(installation, "version_of", versions.get)
        monkeypatch.setattr(installation, "requirements_of", lambda package: ASKED)

    made_up()
    return made_up


@pytest.mark.parametrize(
    "versions",
    [{}, {"python": "3.13.9"}, {"tensorflow": "2.21.1", "tensorflow_cpu": None}],
)
def test_good_packages_are_ok(versions, install):
    install(**versions)
    assert installation.packages().status == OK


@pytest.mark.parametrize(
    ("versions", "said", "advice"),
    [
        ({"python": "3.10.14"}, "python is 3.10.14, not <3.14,>=3.11", "a Python that setup.py"),
        ({"python": "3.14.0"}, "python is 3.14.0", "a Python that setup.py"),
        ({"keras": "2.15.0"}, "keras is 2.15.0, not <4,>=3.15", "pip install -e"),
        ({"keras": "4.0.1"}, "keras is 4.0.1, not <4,>=3.15", "pip install -e"),
        ({"numpy": "1.26.4", "keras": None}, "numpy is 1.26.4, not >=2.0; keras is missing", "pip"),
        ({"tensorflow_cpu": None}, "tensorflow is missing", "pip install -e '.[cpu]'"),
        ({"tensorflow_cpu": "2.20.0"}, "tensorflow-cpu is 2.20.0, not <2.22,>=2.21", "pip"),
        (
            {"tensorflow": "2.21.0"}, "tensorflow 2.21.0, tensorflow-cpu 2.21.0: these overwrite",
            "pip uninstall -y tensorflow tensorflow-cpu, then pip install -e",
        ),
    ],
)  # fmt: skip
def test_a_wrong_package_is_a_problem(versions, said, advice, install):
    install(**versions)
    check = installation.packages()
    assert check.status == PROBLEM
    assert said in check.found
    assert advice in check.advice


def test_an_extras_own_requirements_count_for_it_alone(install):
    assert installation.unmet(ASKED) == []
    assert installation.unmet(ASKED, extra="cpu") == []
    assert installation.unmet(ASKED, extra="slurm") == ["submitit is missing"]


def test_a_project_that_is_not_installed_is_no_problem(monkeypatch):
    monkeypatch.setattr(installation, "PROJECT", "no-such-project")
    assert installation.packages().status == WARNING


def test_extras_are_never_more_than_a_hint(install):
    install(tensorboard="2.21.0")
    checks = installation.extras()
    assert {check.status for check in checks} == {OK}
    found = {check.name: check.found for check in checks}
    assert found["Extra: tensorboard"].startswith("2.21.0; for ")
    assert found["Extra: submitit"].startswith("not installed (pip install -e '.[slurm]')")


def test_code_that_is_not_the_installed_code_is_told(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    monkeypatch.setattr(installation, "ROOT", here)
    for folder in (here, there):
        (folder / "gan_knowledge_gaps").mkdir(parents=True)
        (folder / "gan_knowledge_gaps" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(here))
    assert installation.project().status == OK
    monkeypatch.setenv("PYTHONPATH", str(there))
    check = installation.project()
    assert (check.status, check.advice[: len(f"cd {here}; ")]) == (WARNING, f"cd {here}; ")
    assert str(there) in check.found
    (there / "gan_knowledge_gaps" / "__init__.py").write_text("raise ImportError")
    assert "not installed" in installation.project().found


def test_what_runs_these_tests_is_found():
    import tensorflow as tf

    versions = {name: installation.version_of(name) for name in installation.TENSORFLOWS}
    assert tf.__version__ in versions.values()
    check = installation.packages()
    assert check.status == OK
    assert platform.python_version() in check.found
    assert check.found.endswith(sys.executable)


# ---- variables


@pytest.fixture
def variables(monkeypatch):
    """The checks of an environment with none of the variables but the given ones."""

    def examine(**given: str) -> list:
        for name in ("TF_CONFIG", "SLURMD_NODENAME", *(each[0] for each in installation._HARMFUL)):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return installation.variables()

    return examine


def test_an_environment_without_harm_is_one_line(variables):
    (check,) = variables(TF_CPP_MIN_LOG_LEVEL="2")
    assert check.status == OK


WORKER = '"task": {"type": "worker", "index": 0}'


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
        ("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}}', PROBLEM),  # without a task
        ("TF_CONFIG", f'{{"cluster": {{"worker": ["a:1", "b:1"]}}, {WORKER}}}', WARNING),
    ],
)
def test_a_harmful_variable_is_named(name, value, status, variables):
    (check,) = variables(**{name: value})
    assert check.status == status
    assert name in check.found
    assert name in check.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KERAS_BACKEND", "tensorflow"),
        ("TF_USE_LEGACY_KERAS", "0"),
        ("TF_ENABLE_ONEDNN_OPTS", "1"),
        ("TF_XLA_FLAGS", "--tf_xla_cpu_lazy_compilation_mode=''"),
        ("TF_FORCE_GPU_ALLOW_GROWTH", "true"),
        ("TF_CONFIG", f'{{"cluster": {{"worker": ["a:1"]}}, {WORKER}}}'),
        ("KERAS_BACKEND", ""),
    ],
)
def test_a_harmless_value_is_not(name, value, variables):
    assert [check.status for check in variables(**{name: value})] == [OK]


def test_several_harmful_variables_are_several_checks(variables):
    checks = variables(KERAS_BACKEND="torch", TF_ENABLE_ONEDNN_OPTS="false")
    assert sorted(check.status for check in checks) == [PROBLEM, WARNING]


def test_the_tasks_of_a_slurm_step_are_workers(variables):
    step = {"STEP_NODELIST": "a[1-2]", "STEP_TASKS_PER_NODE": "1(x2)", "JOB_ID": "7"}
    slurm = {f"SLURM_{name}": value for name, value in step.items()}
    (check,) = variables(TF_CONFIG="slurm", SLURM_STEP_ID="0", SLURM_PROCID="0", **slurm)
    assert check.status == WARNING
    assert "TF_CONFIG names 2 workers" in check.found


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
def test_keras_settings_lie_where_keras_looks(tmp_path, text, status, monkeypatch):
    for variable, folder in (("KERAS_HOME", tmp_path), ("HOME", tmp_path / ".keras")):
        monkeypatch.delenv("KERAS_HOME", raising=False)
        monkeypatch.setenv(variable, str(tmp_path))
        folder.mkdir(exist_ok=True)
        if text is not None:
            (folder / "keras.json").write_text(text)
        check = installation.keras_settings()
        assert check.status == status
        assert str(folder / "keras.json") in check.found + check.advice
