"""The two shapes of experiment on sources and numbers that are made up: no network runs."""

import dataclasses
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.experiments.clusters import find_clusters
from gan_knowledge_gaps.experiments.cross_architecture import (
    CrossArchitecture,
    CrossArchitectureConfig,
)
from gan_knowledge_gaps.experiments.curve import Curve
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.matrix import Detections, Matrix, PaperMatrix, means, rankings
from gan_knowledge_gaps.experiments.measurements import quality_table
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.experiments.sizes import ONE, Populations
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.specs import GAN, Classifier, ImageSource
from gan_knowledge_gaps.metrics import DetectionMetrics

CLASSIFIERS = [Classifier(seed, [GAN(seed)]) for seed in range(4)]


class Folder(ImageSource):
    """Images of somebody else's: no GAN, no seed."""

    kind = "folder"

    def __init__(self, path: str):
        self.path = path
        super().__init__(path=path)

    def images(self, lab, evaluation):
        raise NotImplementedError("no image is made here")


SOURCES = [Folder(name) for name in "abcd"]


class FakeLab:
    """Detection rates from a matrix; it notes which images were made, and for whom."""

    def __init__(self, rates: np.ndarray):
        self._rates, self.scored = rates, []
        self.quality = SimpleNamespace(label="FID", about="the standard graph")
        evaluation = ArrayImages(np.zeros((3, 8, 8, 1), np.uint8))
        self.dataset = SimpleNamespace(train=evaluation, evaluation=evaluation)

    def score(self, classifiers, source):
        self.scored.append((source, list(classifiers)))

    def detection(self, classifier, source):
        assert any(source == s and classifier in who for s, who in self.scored)
        rate = self._rates[CLASSIFIERS.index(classifier), SOURCES.index(source)]
        return DetectionMetrics(rate, 0.0, 0.0, 1.0 - rate, rate / 2)

    def natural_logits(self, classifier):
        return np.array([-1.0, -1.0, -1.0, 1.0])  # three of four are called natural

    def frechet(self, source):
        return 10.0 + SOURCES.index(source)

    def natural_frechet(self):
        return 1.0

    def evaluation_images(self, source):
        return self.dataset.evaluation

    def key(self, source):
        return source.path


@pytest.fixture(autouse=True)
def fake_measurements(monkeypatch):
    for name in ("score", "detection", "natural_logits", "frechet", "natural_frechet"):
        monkeypatch.setattr(measure, name, lambda lab, *of, name=name: getattr(lab, name)(*of))


def detections(paper: PaperMatrix | None = None) -> Detections:
    return Detections(
        rows={f"trained on {s.path}": [c] for s, c in zip(SOURCES, CLASSIFIERS, strict=True)},
        columns={s.path: [s] for s in SOURCES},
        name="who",
        title="Who detects whom",
        caption="Made up.",
        row_label="Classifier",
        paper=paper,
    )


def rates_of_pairs() -> np.ndarray:
    """Classifiers 0 and 2, and 1 and 3, detect what the other was trained on."""
    kin = np.array([[1, 0, 1, 0], [0, 1, 0, 1]] * 2)
    return 0.1 + 0.8 * kin + np.arange(16).reshape(4, 4) / 1000


@pytest.mark.parametrize("label", ["FID", "distance over others"])
def test_the_papers_fid_stands_beside_no_other_quantity(label):
    lab = FakeLab(rates_of_pairs())
    lab.quality.label = label
    groups = {source.path: [source] for source in SOURCES}
    table = quality_table(lab, groups, {"a": "36.98", "z": "1"}, "FFHQ")
    ours, theirs = table.rows.index(label), table.rows.index("FID")
    assert [cell.mean for cell in table.cells[ours]] == [10.0, 11.0, 12.0, 13.0]
    assert table.paper[theirs] == ("36.98", None, None, None)
    assert len(table.rows) == (1 if label == "FID" else 2)
    if label != "FID":
        assert table.cells[theirs] == (None,) * 4 and table.paper[ours] == (None,) * 4


def test_a_matrix_takes_sources_that_are_no_gans_of_ours():
    lab, each = FakeLab(rates_of_pairs()), detections()
    matrix = Matrix(
        detections=[each, *rankings(each)],
        summary=lambda tables: f"{tables[0].cells[0][0].mean:.1f}",
        find_clusters=lambda rates: find_clusters(1.0 - rates),
        quality={source.path: [source] for source in SOURCES},
        sources={"seen by all": Shown(CLASSIFIERS, SOURCES)},
        source_name=lambda source: f"folder {source.path}",
        samples_of="Images of {}",
    )
    result = matrix.result(lab, {"generators": 4})
    tables = {table.name: table for table in result.tables}
    assert list(tables) == ["who", "who_clusters", "auc", "detection_at_5_fpr", "quality", "gans"]
    np.testing.assert_array_equal(means(tables["who"]), rates_of_pairs())
    np.testing.assert_array_equal(means(tables["auc"]), 1.0 - rates_of_pairs())
    np.testing.assert_array_equal(means(tables["detection_at_5_fpr"]), rates_of_pairs() / 2)
    ordered = tables["who_clusters"]
    assert ordered.rows == tuple(f"trained on {name}" for name in "acbd")
    np.testing.assert_array_equal(
        means(ordered), rates_of_pairs()[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    )
    assert "{trained on a, trained on c} and {trained on b, trained on d}" in ordered.caption
    assert means(tables["quality"]).tolist() == [[10.0, 11.0, 12.0, 13.0]]
    assert tables["gans"].rows[3] == "seen by all, folder d"
    np.testing.assert_allclose(means(tables["gans"])[:, 0], rates_of_pairs().mean(axis=0))
    # The rates' heat map in the order of the clusters; the AUC has none.
    assert [figure.name for figure in result.figures] == ["who_clusters"]
    assert [grid.title for grid in result.grids] == [f"Images of {name}" for name in "abcd"]
    assert (result.summary, result.instances) == ("0.9", {"generators": 4})


def test_images_are_made_once_for_all_who_see_them():
    lab = FakeLab(rates_of_pairs())
    each = detections()
    Matrix(
        detections=[each, *rankings(each)],
        summary=lambda tables: "",
        classifiers={"the first": Shown(CLASSIFIERS[:1], SOURCES[1:])},
    ).result(lab, {})
    assert [source for source, _ in lab.scored] == SOURCES
    assert all(classifiers == CLASSIFIERS for _, classifiers in lab.scored)


def test_clusters_keep_the_columns_names():
    lab = FakeLab(rates_of_pairs())
    matrix = Matrix(
        detections=[detections()],
        summary=lambda tables: "",
        find_clusters=lambda rates: find_clusters(1.0 - rates),
    )
    assert matrix.result(lab, {}).tables[1].columns == ("a", "c", "b", "d")


def test_the_papers_numbers_stand_beside_the_same_cells_of_ours():
    paper = PaperMatrix(["a", "b", "z"], [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9?"]], "P")
    assert paper.beside(["a", "q"], ["z", "a"]) == {
        "paper": {("a", "z"): "3", ("a", "a"): "1"}, "paper_scope": "P",
    }  # fmt: skip
    assert paper.beside(["q"], ["a"]) == {}
    np.testing.assert_array_equal(paper.means()[2], [7, 8, 95])
    table = paper.table(name="p", title="p", caption="", row_label="", column_label="")
    assert table.cells[2] == (7.0, 8.0, "9?")


def curve(**more) -> Curve:
    a, b, c, _ = SOURCES
    return Curve(
        **{
            "name": "along",
            "title": "Along",
            "caption": "Made up.",
            "axis": "x",
            "columns": {None: "none", 1.0: "one", 2.0: "two"},
            "curves": {
                "all": {x: [Shown(CLASSIFIERS, [s])] for x, s in ((None, a), (1.0, b), (2.0, c))},
                "own": {x: [Shown([k], [a]) for k in CLASSIFIERS[:2]] for x in (None, 1.0, 2.0)},
                "natural": {x: [Shown(CLASSIFIERS, None)] for x in (None, 1.0, 2.0)},
            },
            "quality_along": {None: [a], 1.0: [b], 2.0: [c, c]},
            "summary": lambda measured: f"{measured['all'][None].mean:.2f}",
            **more,
        }
    )


def test_a_curve_has_a_column_for_its_baseline_and_no_point(monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "gan_knowledge_gaps.experiments.curve.error_curve",
        lambda path, series, **more: drawn.update(series, **more),
    )
    lab, rates = FakeLab(rates_of_pairs()), rates_of_pairs()
    result = curve(draws_quality=True).result(lab, {})
    (table,) = result.tables
    assert (table.rows, table.columns) == (
        ("all", "own", "natural", "FID"), ("none", "one", "two"),
    )  # fmt: skip
    np.testing.assert_allclose(means(table)[0], rates[:, :3].mean(axis=0))
    np.testing.assert_allclose(means(table)[1], rates[:2, 0].mean())
    np.testing.assert_allclose(means(table)[2:], [[0.75] * 3, [10.0, 11.0, 12.0]])
    assert table.cells[3][2].count == 2
    assert "natural training images are at 1.00" in table.caption  # no table of quality says it
    assert result.summary == f"{rates[:, 0].mean():.2f}"
    result.figures[0].draw("figure.png")
    assert [x for x, _ in drawn["all"]] == [1.0, 2.0]
    assert [(x, y.mean) for x, y in drawn["second"]["FID"]] == [(1.0, 11.0), (2.0, 12.0)]


def test_shapes_stand_one_after_another():
    matrix = Matrix(
        detections=[detections()], summary=lambda tables: "A matrix.",
        also=[curve(summary=lambda measured: "A curve.")],
    )  # fmt: skip
    result = matrix.result(FakeLab(rates_of_pairs()), {})
    assert result.summary == "A matrix. A curve."
    assert [table.name for table in result.tables] == ["who", "along"]
    assert [figure.name for figure in result.figures] == ["who", "along"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoSizes(Populations):
    """Sizes of a test.

    Attributes:
        step: Own.
    """

    least: ClassVar = {"step": -3}
    called: ClassVar = {"gans": "GANs of the test", "held_out_gans": ""}
    step: int = 1


def test_sizes_extend_each_others_bounds_and_names():
    assert TwoSizes(**ONE, step=-3).facts() == {
        "GANs of the test": "1", "classifiers in the loss": "1", "held-out classifiers": "1",
        "step": "-3",
    }  # fmt: skip
    for bad in ({"step": -4}, {"gans": 0}, {"held_out_classifiers": -1}):
        with pytest.raises(InputError, match=f"{next(iter(bad))} is"):
            TwoSizes(**bad)


def test_the_papers_claim_is_what_the_scripts_docstring_says(monkeypatch):
    text = "First line.\n\nStyleGAN2: one\nsentence.\n\nDCGAN: none.\n\n    python -m it\n\nMore."
    monkeypatch.setitem(globals(), "__doc__", text)

    class Stated(Experiment):
        name = "stated"

    class Given(Experiment):
        name = "given"
        paper_claim = "Nothing."

    assert Stated.paper_claim == "StyleGAN2: one sentence.\n\nDCGAN: none."
    assert Given.paper_claim == "Nothing."


def test_any_registered_architecture_can_be_fooled():
    size = CrossArchitectureConfig(**ONE, fooling_gans=1, architectures="resnet50,convnext_tiny")
    tables = CrossArchitecture(size).shape().detections
    for table in tables:
        assert tuple(table.rows) == tuple(table.columns) == ("ResNet-50", "ConvNeXt-T")
    # The same pairs in all but the second, which is of the classifiers in the loss.
    held_out, in_loss, *rankings = tables
    assert all(each.rows == held_out.rows != in_loss.rows for each in rankings)
    assert [each.name for each in rankings] == ["auc", "detection_at_5_fpr"]
    with pytest.raises(InputError, match="'vgg' is none of"):
        CrossArchitectureConfig(architectures="vgg")
