"""GPUs: those in the machine, those that the driver shows, those that TensorFlow sees."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gan_knowledge_gaps.training.doctor.check import Check, problem
from gan_knowledge_gaps.training.doctor.machine import GIGA, NEEDS

_NAME = "GPUs"
_COMMAND = (
    "nvidia-smi", "--query-gpu=name,memory.total,memory.used,compute_cap,driver_version",
    "--format=csv,noheader,nounits",
)  # fmt: skip
# The oldest driver by CUDA's major version: NVIDIA, "CUDA Compatibility", table 1.
_OLDEST_DRIVER = {"11": 450, "12": 525, "13": 580}
_OPERATIONS_FROM = (7, 5)  # compute capability of which training.native has kernels


class GPU(NamedTuple):
    """A GPU as its driver describes it; memory in MiB, 0 where it has none of its own."""

    name: str
    total: int
    used: int
    capability: tuple[int, int]
    driver: str

    def __str__(self) -> str:
        major, minor = self.capability
        return f"{self.name}, {self.total / 1024:.0f} GiB, compute capability {major}.{minor}"


def driver_gpus() -> list[GPU]:
    """The GPUs that NVIDIA's driver shows; none where there is no driver.

    Raises:
        OSError, subprocess.SubprocessError: the driver does not work.
    """
    try:
        output = subprocess.run(
            _COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
            check=True,
        ).stdout  # fmt: skip
    except FileNotFoundError:
        return []
    return [_parse(line) for line in output.splitlines() if line.count(",") == 4]


def _parse(line: str) -> GPU:
    name, total, used, capability, driver = map(str.strip, line.split(","))
    major, _, minor = capability.partition(".")
    return GPU(name, _integer(total), _integer(used), (_integer(major), _integer(minor)), driver)


def _integer(word: str) -> int:
    return int(word) if word.isdigit() else 0  # "[N/A]"


def hardware_gpus(bus: Path = Path("/sys/bus/pci/devices")) -> int:
    """How many of NVIDIA's graphics devices are on Linux' PCI bus; 0 where that is not known."""
    vendors = [each for each in bus.glob("*/vendor") if each.read_text().strip() == "0x10de"]
    return sum(each.with_name("class").read_text().startswith("0x03") for each in vendors)


def gpus(seen: int, cuda: str | None, missing: Sequence[str]) -> list[Check]:
    """Whether TensorFlow uses the GPUs that there are, and what they can do.

    Args:
        seen: how many TensorFlow uses.
        cuda: the release of CUDA that TensorFlow is built with, as "12.5.1"; None if without.
        missing: what is missing of the packages with CUDA's libraries, in words.
    """
    try:
        shown = driver_gpus()
    except (OSError, subprocess.SubprocessError) as error:
        said = " ".join((getattr(error, "stdout", None) or str(error)).split())
        advice = "restart the machine, or install NVIDIA's driver again; nvidia-smi must list GPUs"
        return [problem(_NAME, f"NVIDIA's driver does not work: {said}", advice)]
    hardware = hardware_gpus()
    if not shown and not seen and hardware:
        found = f"{hardware} of NVIDIA's in the machine, but no driver (nvidia-smi)"
        advice = "install NVIDIA's driver; start a container with --gpus=all"
        return [Check(_NAME, found, advice)]
    if not shown:
        found = f"TensorFlow uses {seen}" if seen else "none; trainings run on the processor"
        return [Check(_NAME, found)]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen in ("", "-1"):
        return [Check(_NAME, f"{shown[0]}; hidden by CUDA_VISIBLE_DEVICES={chosen}")]
    # Which of them CUDA_VISIBLE_DEVICES leaves is no business of this check.
    expected = len(shown) if chosen is None else 1
    if seen >= expected:
        return [_usable(gpu) for gpu in shown]
    found = f"the driver shows {len(shown)} ({shown[0]}), TensorFlow uses {seen}"
    found += "" if chosen is None else f" with CUDA_VISIBLE_DEVICES={chosen}"
    return [_unseen(found, shown[0].driver, cuda, missing)]


def _unseen(found: str, driver: str, cuda: str | None, missing: Sequence[str]) -> Check:
    """Why TensorFlow uses fewer GPUs than the driver shows, though nobody hides them."""
    release, version = (cuda or "").split(".")[0], _integer(driver.split(".")[0])
    oldest = _OLDEST_DRIVER.get(release, 0)
    look = "import tensorflow as tf; tf.config.list_physical_devices('GPU')"
    causes = (
        (cuda is None, ": it is the wheel without CUDA", "pip uninstall -y tensorflow-cpu; pip "
         "install -e '.[gpu]' (or train on the processor: export CUDA_VISIBLE_DEVICES=-1)"),
        (version < oldest, f": driver {driver} is too old for CUDA {release}",
         f"install NVIDIA's driver {oldest} or newer"),
        (missing, f": {'; '.join(missing)}", "pip install -e '.[gpu]'"),
        (os.environ.get("LD_LIBRARY_PATH"), "; LD_LIBRARY_PATH may lead it to other CUDA libraries "
         "than its own", "unset LD_LIBRARY_PATH"),
        (True, "", f'see what TensorFlow says: TF_CPP_MIN_LOG_LEVEL=0 python -c "{look}"'),
    )  # fmt: skip
    _, cause, advice = next(each for each in causes if each[0])
    return Check(_NAME, found + cause, advice, fails=cuda is not None)


def _usable(gpu: GPU) -> Check:
    """Whether a GPU that TensorFlow uses will do."""
    short = [need.work for need in NEEDS if 0 < gpu.total * 2**20 < need.memory * GIGA]
    causes = (
        (gpu.capability < _OPERATIONS_FROM,
         "StyleGAN2's operations have kernels from 7.5 on, so plain TensorFlow's are used",
         "expect StyleGAN2's resampling to be slower; nothing else is wrong"),
        (gpu.used > gpu.total / 5, f"other programs hold {gpu.used / 1024:.0f} GiB of it",
         "nvidia-smi lists them; end them, or choose another by CUDA_VISIBLE_DEVICES=1"),
        (short, f"too little for {', '.join(short)}",
         "choose a smaller --training_micro_batch or --network_resolution"),
    )  # fmt: skip
    for holds, cause, advice in causes:
        if holds:
            return Check(_NAME, f"{gpu}: {cause}", advice)
    return Check(_NAME, f"{gpu}, driver {gpu.driver}")
