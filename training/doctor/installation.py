"""The packages that setup.py asks for, and settings that change what trainings compute."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from gan_knowledge_gaps.data import InputError, read_json
from gan_knowledge_gaps.data.json_files import OBJECT
from gan_knowledge_gaps.training.cluster import find_cluster
from gan_knowledge_gaps.training.doctor.check import ROOT, Check, problem

PROJECT = "gan-knowledge-gaps"
INSTALL = "pip install -e '.[cpu]', or '.[gpu]' for NVIDIA GPUs, with a Python that setup.py allows"
# Wheels that put a package called tensorflow into one and the same folder.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu", "tensorflow-rocm")
# setup.py's extras: the package that each is about, and what it is for.
EXTRAS = {
    "tensorboard": ("tensorboard", "TensorBoard's event files beside metrics.jsonl"),
    "slurm": ("submitit", "trainings as Slurm jobs"),
    "onnx": ("tf2onnx", "classifiers.export --onnx"),
}
# Variables, values of each that do harm, and what they do.
_HARMFUL = (
    ("TF_USE_LEGACY_KERAS", "1|(?i:true)",
     "tf.keras is Keras 2; models that other code makes by it do not fit this project's Keras 3"),
    ("TF_ENABLE_ONEDNN_OPTS", "0|(?i:false)",
     "convolutions and bfloat16 are slower, and bits differ from those of runs with oneDNN"),
    ("TF_XLA_FLAGS", ".*(auto_jit|cpu_global_jit).*",
     "XLA compiles parts of every step: other bits, and on processors no faster"),
    ("TF_CPP_MIN_LOG_LEVEL", "[3-9].*", "TensorFlow's own errors are not shown"),
    ("TF_FORCE_GPU_ALLOW_GROWTH", "0|(?i:false)",
     "one process takes all memory of a GPU; --workers and other programs find none left"),
    ("KERAS_BACKEND", "(?!tensorflow$).+",
     "Keras computes with something else than TensorFlow, for which all trainings are written"),
)  # fmt: skip
_KERAS = {"floatx": "float32", "image_data_format": "channels_last"}


def version_of(package: str) -> str | None:
    """The version of an installed package, or of "python"; None if it is not installed."""
    try:
        return platform.python_version() if package == "python" else metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def requirements_of(package: str) -> list[Requirement]:
    """What a package asks for, Python and its extras' requirements included.

    Raises:
        metadata.PackageNotFoundError: it is not installed.
    """
    python = metadata.metadata(package)["Requires-Python"] or ""
    return [Requirement(line) for line in [f"python{python}", *(metadata.requires(package) or [])]]


def unmet(requirements: Sequence[Requirement], extra: str = "") -> list[str]:
    """What is missing, or of another version, of what a package and one extra of it ask for."""
    lines = []
    for each in requirements:
        if each.marker and not each.marker.evaluate({"extra": extra}):
            continue
        version = version_of(each.name)
        if version is None:
            lines.append(f"{each.name} is missing")
        elif not each.specifier.contains(version, prereleases=True):
            lines.append(f"{each.name} is {version}, not {each.specifier}")
    return lines


def packages() -> Check:
    """Whether Python and all packages are as setup.py asks, with one wheel of TensorFlow."""
    wheels = [wheel for wheel in TENSORFLOWS if version_of(wheel)]
    found = ", ".join(f"{each} {version_of(each)}" for each in ("python", "keras", *wheels))
    if len(wheels) > 1:
        advice = f"pip uninstall -y {' '.join(wheels)}, then {INSTALL}"
        return problem("Packages", f"{found}: these overwrite each other's files", advice)
    try:
        extra = "cpu" if wheels == ["tensorflow-cpu"] else "gpu"
        lines = unmet(requirements_of(PROJECT), extra)
    except metadata.PackageNotFoundError:
        return Check("Packages", f"{found}; {PROJECT} is not installed", INSTALL)
    if lines:
        return problem("Packages", "; ".join(lines), INSTALL)
    return Check("Packages", f"all as setup.py asks: {found}, {sys.executable}")


def project() -> Check:
    """Whether the code that runs here is the code that runs in other folders, where installed."""
    command = [sys.executable, "-c", "import gan_knowledge_gaps as it; print(it.__path__[0])"]
    done = subprocess.run(command, cwd=os.sep, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        found = f"{ROOT}, not installed: commands work in this folder only"
        return Check("Project", found, INSTALL)
    installed = Path(done.stdout.strip()).resolve().parent
    if installed != ROOT:
        found = f"the code of {ROOT} runs, and that of {installed} is installed"
        return Check("Project", found, f"cd {ROOT}; {INSTALL}")
    return Check("Project", str(ROOT))


def extras() -> list[Check]:
    """What is optional, whether it is there, and what it is for."""
    checks = []
    for extra, (package, use) in EXTRAS.items():
        state = version_of(package) or f"not installed (pip install -e '.[{extra}]')"
        checks.append(Check(f"Extra: {package}", f"{state}; for {use}"))
    return checks


def variables() -> list[Check]:
    """An outcome for each variable that does harm, or one that there is none."""
    checks = [
        Check("Environment", f"{name}={value}: {effect}", f"unset {name}", name == "KERAS_BACKEND")
        for name, harmful, effect in _HARMFUL
        if re.fullmatch(harmful, value := os.environ.get(name, ""))
    ]
    try:
        cluster = find_cluster(os.environ)
    except InputError as error:
        return [*checks, problem("Environment", str(error), "unset TF_CONFIG, or correct it")]
    if cluster is not None and len(cluster.addresses) > 1:
        found = f"TF_CONFIG names {len(cluster.addresses)} workers: a training waits for all"
        advice = "unset TF_CONFIG to train on this machine alone; the doctor sees no other"
        checks.append(Check("Environment", found, advice))
    return checks or [Check("Environment", "no variable is set that changes trainings")]


def keras_settings(path: Path | None = None) -> Check:
    """Whether Keras' settings file leaves numbers and layouts as the networks expect them."""
    name = "Keras' settings"
    path = path or Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "keras.json"
    if not path.exists():
        return Check(name, f"the defaults; there is no {path}")
    try:
        settings = read_json(path, OBJECT, "Keras cannot use it")
    except InputError as error:
        return problem(name, str(error), f"delete {path}")
    wrong = {key for key, value in _KERAS.items() if settings.get(key, value) != value}
    if wrong:
        found, advice = (
            ", ".join(f"{key} = {values[key]}" for key in sorted(wrong))
            for values in (settings, _KERAS)
        )
        return problem(name, f"{path} has {found}", f"edit {path}: {advice}")
    return Check(name, str(path))
