"""A detector's scores as pictures."""

import itertools

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from gan_knowledge_gaps.classifiers import score_pictures
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


def test_sixteen_generators_hide_neither_each_other_nor_their_names(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(score_pictures, "save", lambda figure, path: made.append(figure))
    names = [f"latent_diffusion_{n}" for n in range(16)]
    scores = Scores(NATURAL, {name: NATURAL + n for n, name in enumerate(names)})
    for draw in (roc, histogram):
        draw(scores).draw(tmp_path / "figure.png")
    curves, rows = (figure.axes[0] for figure in made)
    legend = curves.get_legend()
    assert len(legend.get_texts()) == 17
    assert legend.get_window_extent().x0 >= curves.get_window_extent().x1
    ticks = rows.get_yticklabels()
    assert [each.get_text() for each in ticks] == [f"{each} (4)" for each in ("natural", *names)]
    boxes = [each.get_window_extent() for each in ticks]
    assert all(upper.y0 > lower.y1 for upper, lower in itertools.pairwise(boxes))
    shares = rows.collections[0].get_array()
    assert shares.shape == (17, score_pictures.BINS) and np.allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize("generators", [1, 9])
def test_any_number_of_generators_is_drawn(generators, tmp_path):
    scores = Scores(NATURAL, {f"generator {n}": NATURAL + n for n in range(generators)})
    for figure in (roc(scores), histogram(scores)):
        figure.draw(tmp_path / "figure.png")
        assert np.asarray(Image.open(tmp_path / "figure.png").convert("L")).std() > 5
