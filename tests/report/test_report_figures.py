import itertools
import sys

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.axes import Axes
from PIL import Image

from gan_knowledge_gaps.report import Measurement, Table, error_curve, heat_map
from gan_knowledge_gaps.report.drawing import DPI
from gan_knowledge_gaps.report.heat_map import CELL_HEIGHT, paper_mean, readable_on

error_curve_module = sys.modules[error_curve.__module__]  # the package gives the function


def table(rows=2, columns=2, value=0.5, **fields):
    cells = [[Measurement((value, value))] * columns] * rows
    names = [[f"{kind}{n}" for n in range(count)] for kind, count in (("r", rows), ("c", columns))]
    return Table("rates", "Rates", "", "row", "column", *names, cells, **fields)


def pixels(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def share_of(colour, picture):
    """Fraction of pixels within two grey levels of an RGB colour in [0, 1]."""
    distance = np.abs(picture.astype(int) - np.round(np.array(colour[:3]) * 255)).max(axis=-1)
    return (distance <= 2).mean()


def test_heat_map_grows_by_whole_cells(tmp_path):
    height, width, _ = pixels(heat_map(table(4, 4), tmp_path / "small.png")).shape
    taller, same, _ = pixels(heat_map(table(6, 4), tmp_path / "tall.png")).shape
    assert taller - height == pytest.approx(2 * CELL_HEIGHT * DPI, abs=2)
    assert same == width
    low, wider, _ = pixels(heat_map(table(4, 6), tmp_path / "wide.png")).shape
    assert low == height
    assert wider - width == pytest.approx(2 * 0.62 * DPI, abs=2)


def test_heat_map_sets_the_paper_beside_few_columns_and_below_many(tmp_path):
    def shape(columns, paper):
        numbers = [["0.10±0.05"] * columns] * 3
        shown = table(3, columns, paper=numbers)
        return pixels(heat_map(shown, tmp_path / "map.png", paper=paper)).shape

    assert shape(3, True)[1] > 1.5 * shape(3, False)[1]
    assert shape(3, True)[0] < 1.3 * shape(3, False)[0]
    assert shape(9, True)[1] == shape(9, False)[1]
    assert shape(9, True)[0] > 1.5 * shape(9, False)[0]


@pytest.mark.parametrize(
    ("value", "vmin", "vmax", "place"), [(0.3, 0, 1, 0.3), (3, 2, 6, 0.25), (9, 2, 6, 1.0)]
)
def test_cells_take_the_colour_of_their_value(tmp_path, value, vmin, vmax, place):
    path = tmp_path / "map.png"
    picture = pixels(heat_map(table(4, 4, value), path, vmin=vmin, vmax=vmax))
    # 4 x 4 cells make up nearly half the picture, their numbers a tenth of each.
    assert share_of(colormaps["viridis"](place), picture) > 0.3
    assert share_of(colormaps["viridis"](0.6), picture) < 0.05


def test_heat_map_draws_what_is_no_number(tmp_path):
    cells = ((None, "failed"), (Measurement(), 0.25))
    mixed = Table("t", "T", "", "r", "c", ("a", "b"), ("c", "d"), cells, (("0.9?", None),) * 2)
    picture = pixels(heat_map(mixed, tmp_path / "map.png"))
    assert share_of(colormaps["viridis"](0.25), picture) > 0.02


@pytest.mark.parametrize(
    ("text", "mean"), [("0.05±0.02", 0.05), ("36.98", 36.98), ("1.00 +- 0.01", 1.0), ("-1", -1)]
)
def test_the_papers_means_are_read(text, mean):
    assert paper_mean(text) == mean


@pytest.mark.parametrize("text", ["0.9?", "", None, "n/a", "0.1 0.2"])
def test_what_is_no_number_of_the_papers_has_no_mean(text):
    assert np.isnan(paper_mean(text))


@pytest.mark.parametrize(
    ("background", "ink"),
    [((1, 1, 1), "black"), ((0, 0, 0), "white"), ((1, 1, 0), "black"), ((0, 0, 1), "white")],
)
def test_ink_contrasts_with_its_background(background, ink):
    assert readable_on(np.array(background)) == ink


def test_error_curve_is_a_picture_of_its_colours(tmp_path):
    series = {"a": [(1, Measurement((0.2, 0.4))), (2, Measurement((0.5, 0.7)))]}
    labels = {"xlabel": "n", "ylabel": "rate"}
    one = pixels(error_curve(tmp_path / "one.png", series, **labels))
    two = pixels(error_curve(tmp_path / "two.png", series, second=series, **labels))
    blue, vermilion = (0, 0x72 / 255, 0xB2 / 255), (0xD5 / 255, 0x5E / 255, 0)
    assert share_of(blue, one) > 0.001
    assert share_of(vermilion, one) == 0
    assert share_of(vermilion, two) > 0.001


def test_error_curve_draws_the_spread(tmp_path):
    def ink(*values):
        series = {"a": [(1, Measurement(values))]}
        path = error_curve(tmp_path / "a.png", series, xlabel="n", ylabel="rate", logx=True)
        return share_of((0, 0x72 / 255, 0xB2 / 255), pixels(path))

    assert ink(0.1, 0.9) > ink(0.4, 0.6) > ink(0.5, 0.5)


def test_seventeen_curves_are_told_apart(monkeypatch, tmp_path):
    drawn, bars = [], Axes.errorbar
    monkeypatch.setattr(
        Axes, "errorbar",
        lambda self, *at, **how: drawn.append((how["color"], how["linestyle"]))
        or bars(self, *at, **how),
    )  # fmt: skip
    curves = {
        f"set {n}": [(0, Measurement((n / 17,))), (1, Measurement((0.5,)))] for n in range(17)
    }
    error_curve(tmp_path / "a.png", curves, xlabel="", ylabel="")
    assert len(set(drawn)) == 17


@pytest.mark.parametrize("places", [range(1, 17), [n / 16 for n in range(17)], [1, 2, 50]])
def test_ticks_do_not_overlap(monkeypatch, tmp_path, places):
    made = []
    monkeypatch.setattr(error_curve_module, "save", lambda figure, path: made.append(figure))
    curve = {"a": [(x, Measurement((0.5,))) for x in places]}
    error_curve(tmp_path / "a.png", curve, xlabel="x", ylabel="rate")
    boxes = [
        text.get_window_extent() for text in made[0].axes[0].get_xticklabels() if text.get_text()
    ]
    assert len(boxes) >= 3
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_a_map_of_sixteen_generators_is_no_wider_than_a_laptop(tmp_path):
    names = [f"latent_diffusion_{n}" for n in range(16)]
    cells = [[Measurement((0.5, 0.25))] * 16] * 16
    square = Table("who", "Who", "", "Trained on", "Tested on", names, names, cells)
    width = pixels(heat_map(square, tmp_path / "map.png")).shape[1] / DPI * 96
    assert 900 < width < 1240


def test_error_curve_leaves_out_points_without_a_number(tmp_path):
    points = [(1e-7, Measurement((0.2, 0.4))), (1e5, Measurement((0.9,)))]
    labels = {"xlabel": "phi", "ylabel": "rate", "logx": True}
    measured = pixels(error_curve(tmp_path / "a.png", {"a": points}, **labels))
    gap = [points[0], (1.0, Measurement()), points[1]]
    with_gap = pixels(error_curve(tmp_path / "b.png", {"a": gap}, **labels))
    np.testing.assert_array_equal(measured, with_gap)


def test_error_curve_refuses_what_it_cannot_show(tmp_path):
    point = (0.0, Measurement((0.5,)))
    with pytest.raises(ValueError, match="x > 0"):
        error_curve(tmp_path / "a.png", {"a": [point]}, xlabel="", ylabel="", logx=True)
    assert not list(tmp_path.iterdir())
