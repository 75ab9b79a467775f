"""Commands of the documents about experiments, typed as they stand there, with small trainings."""

import pytest
from documented import in_blocks, pictures, run

pytestmark = pytest.mark.long

ELSEWHERE = ["experiments.all", "--workdir=runs"]  # test_all.py


def test_a_labs_commands(tmp_path):
    typed = in_blocks("README.md", "Running experiments")
    assert len(typed) == 6 and ELSEWHERE in typed
    typed += [
        words for words in in_blocks("docs/executors.md", "local") if "--gpu_slots=3" not in words
    ]
    assert len(typed) == 8
    for words in typed:
        if words != ELSEWHERE:
            # Their second data set is MNIST's files, which are not here.
            run(tmp_path, *(word for word in words if word != "--data_dir=FOLDER"))
    assert len(list((tmp_path / "runs/results").glob("*/index.html"))) == 3
    _others_generators(tmp_path)
    _upkeep(tmp_path)


def _others_generators(folder):
    """Two GANs of the lab and pictures, as generators from elsewhere."""
    for seed, (name, blur) in enumerate({"digits": 0.5, "blurred": 1}.items()):
        pictures(folder / name, seed, blur)
    gans = sorted((folder / "runs/artifacts").glob("gan-*/model.keras"))
    *exports, compared = in_blocks("docs/generators.md", "An example")
    assert [module for module, *_ in exports] == ["experiments.export_images"] * 2
    for gan, (module, artifact, *others) in zip(gans, exports, strict=False):
        assert artifact.startswith("--artifact=runs/artifacts/gan-")
        run(folder, module, f"--artifact={gan.parent}", *others)
    run(folder, *compared)


def _upkeep(folder):
    lines = in_blocks("docs/storage.md", "Disk")
    assert [words[1] for words in lines] == ["list", "verify", "remove"]
    for words in lines:
        run(folder, *words)
