"""The API reference: every class that users construct has an example, and every example runs."""

import doctest
import importlib.util
import inspect
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.classifiers import build
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig

ROOT = Path(__file__).parent.parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Classes that users get and do not make.
GIVEN = {
    "DetectionMetrics": "metrics.detection_metrics and lab.measure.detection",
    "DigitMetric": "lab.quality.default_metric",
    "ExtractorMetric": "lab.quality.open_metric",
    "ImageSource": "the base of the lab's sources of images",
    "NVlabsNetworks": "stylegan2.load_nvlabs_pickle",
    "Reliability": "metrics.calibration.reliability",
    "Score": "evaluation.Evaluator",
    "Spec": "the base of the lab's values",
}


def reference():
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs/reference/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documented() -> dict[str, object]:
    """What the pages show, by its name: classes and functions."""
    reference_ = reference()
    found = {}
    for name in reference_.PAGES:
        page = reference_.page(name)
        for each in getattr(page, "__all__", None) or vars(page):
            member = getattr(page, each)
            ours = getattr(member, "__module__", "").startswith(reference_.PACKAGE)
            listed = hasattr(page, "__all__") or getattr(member, "__module__", "") == page.__name__
            if ours and listed and not each.startswith("_"):
                found[each] = member
    return found


DOCUMENTED = documented()
CLASSES = {name: each for name, each in DOCUMENTED.items() if inspect.isclass(each)}


def examples(name: str) -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(recurse=True)
    return [each for each in finder.find(DOCUMENTED[name], name, globs={}) if each.examples]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the examples find where they run."""
    folder = tmp_path_factory.mktemp("examples")
    random = np.random.default_rng(0)
    for name in ("photos", "gan"):
        (folder / name).mkdir()
        for number, image in enumerate(random.integers(0, 256, (50, 32, 32, 3), np.uint8)):
            Image.fromarray(image).save(folder / f"{name}/{number}.png")
    options = ConvertOptions(str(folder / "photos"), str(folder / "records"), 32, 3)
    with Conversion(options) as conversion:
        conversion.run()
    Detector(build("cnn", (32, 32, 3), seed=0)).save(folder / "runs/detector")
    network = NetworkConfig(resolution=32, fmap_base=64, latent_dim=16, w_dim=16)
    Generator(network).save(folder / "faces.keras")
    return folder


def test_the_classes_are_those_that_users_know():
    known = {"Detector", "ClassifierConfig", "ArrayImages", "GAN", "Lab", "StyleGAN2Task", "Report"}
    assert known <= set(CLASSES)
    assert set(GIVEN) <= set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_that_users_construct_has_an_example(name):
    made = CLASSES[name]
    abstract = inspect.isabstract(made) or getattr(made, "_is_protocol", False)
    needs_one = not (abstract or issubclass(made, Exception) or name in GIVEN)
    first = doctest.DocTestParser().get_examples(made.__doc__)[:1]
    assert bool(first) or not needs_one
    assert ("    Example:\n        >>> " in made.__doc__) == bool(first)


class Links(HTMLParser):
    """The names in a page, and its links within the reference."""

    def __init__(self, path: Path):
        super().__init__()
        self.names, self.links = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.names.add(attributes.get("id"))
        link = attributes.get("href", "") if tag == "a" else ""
        if link and not link.startswith("http"):
            self.links.add(link)


@pytest.mark.long
def test_the_pages_show_every_public_name_and_their_links_lead_somewhere(tmp_path):
    built = reference()
    built.build(tmp_path)  # any warning is an error
    pages = {path: Links(path) for path in tmp_path.rglob("*.html")}
    assert len(pages) == len(built.PAGES) + 1
    for name in built.PAGES:
        path = tmp_path / f"{built.PACKAGE}/{name.replace('.', '/')}.html"
        assert set(getattr(built.page(name), "__all__", ())) <= pages[path].names
    assert "Detector.probability" in pages[tmp_path / f"{built.PACKAGE}/classifiers.html"].names
    for path, page in pages.items():
        for link in page.links:
            file, _, name = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target in pages, f"{path.name}: {link}"
            assert not name or name in pages[target].names, f"{path.name}: {link}"


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(name for name in DOCUMENTED if examples(name)))
def test_an_example_runs(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    runner, said = doctest.DocTestRunner(optionflags=FLAGS), []
    for each in examples(name):
        runner.run(each, out=said.append)
    assert not runner.failures, "".join(said)
