"""Commands of the documents, and how tests run them: as they are typed, in a folder of their own.

What makes a command short is added at its end, where flags that come again win.
"""

import re
import shlex
import shutil
from pathlib import Path

import commands
import numpy as np
from PIL import Image
from scipy import ndimage

ROOT = Path(__file__).parent.parent
DCGAN = (
    "--gan_width=0.0625 --gan_epochs=1 --gan_batch_size=64 --classifier_epochs=1 "
    "--classifier_batch_size=64 --digits_epochs=1 "
)
STYLEGAN2 = "--network_resolution=16 --network_fmap_max=8 --training_kimg=1 "
SHORT = {
    "classifiers.calibrate": "--false_positive_rate=0.1 --uncertain_rate=0.2",
    "classifiers.train": "--architecture=cnn --resolution=16 --classifier_epochs=1 "
                         "--classifier_batch_size=8",
    "classifiers.train_attributor": "--architecture=cnn --resolution=16 --classifier_epochs=1",
    "classifiers.evaluate": "--jpeg=75 --blur=1 --resize=0.5 --crop=0.75",
    "data.convert": "--resolution=8",
    "experiments.all": DCGAN,
    "experiments.cross_generator": "--experiment_architectures=cnn --experiment_classifiers=1 "
                                   "--classifier_epochs=1",
    "experiments.generalization": f"{DCGAN} --experiment_largest_pool=2 --experiment_classifiers=1 "
                                  "--experiment_held_out_gans=1",
    "experiments.iterations": f"{DCGAN} --dataset=digits --preset=quick --experiment_iterations=2 "
                              "--experiment_gans=1 --experiment_held_out_gans=1 "
                              "--experiment_held_out_classifiers=1 --experiment_start=finetune "
                              "--experiment_start_share=1",
    "experiments.truncation": f"{STYLEGAN2} --network_resolution=8 --classifier_epochs=1 "
                              "--experiment_architecture=cnn",
    "stylegan2.evaluate": "--num_generated=40 --num_natural=32",
    "stylegan2.interpolate": "--frames=2",
    "stylegan2.project": "--projection_steps=2 --projection_w_samples=64",
    "stylegan2.train": STYLEGAN2,
}  # fmt: skip


def below(document: str, heading: str) -> str:
    """The text of a document from a heading to the next of its rank."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    rest = text[found.end() :]
    ends = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: ends.start()] if ends else rest


def in_blocks(document: str, heading: str) -> list[list[str]]:
    """The commands in the code blocks below a heading, each as its words."""
    blocks = re.findall(r"^```\n(.*?)^```", below(document, heading), re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [_words(line) for line in lines if line.startswith("python -m ")]


def in_text(document: str, heading: str) -> list[list[str]]:
    """The commands in backquotes below a heading, each as its words."""
    return [_words(line) for line in re.findall(r"`(python -m [^`]+)`", below(document, heading))]


def _words(line: str) -> list[str]:
    return shlex.split(line.partition(" | ")[0], comments=True)[2:]


def run(folder: Path, module: str, *arguments: str) -> str:
    """Runs a command to its end, which must be a good one; returns what it printed."""
    added = shlex.split(SHORT.get(module, ""))
    done = commands.run("-m", f"gan_knowledge_gaps.{module}", *arguments, *added, folder=folder)
    assert done.returncode == 0, f"{module}: {done.stderr}"
    return done.stdout


def pictures(folder: Path, seed: int, blur: float, count: int = 40, size: int = 20) -> None:
    """Blurred noise; two of different blur are easy to tell apart."""
    folder.mkdir()
    noise = np.random.default_rng(seed).uniform(0, 255, (count, size, size, 3))
    for index, each in enumerate(ndimage.gaussian_filter(noise, (0, blur, blur, 0))):
        Image.fromarray(each.astype(np.uint8)).save(folder / f"{index}.png")


def zipped(folder: Path) -> None:
    """Makes a zip file of a folder."""
    shutil.make_archive(folder, "zip", folder)
    shutil.rmtree(folder)
