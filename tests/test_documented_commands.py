"""Commands of the documents, typed as they stand there, on a few small pictures.

They run one after the other in a folder that has the files that they name. What makes them short
is added at their end, where flags that come again win. That flags exist: test_documents.py.
"""

import re
import shlex
import shutil
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
SHORT = {
    "classifiers.calibrate": "--false_positive_rate=0.1",
    "classifiers.train": "--architecture=cnn --resolution=16 --classifier_epochs=1 "
                         "--classifier_batch_size=8",
    "classifiers.evaluate": "--jpeg=75 --blur=1 --resize=0.5 --crop=0.75",
    "data.convert": "--resolution=8",
}  # fmt: skip
ENDLESS = "classifiers.serve"


def typed(document: str, heading: str) -> list[list[str]]:
    """The commands in the first code block below a heading, each as its words."""
    text = (ROOT / document).read_text(encoding="utf-8")
    below = text[re.search(rf"^#+ {heading}$", text, re.MULTILINE).end() :]
    block = re.search(r"^```\n(.*?)^```", below, re.MULTILINE | re.DOTALL)[1]
    lines = block.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("python -m ")]


def run(folder: Path, module: str, *arguments: str) -> None:
    added = shlex.split(SHORT.get(module, ""))
    done = commands.run("-m", f"gan_knowledge_gaps.{module}", *arguments, *added, folder=folder)
    assert done.returncode == 0, f"{module}: {done.stderr}"


def pictures(folder: Path, seed: int, blur: float, count: int = 40) -> None:
    """Blurred noise of 20 pixels; two of different blur are easy to tell apart."""
    folder.mkdir()
    noise = np.random.default_rng(seed).uniform(0, 255, (count, 20, 20, 3))
    for index, each in enumerate(ndimage.gaussian_filter(noise, (0, blur, blur, 0))):
        Image.fromarray(each.astype(np.uint8)).save(folder / f"{index}.png")


def zipped(folder: Path) -> None:
    shutil.make_archive(folder, "zip", folder)
    shutil.rmtree(folder)


def test_a_detectors_commands_in_the_readme(tmp_path):
    for seed, (name, blur) in enumerate({
        "photos": 0.5, "other_photos": 0.5, "gan1": 1, "gan2": 0.9, "gan3": 1.1, "folder": 1,
    }.items()):  # fmt: skip
        pictures(tmp_path / name, seed, blur)
    zipped(tmp_path / "gan2")
    shutil.copy(tmp_path / "gan1/0.png", tmp_path / "picture.jpg")
    block = typed("README.md", "Detectors")
    assert len(block) > 7
    for module, *arguments in block:
        if module != ENDLESS:
            run(tmp_path, module, *arguments)
    for page in ("evaluation", "explanation"):
        assert (tmp_path / page / "index.html").is_file()
    assert list(tmp_path.glob("exported/saved_model/*/saved_model.pb"))


def test_the_commands_of_data(tmp_path):
    pictures(tmp_path / "images1024x1024", 0, 1)
    pictures(tmp_path / "faces", 1, 1)
    zipped(tmp_path / "faces")
    block = typed("docs/data.md", "Your own images")
    ours = [words for words in block if "--source=MNIST_FOLDER" not in words][:-1]
    assert [module for module, *_ in ours] == ["data.convert", "data.convert", "data.verify"]
    for words in ours:
        run(tmp_path, *words)
    assert (tmp_path / "faces64/manifest.json").is_file()
