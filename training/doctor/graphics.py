"""GPUs: those in the machine, those that the driver shows, those that TensorFlow sees."""

import dataclasses
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from training.doctor.capacity import GIGA, NEEDS
from training.doctor.finding import Finding, ok, problem, warning

_QUERY = ("name", "memory.total", "memory.used", "compute_cap", "driver_version")
# The oldest driver by CUDA's major version: NVIDIA, "CUDA Compatibility", table 1.
_OLDEST_DRIVER = {"11": 450, "12": 525, "13": 580}
_OPERATIONS_FROM = (7, 5)  # compute capability of which stylegan2.ops has kernels
_CHECK = "GPUs"


@dataclasses.dataclass(frozen=True)
class GPU:
    """A GPU as its driver describes it.

    Attributes:
        name: of the model.
        total: MiB of its memory.
        used: MiB of it that programs hold.
        capability: compute capability: (9, 0) for Hopper.
        driver: version of the driver.
    """

    name: str
    total: int
    used: int
    capability: tuple[int, int]
    driver: str

    @property
    def line(self) -> str:
        """All that in words."""
        major, minor = self.capability
        return f"{self.name}, {self.total / 1024:.0f} GiB, compute capability {major}.{minor}"


@dataclasses.dataclass(frozen=True)
class View:
    """What can be known of GPUs without asking the driver.

    Attributes:
        hardware: how many NVIDIA GPUs are in the machine; 0 also where that cannot be known.
        seen: how many TensorFlow uses.
        cuda: the release of CUDA that TensorFlow is built with, as "12.5.1"; None if without.
        unmet: what is missing of the packages with CUDA's libraries, in words.
        environment: variables.
    """

    hardware: int
    seen: int
    cuda: str | None
    unmet: Sequence[str]
    environment: Mapping[str, str]


def driver_gpus(run: Callable[[Sequence[str]], str] | None = None) -> list[GPU]:
    """The GPUs that NVIDIA's driver shows; none where there is no driver.

    Args:
        run: runs a command and returns what it prints.

    Raises:
        subprocess.CalledProcessError: the driver does not work.
    """
    command = ["nvidia-smi", f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        output = (run or _output)(command)
    except FileNotFoundError:
        return []
    return [_parse(line) for line in output.splitlines() if line.count(",") == len(_QUERY) - 1]


def hardware_gpus(root: Path = Path("/sys/bus/pci/devices")) -> int:
    """How many of NVIDIA's graphics devices are on Linux' PCI bus."""
    return sum(
        _word(device / "vendor") == "0x10de" and _word(device / "class").startswith("0x03")
        for device in root.glob("*")
    )


def gpus(query: Callable[[], Sequence[GPU]], view: View) -> list[Finding]:
    """Whether TensorFlow uses the GPUs that there are, and what they can do.

    Args:
        query: gives the GPUs that the driver shows; see `driver_gpus`.
        view: of everything else.
    """
    try:
        shown = query()
    except (OSError, subprocess.SubprocessError) as error:
        said = " ".join((getattr(error, "stdout", None) or str(error)).split())
        advice = "restart the machine, or install NVIDIA's driver again; nvidia-smi must list GPUs"
        return [problem(_CHECK, f"NVIDIA's driver does not work: {said}", advice)]
    if not shown and not view.seen:
        return [_without_driver(view.hardware)]
    chosen = view.environment.get("CUDA_VISIBLE_DEVICES")
    expected = len(shown) if chosen is None else visible(chosen, len(shown))
    if view.seen < expected:
        return [_unseen(shown, expected, view)]
    if not view.seen:
        found = f"{shown[0].line}; hidden from TensorFlow by CUDA_VISIBLE_DEVICES={chosen}"
        return [ok(_CHECK, found)]
    # Which of them CUDA_VISIBLE_DEVICES leaves is no business of this check.
    return [_usable(gpu) for gpu in shown] or [ok(_CHECK, f"TensorFlow uses {view.seen}")]


def visible(variable: str, gpus: int) -> int:
    """How many of some GPUs a value of CUDA_VISIBLE_DEVICES leaves: a wrong word ends the list."""
    count = 0
    for word in map(str.strip, variable.split(",")):
        if not word.startswith(("GPU-", "MIG-")) and not (word.isdigit() and int(word) < gpus):
            break
        count += 1
    return count


def _without_driver(hardware: int) -> Finding:
    if not hardware:
        return ok(_CHECK, "none; trainings run on the processor")
    return warning(
        _CHECK,
        f"{hardware} of NVIDIA's in the machine, but no driver (nvidia-smi)",
        "install NVIDIA's driver; start a container with --gpus=all",
    )


def _unseen(shown: Sequence[GPU], expected: int, view: View) -> Finding:
    """The driver shows more GPUs than TensorFlow uses, and nobody hides them."""
    found = f"the driver shows {expected} ({shown[0].line}), TensorFlow uses {view.seen}"
    if view.cuda is None:
        return warning(
            _CHECK,
            f"{found}: it is the wheel without CUDA",
            "pip uninstall -y tensorflow-cpu; pip install -e '.[gpu]' (or, to train on the "
            "processor, export CUDA_VISIBLE_DEVICES=-1)",
        )
    release, driver = view.cuda.split(".")[0], shown[0].driver
    oldest = _OLDEST_DRIVER.get(release, 0)
    if _integer(driver.split(".")[0]) < oldest:
        advice = f"install NVIDIA's driver {oldest} or newer"
        return problem(_CHECK, f"{found}: driver {driver} is too old for CUDA {release}", advice)
    if view.unmet:
        missing = "; ".join(view.unmet)
        return problem(_CHECK, f"{found}: {missing}", "pip install -e '.[gpu]'")
    if view.environment.get("LD_LIBRARY_PATH"):
        return problem(
            _CHECK,
            f"{found}; LD_LIBRARY_PATH may lead it to other CUDA libraries than its own",
            "unset LD_LIBRARY_PATH",
        )
    return problem(
        _CHECK,
        found,
        'see what TensorFlow says: TF_CPP_MIN_LOG_LEVEL=0 python -c "import tensorflow as tf; '
        "tf.config.list_physical_devices('GPU')\"",
    )


def _usable(gpu: GPU) -> Finding:
    if gpu.capability < _OPERATIONS_FROM:
        return warning(
            _CHECK,
            f"{gpu.line}: StyleGAN2's operations have kernels from 7.5 on, so plain TensorFlow's "
            "are used",
            "expect StyleGAN2's resampling to be slower; nothing else is wrong",
        )
    if gpu.used > gpu.total / 5:
        return warning(
            _CHECK,
            f"{gpu.line}: other programs hold {gpu.used / 1024:.0f} GiB of it",
            "nvidia-smi lists them; end them, or choose another by CUDA_VISIBLE_DEVICES=1",
        )
    short = [need for need in NEEDS if 0 < gpu.total * 2**20 < need.memory * GIGA]
    if short:
        return warning(
            _CHECK,
            f"{gpu.line}: too little for {', '.join(need.what for need in short)}",
            "choose a smaller --training_micro_batch or --network_resolution",
        )
    return ok(_CHECK, f"{gpu.line}, driver {gpu.driver}")


def _output(command: Sequence[str]) -> str:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=True
    ).stdout


def _parse(line: str) -> GPU:
    name, total, used, capability, driver = (word.strip() for word in line.split(","))
    major, _, minor = capability.partition(".")
    return GPU(name, _integer(total), _integer(used), (_integer(major), _integer(minor)), driver)


def _integer(word: str) -> int:
    return int(word) if word.isdigit() else 0  # "[N/A]": some have no memory of their own


def _word(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
