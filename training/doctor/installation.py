"""Python, the packages that setup.py asks for, TensorFlow's wheel, and what is optional."""

import json
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from training.doctor.finding import Finding, ok, problem, warning

PROJECT = "gan-knowledge-gaps"
# Wheels that put a package called tensorflow into one and the same folder.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu", "tensorflow-rocm")
INSTALL = "pip install -e '.[cpu]', or '.[gpu]' for NVIDIA GPUs"
# setup.py's extras, and the package that each is about.
EXTRAS = {
    "tensorboard": ("tensorboard", "TensorBoard's event files beside metrics.jsonl"),
    "slurm": ("submitit", "trainings as Slurm jobs"),
    "onnx": ("tf2onnx", "classifiers.export --onnx"),
}


def installed_version(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def requirements_of(package: str) -> list[Requirement]:
    """What a package asks for, its extras' requirements included; nothing if not installed."""
    try:
        return [Requirement(line) for line in metadata.requires(package) or []]
    except metadata.PackageNotFoundError:
        return []


def unmet(
    requirements: Sequence[Requirement],
    version_of: Callable[[str], str | None] = installed_version,
    extra: str = "",
) -> list[str]:
    """What is missing or of another version, in words.

    Args:
        requirements: of a package.
        version_of: the installed version of a package, or None.
        extra: one of the package's extras; only its own requirements count, then. Without it, only
            those that belong to no extra.
    """
    lines = []
    for requirement in requirements:
        marker = requirement.marker
        if (extra != "") != ("extra" in str(marker)):
            continue
        if marker is not None and not marker.evaluate({"extra": extra}):
            continue
        version = version_of(requirement.name)
        if version is None:
            lines.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(version, prereleases=True):
            lines.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    return lines


def project(here: Path, installed: Sequence[Path]) -> Finding:
    """Whether the code that runs is the code that is installed.

    Args:
        here: the folder that this package lies in.
        installed: folders that the project is installed from.
    """
    if not installed:
        found = f"{here}, not installed: commands work in this folder only"
        return warning("Project", found, INSTALL)
    if here not in installed:
        found = f"the code of {here} runs, and that of {installed[0]} is installed"
        return warning("Project", found, f"cd {here}; {INSTALL}")
    return ok("Project", str(here))


def this_project() -> Finding:
    """`project` on this one."""
    folders = []
    for distribution in metadata.distributions(name=PROJECT):
        source = json.loads(distribution.read_text("direct_url.json") or "{}")
        editable = source.get("dir_info", {}).get("editable")
        folder = url2pathname(urlparse(source["url"]).path) if editable else ""
        folders.append(Path(folder or distribution.locate_file("")).resolve())
    return project(Path(__file__).resolve().parents[2], folders)


def python(version: str, supported: str) -> Finding:
    """Whether this is a version of Python that setup.py supports, such as ">=3.11,<3.14"."""
    found = f"{version}, {sys.executable}"
    if SpecifierSet(supported).contains(version, prereleases=True):
        return ok("Python", found)
    advice = f"make the environment with a Python {supported}: make test PYTHON=python3.12"
    return problem("Python", f"{found}: not {supported}", advice)


def this_python() -> Finding:
    """`python` on this one."""
    try:
        supported = metadata.metadata(PROJECT)["Requires-Python"]
    except metadata.PackageNotFoundError:
        supported = ""
    return python(platform.python_version(), supported)


def packages(
    requirements: Sequence[Requirement],
    version_of: Callable[[str], str | None] = installed_version,
) -> Finding:
    """Whether the packages that setup.py asks for are there, in versions that it asks for."""
    if not requirements:
        return warning("Packages", "what setup.py asks for is not known", INSTALL)
    lines = unmet(requirements, version_of)
    if lines:
        return problem("Packages", "; ".join(lines), INSTALL)
    return ok("Packages", f"all as setup.py asks; Keras {version_of('keras')}")


def tensorflow_wheel(
    requirements: Sequence[Requirement],
    version_of: Callable[[str], str | None] = installed_version,
) -> Finding:
    """Whether there is exactly one wheel of TensorFlow, of a version that setup.py asks for."""
    wheels = {name: version_of(name) for name in TENSORFLOWS if version_of(name)}
    found = ", ".join(f"{name} {version}" for name, version in wheels.items())
    check = "TensorFlow's wheel"
    if not wheels:
        return problem(check, "TensorFlow is not installed", INSTALL)
    if len(wheels) > 1:
        return problem(
            check,
            f"{found}: they overwrite each other's files",
            f"pip uninstall -y {' '.join(wheels)}, then {INSTALL}",
        )
    (version,) = wheels.values()
    specifiers = (each.specifier for each in requirements if each.name in TENSORFLOWS)
    asked = next(specifiers, SpecifierSet())
    if not asked.contains(version, prereleases=True):
        return problem(check, f"{found}: setup.py asks for {asked}", INSTALL)
    return ok(check, found)


def extras(
    version_of: Callable[[str], str | None] = installed_version,
    program: Callable[[str], str | None] = shutil.which,
) -> list[Finding]:
    """What is optional, whether it is there, and what it is for."""
    findings = []
    for extra, (package, purpose) in EXTRAS.items():
        version = version_of(package)
        state = version or f"not installed (pip install -e '.[{extra}]')"
        findings.append(ok(f"Extra: {package}", f"{state}; for {purpose}"))
    state = program("ffmpeg") or "not installed (Debian: apt install ffmpeg)"
    findings.append(ok("Extra: ffmpeg", f"{state}; for films as .mp4"))
    return findings
