"""What setup.py puts into the wheel."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
NOT_MINE = "raise SystemExit('the code of another project ran')\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder that holds what `pip install` of a built wheel puts into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    skipped = shutil.ignore_patterns(".*", "build", "*.egg-info", "runs", "results", "__pycache__")
    shutil.copytree(ROOT, folder / "source", ignore=skipped)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, f"--wheel-dir={folder}", str(folder / "source")], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def elsewhere(site, tmp_path):
    """A folder of a user whose own files have our rooms' names; runs Python there."""
    for room in ("data", "training", "metrics", "report", "evaluation", "lab", "classifiers"):
        (tmp_path / f"{room}.py").write_text(NOT_MINE)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout or done.stderr

    return run


def test_a_wheel_holds_one_package(site):
    assert sorted(path.name for path in site.iterdir() if not path.name.endswith("-info")) == [
        "gan_knowledge_gaps"
    ]
    (points,) = site.glob("*.dist-info/entry_points.txt")
    assert "gaps = gan_knowledge_gaps.__main__:main" in points.read_text(encoding="utf-8")


def test_installed_commands_run_beside_files_that_have_the_names_of_rooms(elsewhere, tmp_path):
    started = "import sys; from gan_knowledge_gaps.__main__ import main; sys.exit(main())"
    listing = elsewhere("-c", started)
    assert "\ngaps classifiers.detect " in listing and "\ngaps training.doctor " in listing
    pixels = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), np.uint8)
    (tmp_path / "pictures").mkdir()
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"pictures/{index}.png")
    flags = "--source=pictures", "--output=records", "--resolution=8"
    elsewhere("-c", started, "data.convert", *flags)
    said = elsewhere("-m", "gan_knowledge_gaps.data.verify", "records", "--pixels")
    assert "10 images" in said


def test_without_tensorflow_a_command_names_the_extra_in_one_line(elsewhere, tmp_path):
    absent = "import sys; sys.modules['tensorflow'] = None\n"
    started = f"{absent}from gan_knowledge_gaps.__main__ import main; main()"
    flags = "--run=run", "--data=pictures", "--network_resolution=8"
    said = elsewhere("-c", started, "stylegan2.train", *flags, code=2)
    assert said.count("\n") == 1 and "pip install 'gan-knowledge-gaps[cpu]'" in said
    assert not (tmp_path / "run").exists()


def test_the_package_works_as_a_library_beside_such_files(elsewhere, site):
    shown = elsewhere(
        "-c", "from gan_knowledge_gaps import classifiers, stylegan2\n"
        "print(classifiers.__file__, stylegan2.NetworkConfig().resolution, classifiers.build)",
    )  # fmt: skip
    assert shown.startswith(str(site))


def test_the_wheel_holds_every_module_and_every_file_that_the_code_opens(site):
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    opened = {
        path.relative_to(ROOT)
        for room in rooms - {"tests", "benchmarks", "gan_knowledge_gaps"}
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert Path("report/templates/page.html") in opened
    missing = [str(path) for path in opened if not (site / "gan_knowledge_gaps" / path).is_file()]
    assert not missing


@pytest.mark.parametrize("origin", ["https://host.org/us/name.git", "git@host.org:us/name.git"])
def test_links_of_the_readme_are_whole_where_the_origin_is_known(origin, tmp_path):
    for name in ("setup.py", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "setup.py", "--url", "--long-description"]
    for git in (["init", "--quiet"], ["remote", "add", "origin", origin]):
        subprocess.run(["git", "-C", str(tmp_path), *git], check=True)
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    targets = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", said)
    inside = {(bang, each) for bang, each in targets if each.startswith("https://host.org/")}
    assert ("", "https://host.org/us/name/blob/HEAD/docs/results.md") in inside
    picture = "https://host.org/us/name/raw/HEAD/results/faces/small_cnn/iterations/detection.png"
    assert ("!", picture) in inside
    assert all(each.startswith(("https://", "#")) for _, each in targets)
    paths = {each.split("/HEAD/")[1].partition("#")[0] for _, each in inside}
    assert all((ROOT / path).exists() for path in paths)


def test_citation_and_changes_name_the_version_that_is_installed():
    version = importlib.metadata.version("gan-knowledge-gaps")
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
