"""The model card: what an exported detector is, for people and for programs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers.auditing.tables import audit_tables
from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.serving.decoding import MOST_PIXELS
from gan_knowledge_gaps.classifiers.serving.published import front_matter, names_only
from gan_knowledge_gaps.classifiers.serving.signatures import BYTES, IMAGES
from gan_knowledge_gaps.data import sha256_file, write_json, write_text
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.complete_models import LOGIT, PROBABILITY
from gan_knowledge_gaps.training.jpeg import JPEGEncoding

INTENDED_USE = (
    "Sorting, triage and research on pictures like those it was trained on: the same kind of "
    "natural pictures, the same generators or ones trained alike.",
)
LIMITS = (
    "The probability is calibrated for held-back pictures of its own training, half of them "
    "generated. On other pictures, or where few are generated, it is a score and no probability.",
    "It may miss the images of generators that it was not trained on. It misses the images of "
    "generators that were trained to fool detectors.",
    "JPEG of lower quality, blur, resizing and cropping remove the traces that it needs: measure "
    "their effect before use.",
    "Natural pictures that were resized, retouched or encoded unlike those of its training may be "
    "called generated. It is no evidence against a person.",
)
SQUARE = "It looks at the central square of a picture, resized, and at nothing outside of it."
PATCHES = (
    "It looks at some patches of a picture in its own pixels, and at nothing between them. A "
    "picture that was resized before has lost the traces that it needs."
)
_COLUMNS = {
    "path": "generated images", "images": "held out", "roc_auc": "AUC",
    "detection_rate": "detected at 0.5", "natural_accuracy": "natural called natural at 0.5",
    "detection_rate_at_5_fpr": "detected at 5 % FPR",
    "baseline_roc_auc": "AUC of the baseline",
}  # fmt: skip


def model_card(detector: Detector, folder: Path, license: str = "unknown") -> dict[str, Any]:
    """What is known of a detector, as JSON values; of paths only the last part.

    Args:
        detector: any.
        folder: the files that are exported, whose SHA-256 sums it lists.
        license: of the detector, as Hugging Face calls it.
    """
    crop_resize = crop_resize_of(detector)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    card = {
        "license": license,
        "architecture": _architecture(detector),
        "parameters": detector.model.count_params(),
        "input": {
            "height": crop_resize.resolution,
            "width": crop_resize.resolution,
            "channels": crop_resize.channels,
            "range": [0, 255],
            **_fitting(crop_resize),
            "largest_file_pixels": MOST_PIXELS,
        },
        "jpeg": _jpeg(detector.model),
        "signatures": [BYTES, IMAGES],
        "outputs": [PROBABILITY, LOGIT],
        "temperature": detector.temperature,
        "threshold": detector.thresholds().generated,
        "training": detector.settings,
        "audit": detector.info.get("audit"),
        "intended_use": list(INTENDED_USE),
        "limits": [*LIMITS, SQUARE if detector.patches is None else PATCHES],
        "command": command_line(),
        "versions": {
            "python": sys.version.split()[0],
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "sha256": {path.relative_to(folder).as_posix(): sha256_file(path) for path in files},
    }
    return names_only(card)


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Writes model_card.json and README.md."""
    write_json(folder / "model_card.json", card)
    write_text(folder / "README.md", card_text(card))


def card_text(card: dict[str, Any]) -> str:
    """The card in Markdown, with what Hugging Face reads at its start."""
    size, jpeg = card["input"], card["jpeg"]
    color = "grey" if size["channels"] == 1 else "RGB"
    encoding = "none"
    if jpeg is not None:
        quality = " to ".join(str(each) for each in sorted(set(jpeg["quality"])))
        encoding = f"inside the model, quality {quality}, mode {jpeg['mode']}"
    facts = {
        "architecture": f"{card['architecture']}, {card['parameters']:,} parameters",
        "input": f"{size['height']}x{size['width']} {color}, {_fitting_text(size)}",
        "JPEG encoding": encoding,
        "temperature": f"{card['temperature']:.6g}",
        "threshold": f"{PROBABILITY} > {card['threshold']:.4g}",
    }
    if "start" in card["training"]:
        facts["extends"] = card["training"]["start"]
    training = {name: value for name, value in card["training"].items() if name != "figures"}
    return "\n".join(
        [
            *front_matter(card),
            "",
            "# A detector of generated images",
            "",
            f"`{PROBABILITY}` is the calibrated probability that a picture was generated;",
            f"`{LOGIT}` is its logit, already divided by the temperature.",
            "",
            *_table(facts),
            "",
            "## Intended use",
            "",
            *(f"- {line}" for line in card["intended_use"]),
            "",
            "## Limits",
            "",
            *(f"- {line}" for line in card["limits"]),
            "",
            *_metrics(card["training"].get("figures", [])),
            "## Files",
            "",
            *_table({name: f"SHA-256 {digest}" for name, digest in card["sha256"].items()}),
            "",
            f"The SavedModel's signature `{BYTES}` takes `image_bytes`, JPEG or PNG files of any",
            f"sizes, up to {MOST_PIXELS:,} pixels; it ignores the orientation in EXIF.",
            f"`{IMAGES}` takes `images`, float32 in 0 ... 255 of the size above. To serve it:",
            "",
            "    docker run -p 8501:8501 -e MODEL_NAME=detector \\",
            '        -v "$PWD/saved_model:/models/detector" tensorflow/serving',
            "",
            "`model.keras` is for `keras.models.load_model`, on TensorFlow. Of uint8 images of",
            f'that size `model.predict(images)["{PROBABILITY}"]` gives the probabilities.',
            "",
            "## Training",
            "",
            *_table(dict(_flat(training)) or {"training": "not recorded"}),
            "",
            *_audit(card["audit"]),
        ]
    )


def _fitting(crop_resize: CropResize | Patches) -> dict[str, Any]:
    """How the model's images are made of a picture."""
    if isinstance(crop_resize, Patches):
        return {"crop": "patches", "patches": crop_resize.count}
    names = ("crop", "resize_filter", "common_size")
    return {name: getattr(crop_resize, name) for name in names}


def _fitting_text(size: dict[str, Any]) -> str:
    if "patches" in size:
        return (
            f"{size['patches']} patches in the picture's own pixels, the mean of whose logits is "
            f"taken; only `{BYTES}` does so, and everything else takes single patches"
        )
    first = f", to {size['common_size']} pixels first" if size["common_size"] else ""
    return f"the central square, resized by {size['resize_filter']}{first}"


def _metrics(figures: list[dict[str, Any]]) -> list[str]:
    """What the detector reached on images that did not train it, a row for each generator."""
    if not figures:
        return []
    known = [key for key in _COLUMNS if all(key in each for each in figures)]
    rows = [[_COLUMNS[key] for key in known], ["---"] * len(known)]
    rows += [[_cell(each[key]) for key in known] for each in figures]
    return ["## Metrics", "", *(f"| {' | '.join(row)} |" for row in rows), ""]


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _audit(content: dict[str, Any] | None) -> list[str]:
    """What stood in the way of learning a generator's traces, as it was before the training."""
    if content is None:
        return []
    found = [f"- {each['text']}" for each in content["findings"]] or ["- Nothing was found."]
    tables = [line for table in audit_tables(content) for line in (report.to_markdown(table), "")]
    return ["## Audit of the training images", "", *found, "", *tables]


def _architecture(detector: Detector) -> str:
    """The network's name, and its width where that is not the one that the name stands for."""
    name = detector.info.get("architecture", detector.model.name)
    width = detector.info.get("classifier", {}).get("width", 1)
    return name if width == 1 else f"{name}, its channels times {width:g}"


def _jpeg(model: keras.Model) -> dict[str, Any] | None:
    layers = [layer for layer in model.layers if isinstance(layer, JPEGEncoding)]
    return {"quality": list(layers[0].quality), "mode": layers[0].mode} if layers else None


def _table(rows: dict[str, str]) -> list[str]:
    cells = [(name, str(value).replace("|", "\\|")) for name, value in rows.items()]
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested JSON values, by dotted names."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in items:
        full = f"{name}.{key}" if name else str(key)
        if isinstance(each, dict | list):
            yield from _flat(each, full)
        elif each is not None:
            yield full, each
