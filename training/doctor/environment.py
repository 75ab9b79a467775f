"""Environment variables, and Keras' settings file, that change what trainings compute."""

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from data import InputError, read_json
from data.json_files import OBJECT
from training.doctor.finding import PROBLEM, WARNING, Finding, ok, problem, warning

_OFF = ("0", "false")


@dataclasses.dataclass(frozen=True)
class _Rule:
    """A variable that does harm with some values.

    Attributes:
        name: of the variable.
        harms: whether a value of it does.
        status: of the finding.
        effect: what the variable does then.
        advice: other than to unset it.
    """

    name: str
    harms: Callable[[str], bool]
    status: str
    effect: str
    advice: str = ""


_RULES = (
    _Rule(
        "KERAS_BACKEND",
        lambda value: value != "tensorflow",
        PROBLEM,
        "Keras computes with something else than TensorFlow, for which all trainings are written",
    ),
    _Rule(
        "TF_USE_LEGACY_KERAS",
        lambda value: value.lower() in ("1", "true"),
        WARNING,
        "tf.keras is Keras 2; models that other code makes by it do not fit this project's Keras 3",
    ),
    _Rule(
        "TF_ENABLE_ONEDNN_OPTS",
        lambda value: value.lower() in _OFF,
        WARNING,
        "convolutions and bfloat16 are slower, and bits differ from those of runs with oneDNN",
    ),
    _Rule(
        "TF_XLA_FLAGS",
        lambda value: "auto_jit" in value or "cpu_global_jit" in value,
        WARNING,
        "XLA compiles parts of every step: other bits, and on processors no faster",
    ),
    _Rule(
        "TF_CPP_MIN_LOG_LEVEL",
        lambda value: value >= "3",
        WARNING,
        "TensorFlow's own errors are not shown",
        "export TF_CPP_MIN_LOG_LEVEL=2",
    ),
    _Rule(
        "TF_FORCE_GPU_ALLOW_GROWTH",
        lambda value: value.lower() in _OFF,
        WARNING,
        "one process takes all memory of a GPU; --workers and other programs find none left",
    ),
)


def variables(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """A finding for each variable that does harm, or one that there is none."""
    findings = [
        Finding(
            "Environment",
            rule.status,
            f"{rule.name}={environment[rule.name]}: {rule.effect}",
            rule.advice or f"unset {rule.name}",
        )
        for rule in _RULES
        if environment.get(rule.name) and rule.harms(environment[rule.name])
    ]
    findings += _cluster(environment.get("TF_CONFIG", ""))
    return findings or [ok("Environment", "no variable is set that changes trainings")]


def _cluster(value: str) -> list[Finding]:
    """What TF_CONFIG says of other machines."""
    if not value:
        return []
    try:
        workers = sum(len(addresses) for addresses in json.loads(value)["cluster"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return [
            problem(
                "Environment",
                f"TF_CONFIG names no cluster ({type(error).__name__}: {error})",
                "unset TF_CONFIG, or see TensorFlow's guide to multi-worker training",
            )
        ]
    if workers < 2:
        return []
    return [
        warning(
            "Environment",
            f"TF_CONFIG names {workers} processes: a training waits until all have started",
            "unset TF_CONFIG to train on this machine alone; the doctor looks at this one only",
        )
    ]


def keras_settings(path: Path) -> Finding:
    """Whether Keras' settings file leaves numbers and layouts as the networks expect them.

    Args:
        path: `keras.json`, which may be missing.
    """
    if not path.exists():
        return ok("Keras' settings", f"the defaults; there is no {path}")
    try:
        settings = read_json(path, OBJECT, "Keras cannot use it")
    except InputError as error:
        return problem("Keras' settings", str(error), f"delete {path}")
    expected = {"floatx": "float32", "image_data_format": "channels_last"}
    wrong = {name: settings.get(name, value) for name, value in expected.items()}
    wrong = {name: value for name, value in wrong.items() if value != expected[name]}
    if not wrong:
        return ok("Keras' settings", str(path))
    return problem(
        "Keras' settings",
        f"{path} has " + ", ".join(f"{name} = {value}" for name, value in wrong.items()),
        f"edit {path}: " + ", ".join(f"{name} = {expected[name]}" for name in wrong),
    )


def keras_settings_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where Keras looks for its settings."""
    folder = environment.get("KERAS_HOME")
    return (Path(folder) if folder else Path("~/.keras").expanduser()) / "keras.json"
