"""Whatever happens to a JSON file, its reader gives one line of error, or its documented fallback.

The damages are drawn with a seed: values replaced, keys dropped, files cut, bytes flipped, nesting.
"""

import copy
import json
import math
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import detector
from gan_knowledge_gaps.classifiers.attribution.attributor import read_info
from gan_knowledge_gaps.classifiers.baseline import load_baseline
from gan_knowledge_gaps.classifiers.extending import generators_of
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.records.manifest import read_manifest, write_manifest
from gan_knowledge_gaps.data.records.plan import note_plan, noted_plan
from gan_knowledge_gaps.evaluation.report import read_report
from gan_knowledge_gaps.lab.executors.queue import Queue
from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.lab.store.inventory import named_in_reports, stale_keys
from gan_knowledge_gaps.report.index import write_index
from gan_knowledge_gaps.stylegan2.config import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.stylegan2.run import read_config
from gan_knowledge_gaps.training.checkpoints import Checkpoints
from gan_knowledge_gaps.training.config import to_json
from gan_knowledge_gaps.training.doctor.installation import keras_settings
from gan_knowledge_gaps.training.metrics_log import MetricsLog, read_metrics
from gan_knowledge_gaps.training.run_folder import begin_or_go_on, identity

CASES = 60  # for each reader
SHA = "0" * 64


@dataclass
class Reader:
    """A file, what reads it, and whether it may not say so: it then falls back on something else.

    Attributes:
        name: of the file, below a folder.
        content: JSON that is right; or None, where the file is there already.
        read: what reads it, given the folder; checks what it got.
        silent: whether nothing is raised.
    """

    name: str
    content: Any
    read: Callable[[Path], Any]
    silent: bool = False


def of_detector(folder: Path) -> None:
    info = detector._read_info(folder / "detector.json")
    made = detector.Detector(None, float(info.pop("temperature", 1.0)), info=info)
    made.thresholds()
    assert all(isinstance(each, str) for each in generators_of(made).values())
    assert 0 < made.temperature < math.inf
    assert info.get("resize_filter", "box") in ("box", "lanczos")
    assert info.get("classifier", {}).get("width", 1) > 0


def of_attributor(folder: Path) -> None:
    info = read_info(folder / "attributor.json")
    assert len(info["classes"]) > 1 and 0 < info["temperature"] < math.inf
    assert all(map(math.isfinite, info["thresholds"])) and info.get("common_size", 1) > 0


def of_run(folder: Path) -> None:
    config = read_config(folder)
    network, training = NetworkConfig(**config["network"]), TrainingConfig(**config["training"])
    assert network.resolutions and training.steps > 0
    assert all(math.isfinite(each) for each in vars(training).values())
    max(1, round(config["tick_kimg"] * 1000 / training.batch_size)) * config["snapshot_ticks"]
    assert all(isinstance(each, str) for each in config["fool"]) and config["seed"] >= 0


def of_artifact(folder: Path) -> None:
    artifact = Artifact(folder, "a GAN")
    assert artifact.damage() in ("DONE.json", "model.keras")  # of which there is none
    artifact.is_complete(), artifact.sound_weights(), artifact.damaged_snapshots()
    stale_keys([artifact])
    artifact.manifest()


def of_description(folder: Path) -> None:
    artifact = Artifact(folder, "a GAN")
    assert isinstance(artifact.description().get("label", artifact.key), str)
    assert all(isinstance(each, str) for each in (artifact.trained_on() or {}).values())


def of_checkpoint(folder: Path) -> None:
    """A good older one is there: it is taken, or the newest where that is whole."""
    value = tf.Variable(0.0)
    step = Checkpoints(folder, {"value": [value]}, run="ours").restore_newest()
    assert step in (1, 2) and float(value) == step


def of_metrics(folder: Path) -> None:
    for line in read_metrics(folder / "metrics.jsonl"):
        assert type(line["step"]) is int
        assert all(math.isfinite(value) for value in line.values())
    MetricsLog(folder, 5).__exit__(None)


CONFIG = {
    "command": "python", "data": "faces", "fingerprint": SHA, "seed": 1, "fool": ["a.keras"],
    "phi": 0.001, "fooling_jpeg": "straight_through", "transfer": None, "tick_kimg": 1.0,
    "snapshot_ticks": 10, "keep_networks": False, "network": to_json(NetworkConfig()),
    "training": to_json(TrainingConfig()),
}  # fmt: skip
EVALUATION = {
    "conditions": {
        "network": "runs/a", "split": "all", "data": "faces", "resolution": 8, "filter": "box",
        "files": 9, "jpeg_files": 0, "truncation": 1.0, "noise": "const", "seed": 0,
    },
    "figures": [{
        "name": "fid", "value": 3.5, "deviation": None, "generated": 100, "natural": 100,
        "features": "x", "features_sha256": SHA,
    }],
}  # fmt: skip
PARAMETERS = {"parameters": {"format_version": 1, "resolution": 8}, "software": {"pillow": "12"}}
READERS = [
    Reader("detector.json", {
        "temperature": 2.5, "resize_filter": "box", "architecture": "cnn",
        "classifier": {"width": 1.0}, "augmentation": {"mirror": True}, "figures": [{"path": "x"}],
        "calibration": {"threshold": 1.5, "uncertain_threshold": 0.5, "pictures": 100},
        "natural": {"path": "faces", "fingerprint": SHA},
        "generated": [{"path": "gan1", "fingerprint": SHA}], "start": "model.keras",
    }, of_detector),
    Reader("config.json", CONFIG, of_run),
    Reader("config.json", {"seed": 1}, lambda folder: begin_or_go_on(folder, {"seed": 1})),
    Reader("run.json", {"id": SHA}, identity),
    Reader("DONE.json", {
        "label": "a GAN", "sha256": SHA, "weights_sha256": SHA, "seconds": 1.5,
        "files": {"model.keras": SHA, "snapshots/1.keras": SHA}, "depends_on": {"gan-1": SHA},
    }, of_artifact),
    Reader("STARTED.json", {"label": "a GAN", "depends_on": {"gan-1": SHA}}, of_description, True),
    Reader("step-000000002/manifest.json", None, of_checkpoint, True),
    Reader("step-000000002/description.json", None, of_checkpoint, True),
    Reader("metrics.jsonl", {"step": 3, "loss": 0.5, "images_per_second": 1}, of_metrics, True),
    Reader("manifest.json", None, read_manifest),
    Reader("conversion.json", None, noted_plan),
    Reader("queue/gan-1.json", {"job": "12", "after": ["3"]},
           lambda folder: Queue(folder / "queue")._read(folder / "queue/gan-1.json")),
    Reader("report.json", {"provenance": {"gan-1": "a GAN"}}, named_in_reports),
    Reader("report.json", {
        "title": "T", "facts": {"scale": "s"}, "paper_claim": "c", "summary": "s",
        "figures": [{"file": "a.png", "caption": "c"}],
    }, lambda folder: write_index(folder / "index.html", "All", [folder], {})),
    Reader("evaluation.json", {"evaluations": [EVALUATION]}, read_report),
    Reader("keras.json", {"floatx": "float32"},
           lambda folder: keras_settings(folder / "keras.json"), True),
    Reader("baseline.json", {
        "weights": [0.5, -1.0], "bias": 2.0, "jpeg_quality": 75,
        "profiles": {
            kind: {"mean": [-3.0, -4.5], "deviation": [0.5, 0.25]}
            for kind in ("natural", "generated")
        },
    }, lambda folder: load_baseline(folder, (4, 4, 3))),
    Reader("attributor.json", {
        "classes": ["natural", "a"], "temperature": 1.5, "thresholds": [3.0, 1],
        "resize_filter": "box", "common_size": 96, "audit": {"findings": []},
    }, of_attributor),
]  # fmt: skip
VALUES = [
    None, True, -1, 0, 0.0, 2**64, 10**400, -2.5, 1e308, math.nan, math.inf, "", "x", "\ud800",
    "a\0b", "../../etc/passwd", "/", [], {}, [[]], [None], {"": None}, "y" * 10_000,
]  # fmt: skip


def places(value: Any, way: tuple = ()) -> list[tuple]:
    """The ways to all values within a value, itself included."""
    if not isinstance(value, dict | list):
        return [way]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [way, *(place for key, each in items for place in places(each, (*way, key)))]


def damaged(content: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(5)
    if kind == 0:
        return content[: chance.randrange(len(content))]
    if kind == 1:
        position = chance.randrange(len(content))
        flipped = content[position] ^ 1 << chance.randrange(8)
        return content[:position] + bytes([flipped]) + content[position + 1 :]
    if kind == 2 and chance.random() < 0.3:
        opening, closing = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
        depth = chance.choice([60, 400, 900, 50_000])
        return opening * depth + b"1" + closing * depth
    value = copy.deepcopy(json.loads(content))
    *way, last = chance.choice(places(value)) or (None,)
    holder = value
    for key in way:
        holder = holder[key]
    if last is None:
        value = chance.choice(VALUES)
    elif kind == 3:
        del holder[last]
    else:
        holder[last] = chance.choice(VALUES)
    return json.dumps(value).encode()


def prepare(reader: Reader, folder: Path) -> Path:
    """The file as it should be, and what lies beside it."""
    path = folder / reader.name
    path.parent.mkdir(parents=True)
    if reader.content is not None:
        path.write_text(json.dumps(reader.content) + "\n")
    elif reader.name == "manifest.json":
        write_manifest(folder, {**PARAMETERS, "images": 0, "shards": []})
    elif reader.name == "conversion.json":
        note_plan(folder, PARAMETERS)
    else:
        shutil.rmtree(path.parent)
        value = tf.Variable(0.0)
        for step in (1, 2):
            value.assign(step)
            Checkpoints(folder, {"value": [value]}, run="ours").save(step)
    return path


@pytest.mark.parametrize("number", range(len(READERS)))
def test_a_damaged_file_is_one_line_or_its_fallback(number, tmp_path):
    reader, chance = READERS[number], random.Random(number)
    path = prepare(reader, tmp_path / "folder")
    folder, good = tmp_path / "folder", path.read_bytes()
    reader.read(folder)
    raised = 0
    for case in range(CASES):
        content = damaged(good, chance)
        path.write_bytes(content)
        try:
            reader.read(folder)
        except InputError as error:
            assert not reader.silent, (case, content[:200])
            line = str(error)
            assert len(line.splitlines()) == 1 and str(folder) in line, (case, content[:200], line)
            assert len(line) - len(str(path)) <= 300, line
            raised += 1
        except Exception as error:
            raise AssertionError(f"case {case}: {content[:200]}") from error
    assert reader.silent or raised > CASES // 4
