"""The notebook of the documents: its cells run in their order, and end in a detector that works."""

import ast
import json
import subprocess
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

NOTEBOOK = json.loads((Path(__file__).parent.parent / "docs/detector.ipynb").read_text("utf-8"))
CODE = [each for each in NOTEBOOK["cells"] if each["cell_type"] == "code"]


def test_the_notebook_is_kept_without_outputs():
    assert NOTEBOOK["nbformat"] == 4
    assert len({each["id"] for each in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    assert all((each["outputs"], each["execution_count"]) == ([], None) for each in CODE)


def run_cells() -> tuple[dict, list]:
    """The names that the cells define, and what a notebook shows: each cell's last expression."""
    names, shown = {}, []
    for cell in CODE:
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), cell["id"], "exec"), names)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), cell["id"], "eval"), names))
    return names, shown


@pytest.mark.long
def test_two_folders_become_a_detector_and_its_pictures(tmp_path, monkeypatch):
    def run(arguments, **_):
        return commands.run(*arguments[1:], folder=tmp_path)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    names, shown = run_cells()
    pictures = [np.asarray(each) for each in shown if isinstance(each, Image.Image)]
    assert len(pictures) == 5 and all(each.std() > 0 for each in pictures)
    # Tiles between those of the folders, so that none of them has trained.
    photos, size = names["load_sample_images"]().images, names["SIZE"]
    places = [(top, left) for top in range(16, 390, size) for left in range(16, 600, size)]
    natural = np.stack([photos[0][top : top + size, left : left + size] for top, left in places])
    generated = np.stack([names["generate"](tile) for tile in natural])
    logits = np.concatenate([names["detector"].model(x.astype("f")) for x in (natural, generated)])
    assert roc_auc_score(np.repeat([0, 1], len(natural)), logits[:, 0]) > 0.9
    report = json.loads(Path("evaluation/detection.json").read_text())
    assert dict(zip(report["columns"], report["cells"][-1], strict=True))["AUC"] > 0.9
    assert Path("exported/saved_model/1/saved_model.pb").is_file()
