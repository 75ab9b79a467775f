"""A detector's scores as pictures."""

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from gan_knowledge_gaps.classifiers.evaluation import Scores
from gan_knowledge_gaps.classifiers.score_pictures import histogram, mistakes, roc
from gan_knowledge_gaps.data import ArrayImages

NATURAL = np.array([-3.0, 2.0, -1.0, 0.5])
GENERATED = {"one": np.array([4.0, -2.0, 1.0]), "two": np.array([-0.5, 3.0])}
SCORES = Scores(NATURAL, GENERATED)


def greys(count: int, first: int) -> ArrayImages:
    """Images of one grey each: first, first + 1, ..."""
    values = np.arange(first, first + count, dtype=np.uint8)
    return ArrayImages(np.tile(values[:, None, None, None], (1, 8, 8, 1)))


def test_the_hardest_images_come_first():
    images = {name: greys(len(each), 100) for name, each in GENERATED.items()}
    grids = of_natural, of_one, _ = mistakes(SCORES, greys(4, 10), images)
    shown = [[int(grid.image[4, 4 + 10 * i, 0]) for i in range(2)] for grid in grids]
    assert shown == [[11, 13], [101, 102], [100, 101]]
    assert "2 of 4 are called generated" in of_natural.caption
    assert "1 of 3 are called natural" in of_one.caption and "-2.0, 1.0, 4.0" in of_one.caption
    assert len({grid.name for grid in grids}) == 3


def test_the_curve_drawn_has_the_area_that_is_told(monkeypatch, tmp_path):
    from matplotlib.axes import Axes

    drawn, step = [], Axes.step
    monkeypatch.setattr(
        Axes, "step", lambda self, x, y, **more: drawn.append((x, y)) or step(self, x, y, **more)
    )
    roc(SCORES).draw(tmp_path / "roc.png")
    assert len(drawn) == 3  # each generator, and all
    for (false, true), generated in zip(drawn, SCORES.groups().values(), strict=True):
        labels = np.repeat([0, 1], [len(NATURAL), len(generated)])
        expected = roc_auc_score(labels, np.concatenate([NATURAL, generated]))
        assert np.trapezoid(true, false) == pytest.approx(expected)


@pytest.mark.parametrize("generators", [1, 9])
def test_any_number_of_generators_is_drawn(generators, tmp_path):
    scores = Scores(NATURAL, {f"generator {n}": NATURAL + n for n in range(generators)})
    for figure in (roc(scores), histogram(scores)):
        figure.draw(tmp_path / "figure.png")
        assert np.asarray(Image.open(tmp_path / "figure.png").convert("L")).std() > 5
