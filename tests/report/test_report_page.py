import base64
import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError, encode_png, image_grid
from gan_knowledge_gaps.report import (
    Figure,
    Grid,
    Measurement,
    Report,
    Table,
    heat_map,
    write,
    write_index,
)

VOID = {"meta", "img", "br", "wbr"}
HOSTILE = '<script>alert("x")</script>'


@dataclass(frozen=True)
class Training:
    learning_rate: float
    betas: tuple[float, float]
    folder: Path


class Page(HTMLParser):
    """Collects a page's text, addresses and pictures, and checks that its tags balance."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.addresses, self.words = [], [], [], []
        self.alternatives = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        self.alternatives += [value for name, value in attrs if name == "alt"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def pictures(self):
        head = "data:image/png;base64,"
        data = [a.removeprefix(head) for a in self.addresses if a.startswith(head)]
        return [np.asarray(Image.open(io.BytesIO(base64.b64decode(item)))) for item in data]


def table(name="rates", **fields):
    cells = ((Measurement((0.25, 0.75)), None),)
    names = (("ResNet-50",), ("GAN 0", HOSTILE))
    paper = (("0.05±0.02", HOSTILE),)
    return Table(name, "Rates", "", "Held-out classifier", "", *names, cells, paper, **fields)


def report(**changes):
    rates = table()
    images = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), dtype=np.uint8)
    fields = {
        "name": "fooling",
        "title": f"Fooling {HOSTILE}",
        "question": "Are they fooled?",
        "paper_claim": "They are.",
        "summary": "One.\n\nTwo & three.",
        "facts": {"Data set": "digits", "GANs": 3},
        "configuration": {"gan": Training(2e-4, (0.5, 0.999), Path("runs")), "ema": float("nan")},
        "seeds": {"GANs": range(3)},
        "command": "python -m experiments.fooling --preset=quick",
        "wall_time_seconds": 75.4,
        "tables": (rates,),
        "figures": (Figure("map", "The map.", lambda path: heat_map(rates, path)),),
        "grids": (Grid("samples", "GAN 0", "Six images.", image_grid(images, 3)),),
        "provenance": {"ResNet-50, GAN 0": ["classifier-aa", "gan-bb"]},
        "notes": ("Digits instead of faces.",),
        "versions": {"python": "3.11"},
    }
    return Report(**fields | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "new" / "fooling"
    assert write(report(), folder) == folder / "index.html"
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "index.html").read_text("utf-8"))


def test_folder_holds_every_format_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "map.png",
        "rates.csv",
        "rates.json",
        "rates.md",
        "report.json",
        "samples.png",
    }
    line = next(csv.DictReader(io.StringIO((folder / "rates.csv").read_text("utf-8"))))
    assert (line["value"], line["std"], line["count"]) == ("0.5", "0.25", "2")


def test_page_needs_nothing_but_itself(page, folder):
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    for address in page.addresses:
        assert address.startswith("data:image/png;base64,") or (folder / address).is_file()
    style = (folder / "index.html").read_text("utf-8").partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style


def test_page_shows_all_that_was_reported(page):
    for expected in (
        f"Fooling {HOSTILE}",
        "Are they fooled?",
        "They are.",
        "One. Two & three.",
        "0.50 ±0.25 0.05 ±0.02",
        "n = 2 (instances) small grey",
        "Digits instead of faces.",
        "learning_rate 0.0002 betas 0.5, 0.999 folder runs ema none",
        "GANs 0, 1, 2",
        "classifier-aa, gan-bb",
        "python -m experiments.fooling --preset=quick",
        "Trainings took 1 min 15 s",
        "python 3.11",
    ):
        assert expected in page.text


def test_pictures_within_the_page_are_those_of_the_files(page, folder):
    figure, samples = page.pictures()
    np.testing.assert_array_equal(figure, np.asarray(Image.open(folder / "map.png")))
    np.testing.assert_array_equal(samples, report().grids[0].image)


def test_report_json_is_strict_and_complete(folder):
    def refuse(constant):
        raise AssertionError(constant)

    value = json.loads((folder / "report.json").read_text("utf-8"), parse_constant=refuse)
    assert value["tables"][0]["cells"][0][0]["values"] == [0.25, 0.75]
    assert value["tables"][0]["scope"] == "Data set: digits · GANs: 3"
    assert value["configuration"]["gan"]["betas"] == [0.5, 0.999]
    assert value["configuration"]["ema"] is None
    assert value["seeds"] == {"GANs": [0, 1, 2]}
    assert value["wall_time_seconds"] == 75.4
    assert value["provenance"] == {"ResNet-50, GAN 0": ["classifier-aa", "gan-bb"]}
    assert value["grids"] == [
        {"name": "samples", "title": "GAN 0", "caption": "Six images.", "file": "samples.png"}
    ]


def test_a_bare_report_has_no_empty_sections(tmp_path):
    bare = report(tables=(), figures=(), grids=(), provenance={}, notes=())
    page = Page(write(bare, tmp_path).read_text("utf-8"))
    assert "Trainings took" in page.text
    for heading in ("Results", "Samples", "Differences from the paper", "Artifacts"):
        assert heading not in page.text


def test_hostile_text_is_escaped_and_literal_wherever_it_stands(tmp_path):
    text = """<script>x</script> & 'one' "two" {{ 1 }} {% if %} {# no #} &amp; </style></pre>"""
    pixels = np.zeros((2, 2, 3), np.uint8)
    cells = (((text,),), ((text,),))
    rates = Table("t", text, text, text, text, (text,), (text,), *cells, text, scope=text)
    hostile = report(
        **dict.fromkeys(("title", "question", "paper_claim", "summary", "command"), text),
        **{key: {text: {text: [text]}} for key in ("configuration", "seeds", "provenance")},
        **{key: {text: text} for key in ("facts", "versions")},
        tables=(rates,),
        figures=(Figure("f", text, lambda path: path.write_bytes(encode_png(pixels))),),
        grids=(Grid("g", text, text, pixels),),
        notes=(text,),
    )
    page = Page(write(hostile, tmp_path / "one").read_text("utf-8"))
    index = write_index(tmp_path / "index.html", text, [tmp_path / "one"], {text: text})
    index = Page(index.read_text("utf-8"))

    tags = Page(write(report(), tmp_path / "other").read_text("utf-8")).tags
    assert set(page.tags + index.tags) <= set(tags)
    assert page.alternatives == [text, text] and index.alternatives == [text]
    table, origin = 10, 1 + 3 * 3 + 2
    assert page.text.count(text) == 5 + 2 + 1 + table + 2 + 1 + origin
    assert index.text.count(text) == 2 + 2 + 1 + 2
    for shown in (page, index):
        assert not set("<>{}&") & set(shown.text.replace(text, ""))


def test_a_page_tells_its_scope_once_and_that_of_a_table_of_other_conditions(tmp_path):
    same, other = table("same"), table("other", scope="MNIST alone")
    page = Page(write(report(tables=(same, other)), tmp_path).read_text("utf-8"))
    assert page.text.count("digits") == page.text.count("MNIST alone") == 1
    assert "Data set: digits · GANs: 3" in (tmp_path / "same.md").read_text()  # which stands alone


def test_artifacts_lead_to_their_folders(tmp_path):
    folders = {key: tmp_path / "artifacts" / key for key in ("gan-aa", "classifier-bb")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    named = report(
        provenance={"gan-aa": "GAN 0", "classifier-bb": "a judge", "images-cc": "theirs"}
    )
    page = tmp_path / "results" / "it" / "index.html"
    links = {key: f"../../artifacts/{key}" for key in folders}
    assert write(named, page.parent, links) == page
    found = [a for a in Page(page.read_text()).addresses if "artifacts" in a]
    assert [(page.parent / each).resolve() for each in found] == list(folders.values())
    assert "images-cc theirs" in Page(page.read_text()).text


def wide(rows: int, names: list[str], name: str) -> Table:
    """Twelve columns or more, as of an evaluation's intervals, or of sixteen generators."""
    cells = [[Measurement((0.25, 0.75))] * len(names)] * rows
    row_names = [f"latent_diffusion_{n}" for n in range(rows)]
    return Table(name, "Wide", "", "Trained on", "Tested on", row_names, names, cells)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser")
def test_every_column_is_visible_on_a_laptop(tmp_path):
    ends = [f"detection rate at {n} % FPR, {end}" for n in range(6) for end in ("from", "to")]
    generators = [f"latent_diffusion_{n}" for n in range(16)]
    tables = (wide(3, ends, "intervals"), wide(16, generators, "matrix"))
    page = write(report(tables=tables, figures=()), tmp_path)
    script = """<script>document.title = [...document.querySelectorAll(".scroll")].map(
        e => [e.scrollWidth <= e.clientWidth, e.getBoundingClientRect().right <= 1280])</script>"""
    page.write_text(page.read_text("utf-8").replace("</body>", f"{script}</body>"), "utf-8")
    found = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", f"--user-data-dir={tmp_path / 'browser'}", "--window-size=1280,1000",
         "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (title,) = re.findall("<title>(.*)</title>", found.stdout)
    assert title.split(",") == ["true"] * 4


def test_files_may_not_overwrite_each_other():
    grid = Grid("map", "", "", np.zeros((1, 1, 3), np.uint8))
    for parts in ({"tables": (table(), table())}, {"grids": (grid,)}):
        with pytest.raises(ValueError, match="several parts"):
            report(**parts)
    with pytest.raises(ValueError, match=r"report\.json"):
        report(tables=(table("report"),))
    with pytest.raises(ValueError, match="file stem"):
        Figure("a/b", "", print)


def test_a_report_of_what_the_paper_does_not_ask_has_no_card_for_it(tmp_path):
    for claim in ("It is so.", ""):
        page = write(report(paper_claim=claim), tmp_path / (claim or "none")).read_text()
        assert ("The paper</h2>" in page) == bool(claim)


def test_an_index_leads_to_every_report(tmp_path):
    folders = [tmp_path / "results" / name for name in ("first", "second one")]
    for folder, summary in zip(folders, ("Found this.", HOSTILE), strict=True):
        write(report(summary=summary), folder)
    path = write_index(tmp_path / "results" / "index.html", "All", folders, {"preset": "quick"})
    page = Page(path.read_text())
    links = [address for address in page.addresses if not address.startswith("data:")]
    assert links == ["first/index.html", "second%20one/index.html"]
    assert "Found this." in page.text and HOSTILE in page.text
    assert "script" not in page.tags
    assert len(page.pictures()) == 2
    first = np.asarray(Image.open(folders[0] / "map.png"))
    assert page.pictures()[0].shape == first.shape


def test_a_users_own_report_module_is_not_asked_for_templates(tmp_path):
    (tmp_path / "report.py").write_text("raise SystemExit('hostile')")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from gan_knowledge_gaps.report.rendering import render\n"
        "print(render('index.html', title='Mine', settled={}, entries=[]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "<h1>Mine</h1>" in done.stdout, done.stderr


def test_an_index_tells_a_scale_once_for_all_that_follow_at_it(tmp_path):
    scales = ("small DCGAN", "small DCGAN", "StyleGAN2")
    folders = [tmp_path / str(number) for number in range(3)]
    for folder, scale in zip(folders, scales, strict=True):
        write(report(facts={"scale": scale}, title=f"Of {folder.name}"), folder)
    page = Page(write_index(tmp_path / "index.html", "All", folders, {}).read_text())
    places = [page.text.index(each) for each in ("small", "Of 0", "Of 1", "StyleGAN2", "Of 2")]
    assert places == sorted(places)
    assert page.text.count("small DCGAN") == page.text.count("StyleGAN2") == 1


def test_an_index_of_a_damaged_report_is_refused(tmp_path):
    write(report(), tmp_path / "one")
    (tmp_path / "one" / "report.json").write_text("{}")
    with pytest.raises(InputError, match=r"report\.json is damaged: .* title"):
        write_index(tmp_path / "index.html", "All", [tmp_path / "one"], {})
