"""Every command answers `--help` and wrong flags at once: without TensorFlow and the like."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
HEAVY = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib"}
# Given by processes to those that they start, or of an executor or a setting that was not chosen.
HIDDEN = {"as_worker", "train_artifact", "slurm_partition", "logtostderr", "pdb"}
ROOMS = ("classifiers", "data", "evaluation", "experiments", "stylegan2", "training")
COMMANDS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if '__name__ == "__main__"' in (text := path.read_text(encoding="utf-8"))
    and re.search(
        r"from gan_knowledge_gaps.training import .*\bcommand\b|running import main|def _start",
        text,
    )
)


def run(command: str, *arguments: str) -> tuple[int, str, list[str], set[str]]:
    """Exit code, stdout, what is said on stderr, and which packages were imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", command, *arguments], capture_output=True,
        text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    lines = done.stderr.splitlines()
    times = [line for line in lines if line.startswith("import time:")]
    said = [line for line in lines if line not in set(times)]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in times}
    return done.returncode, done.stdout, said, imported & HEAVY


def test_all_commands_are_found():
    assert {"data.convert", "training.native.build", "training.doctor"} < set(COMMANDS)
    assert {"experiments.iterations", "experiments.all", "classifiers.detect"} < set(COMMANDS)
    assert len(COMMANDS) == 37


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_its_commands(room):
    code, out, said, imported = run(room)
    assert (code, said, imported) == (0, [], set())
    listed = dict(re.findall(r"^python -m (\S+) +(\S.*)$", out, re.MULTILINE))
    assert sorted(listed) == [each for each in COMMANDS if each.startswith(f"{room}.")]
    assert all(listed.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_short_and_at_once(command):
    code, out, said, imported = run(command, "--help")
    assert (code, said, imported) == (0, [], set())
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 200
    file = ROOT / (command.replace(".", "/") + ".py")
    text = (file if file.exists() else file.with_suffix("") / "__main__.py").read_text("utf-8")
    assert lines[0] == text.splitlines()[0].removeprefix('"""').removesuffix('"""')
    shown = re.findall(r"^  --(?:\[no\])?(\w+)", out, re.MULTILINE)
    assert shown and len(set(shown)) == len(shown)
    assert not HIDDEN & set(shown)
    # Of two settings, the chosen one's.
    assert not {"gan_epochs", "network_resolution"} <= set(shown)


@pytest.mark.parametrize(
    ("command", "arguments", "shown", "hidden"),
    [
        ("experiments.iterations", [], "--gan_epochs .* \\[8\\]", "network_resolution"),
        ("experiments.iterations", ["--preset=paper"], "--gan_epochs .* \\[50\\]", "quick 8"),
        (
            "experiments.iterations", ["--setting=stylegan2", "--preset=paper"],
            "--network_resolution .* \\[256\\]", "--gan_epochs",
        ),
        ("experiments.iterations", ["--setting=stylegan2"], "\\[resnet50\\]", "digits_epochs"),
        ("experiments.iterations", ["--executor=slurm"], "--slurm_partition", "as_worker"),
        ("experiments.iterations", ["--preset"], "--gan_epochs .* \\[8\\]", "as_worker"),
        ("experiments.iterations", ["--helpfull"], "--train_artifact", "logtostderr"),
        ("stylegan2.train", ["--preset=config-e"], "--network_fmap_base .* \\[8192\\]", "pdb"),
    ],
)  # fmt: skip
def test_help_is_of_what_the_command_line_names(command, arguments, shown, hidden):
    code, out, _, imported = run(command, "--help", *arguments)
    assert (code, imported) == (0, set())
    words = " ".join(out.split())
    assert re.search(shown, words)
    assert hidden not in words


@pytest.mark.parametrize("command", COMMANDS)
def test_a_flag_that_does_not_exist_is_refused_at_once(command):
    code, out, said, imported = run(command, "--no_such_flag=1")
    assert (code, out, imported) == (2, "", set())
    assert len(said) == 1 and said[0].startswith("error: ") and "no_such_flag" in said[0]


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("data.convert", ["--source=x"], "--output is missing"),
        ("data.verify", [], "no folder is given"),
        ("classifiers.train", ["--run=x"], "--natural and --generated"),
        (
            "classifiers.train",
            ["--run=x", "--natural=a", "--generated=b", "--classifier_batch_size=3"],
            "--classifier_batch_size is 3",
        ),
        ("classifiers.train", ["--run=x", "--natural=a", "--generated=a"], "--generated names a"),
        (
            "classifiers.train",
            ["--run=x", "--natural=a", "--generated=b", "--architecture=xception",
             "--resolution=32"],
            "xception needs images of at least 71x71",
        ),
        ("classifiers.train", ["--architecture=none"], "--architecture"),
        (
            "classifiers.train", ["--run=x", "--natural=a", "--generated=b", "--groups=folders"],
            "a regular expression with a (group)",
        ),
        (
            "classifiers.train", ["--run=x", "--natural=a", "--generated=b", "--common_size=7"],
            "--common_size is 7",
        ),
        (
            "classifiers.train",
            ["--run=x", "--natural=a", "--generated=b", "--common_size=auto", "--patches=4"],
            "leave --common_size out",
        ),
        (
            "classifiers.train",
            ["--run=x", "--natural=a", "--generated=b", "--start=c", "--weights=imagenet"],
            "leave --weights out",
        ),
        ("classifiers.attribute", ["--attributor=x"], "--attributor=FOLDER is needed"),
        (
            "classifiers.train_attributor",
            ["--run=x", "--natural=a", "--generated=unknown=b"], "a generator is called 'unknown'",
        ),
        (
            "classifiers.train_attributor",
            ["--run=x", "--natural=a", "--generated=b,c=d", "--unknown=c=e"],
            "--unknown names c (e), which trains",
        ),
        ("classifiers.audit", ["--natural=a"], "--natural and --generated"),
        ("evaluation.compare", ["--images=a"], "--reference and --images"),
        (
            "evaluation.compare", ["--reference=a", "--images=b", "--metrics=ppl_wend"],
            "two sets of images have",
        ),
        (
            "data.convert", ["--source=x", "--output=y", "--resolution=8", "--groups=gone.csv"],
            "cannot read gone.csv",
        ),
        ("classifiers.detect", ["--detector=x"], "--detector=FOLDER is needed"),
        ("classifiers.detect", ["--threshold=2"], "--threshold"),
        ("classifiers.serve", ["--port=8502"], "--detector (a folder) is needed"),
        ("classifiers.serve", ["--detector=x", "--prior=1"], "--prior is 1"),
        ("classifiers.serve", ["--detector=x", "--hostnames=*.org"], "without a *"),
        ("classifiers.evaluate", ["--detector=x"], "--generated (images) and --output are needed"),
        ("classifiers.explain", ["--images=0"], "--images"),
        ("classifiers.export", [], "--detector (a folder)"),
        ("stylegan2.train", ["--run=x"], "--data (images) are needed, or --resume"),
        ("stylegan2.train", ["--run=x", "--data=y", "--held_out=c"], "--held_out goes with --fool"),
        ("stylegan2.train", ["--resume=/gone"], "/gone holds no run"),
        ("stylegan2.train", ["--resume=x", "--seed=1"], "--seed cannot be changed"),
        ("stylegan2.train", ["--run=x", "--data=y", "--network_resolution=9"], "power of two"),
        ("stylegan2.generate", ["--seeds=1", "--w=w.npy", "--output=x"], "either --seeds or --w"),
        ("stylegan2.generate", ["--seeds=1", "--output=x"], "--network is needed"),
        ("stylegan2.interpolate", ["--output=x.avi"], ".gif, .webp, .mp4"),
        ("stylegan2.project", ["--targets=a", "--output=x", "--truncation=0.5"], "--truncation"),
        ("stylegan2.evaluate", ["--network=x", "--data=y", "--metrics=best"], "best"),
        ("stylegan2.learning_curve", [], "--run (folder of a run)"),
        ("stylegan2.import_nvlabs", [], "--pickle"),
        ("training.native.build", ["--cuda=perhaps"], "--cuda"),
        ("training.doctor", ["--json=/gone/x.json"], "--json=/gone/x.json cannot be written"),
        ("experiments.iterations", ["--training_kimg=3"], "--training_kimg has no meaning with"),
        ("experiments.iterations", ["--planned_images=9"], "--planned_images goes with --dry_run"),
        ("experiments.iterations", ["--gan_epochs=0"], "--gan_epochs is 0"),
        ("experiments.iterations", ["--experiment_gans=0"], "--experiment_gans is 0"),
        ("experiments.iterations", ["--devices=2"], "--devices goes with --budget_hours"),
        ("experiments.iterations", ["--start_share=0.5"], "--start_share goes with --start"),
        ("experiments.iterations", ["--start=x"], "cannot begin with networks from outside"),
        ("experiments.iterations", ["--experiment_start=new"], "--experiment_start is new"),
        ("experiments.iterations", ["--wait"], "--wait goes with --executor=slurm"),
        ("experiments.iterations", ["--workers=2", "--gpu_slots=1"], "not both"),
        (
            "experiments.iterations", ["--inception=x", "--features=random-vgg16"],
            "--inception goes with --features=inception",
        ),
        ("experiments.cross_generator", [], "--generators: give at least 2"),
        ("experiments.all", ["--results=x"], "--results is for a single experiment"),
        ("experiments.status", ["--workdir=/gone"], "there is no folder /gone"),
        ("experiments.artifacts", ["burn"], "list, verify or remove"),
        ("experiments.export_images", ["--artifact=x"], "--output (a folder) are needed"),
    ],
)  # fmt: skip
def test_flags_that_cannot_be_right_are_refused_at_once(command, arguments, named):
    code, out, said, imported = run(command, *arguments)
    assert (code, out, imported) == (2, "", set())
    assert len(said) == 1 and said[0].startswith("error: ") and named in said[0]


def test_verifying_records_needs_no_tensorflow(tmp_path):
    (tmp_path / "images").mkdir()
    for number in range(7):
        Image.new("RGB", (9, 9), (number, 2, 3)).save(tmp_path / f"images/{number}.png")
    records = tmp_path / "records"
    flags = f"--source={tmp_path / 'images'}", f"--output={records}", "--resolution=8"
    code, out, _, _ = run("data.convert", *flags)
    assert code == 0 and "7 images in 1 shards" in out
    code, out, _, imported = run("data.verify", str(records), "--pixels")
    assert (code, imported) == (0, set()) and "are sound" in out
