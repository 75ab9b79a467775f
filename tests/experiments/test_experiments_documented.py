"""Commands of the documents about experiments, typed as they stand there, with small trainings."""

import pytest
from documented import in_blocks, pictures, run

pytestmark = pytest.mark.long

ELSEWHERE = ["experiments.all", "--workers=2", "--workdir=runs"]  # test_all.py


def test_a_labs_commands(tmp_path):
    typed = [
        words for words in in_blocks("docs/executors.md", "local") if "--gpu_slots=3" not in words
    ]
    typed += in_blocks("README.md", "Running experiments")
    assert len(typed) == 8 and ELSEWHERE in typed
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
    done = {path.parent: path.read_text() for path in folder.glob("runs/artifacts/gan-*/DONE.json")}
    gans = [next(gan for gan in done if kind in done[gan]) for kind in ("(dcgan", "(stylegan2")]
    *exports, compared = in_blocks("docs/generators.md", "An example")
    assert [module for module, *_ in exports] == ["experiments.export_images"] * 2
    for gan, (module, artifact, *others) in zip(gans, exports, strict=True):
        assert artifact.startswith("--artifact=runs/artifacts/gan-")
        run(folder, module, f"--artifact={gan}", *others)
    run(folder, *compared)


def _upkeep(folder):
    lines = in_blocks("docs/storage.md", "Disk")
    assert [words[1] for words in lines] == ["list", "verify", "remove"]
    for words in lines:
        run(folder, *words)
