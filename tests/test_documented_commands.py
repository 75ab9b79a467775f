"""Commands of the documents, typed as they stand there, on a few small pictures.

They run one after the other in a folder that has the files that they name. That flags of all
commands exist: test_documents.py.
"""

import shutil

import pytest
from documented import in_blocks, pictures, run, zipped

pytestmark = pytest.mark.long

ENDLESS = "classifiers.serve"


def test_a_detectors_commands(tmp_path):
    for seed, (name, blur) in enumerate({
        "photos": 0.5, "other_photos": 0.5, "gan1": 1, "gan2": 0.9, "gan3": 1.1, "folder": 1,
    }.items()):  # fmt: skip
        pictures(tmp_path / name, seed, blur)
    zipped(tmp_path / "gan2")
    shutil.copy(tmp_path / "gan1/0.png", tmp_path / "picture.jpg")
    block = in_blocks("README.md", "Detectors")
    assert len(block) > 7
    for module, *arguments in block:
        if module != ENDLESS:
            run(tmp_path, module, *arguments)
    for page in ("evaluation", "explanation"):
        assert (tmp_path / page / "index.html").is_file()
    assert list(tmp_path.glob("exported/saved_model/*/saved_model.pb"))
    _more_of_detectors_md(tmp_path)


def _more_of_detectors_md(folder):
    """What README's block has not: an extension, an attributor, other outputs of `detect`."""
    shutil.copy(folder / "runs/detector/model.keras", folder / "model.keras")
    shutil.make_archive(folder / "photos", "zip", folder / "photos")
    for name in ("gan2", "gan4"):
        shutil.copytree(folder / "gan3", folder / name)
    for name in ("photo.jpg", "picture.png"):
        shutil.copy(folder / "picture.jpg", folder / name)
    paths = {"--natural=PATH": "--natural=photos", "--generated=OLD[,OLD],NEW":
             "--generated=gan1,gan2.zip,gan3", "--generated=gan1,gan2,third=PATH":
             "--generated=gan1,gan2,third=gan3"}  # fmt: skip
    chosen = [
        *in_blocks("docs/detectors.md", "A new generator"),
        *in_blocks("docs/detectors.md", "Choose the threshold"),
        *in_blocks("docs/detectors.md", "Who made it"),
        *in_blocks("docs/detectors.md", "Detect")[1:],
    ]
    assert len(chosen) == 6
    for module, *arguments in chosen:
        run(folder, module, *(paths.get(each, each) for each in arguments))
    assert (folder / "found.csv").is_file()


def test_the_commands_of_data(tmp_path):
    pictures(tmp_path / "images1024x1024", 0, 1)
    pictures(tmp_path / "faces", 1, 1)
    zipped(tmp_path / "faces")
    block = in_blocks("docs/data.md", "Your own images")
    ours = [words for words in block if "--source=MNIST_FOLDER" not in words][:3]
    assert [module for module, *_ in ours] == ["data.convert", "data.convert", "data.verify"]
    for words in ours:
        run(tmp_path, *words)
    assert (tmp_path / "faces64/manifest.json").is_file()
