"""What is said of a detector where everybody reads it: names, and no folders of its maker."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.data.groups import CSV

TAGS = ("generated-image-detection", "image-forensics", "deepfake-detection", "keras")
_METRICS = {
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "detection_rate": "generated images called generated at 0.5",
    "detection_rate_at_5_fpr": "generated images called generated at 5 % false positives",
    "natural_accuracy": "natural images called natural at 0.5",
}


def names_only(value: Any, key: str = "") -> Any:
    """JSON values in which paths are their last part, also in commands.

    Args:
        value: what is known of a detector.
        key: its name, by which a path or a command is known; whole paths are known anyway.
    """
    if isinstance(value, dict):
        return {name: names_only(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [names_only(each, key) for each in value]
    if not isinstance(value, str):
        return value
    if key == "command":
        try:
            arguments = shlex.split(value)
        except ValueError:  # quotes that somebody has edited
            arguments = value.split()
        return shlex.join(map(_bare_argument, arguments))
    is_path = key == "path" or Path(value).is_absolute()
    return Path(value).name if is_path and not _is_expression(key, value) else value


def _bare_argument(argument: str) -> str:
    """An argument of a command whose paths, parted by commas, are their last parts."""
    flag, equals, values = argument.partition("=") if argument[:1] == "-" else ("", "", argument)
    if _is_expression(flag.lstrip("-"), values):
        return argument
    return flag + equals + ",".join(Path(each).name or each for each in values.split(","))


def _is_expression(key: str, value: str) -> bool:
    """Whether it is a regular expression, which may look like a path."""
    return key == "groups" and not value.endswith(CSV)


def front_matter(card: dict[str, Any]) -> list[str]:
    """The lines that Hugging Face reads at the start of a model card: YAML between two lines.

    Args:
        card: as `classifiers.serving.card.model_card` makes it.
    """
    values = {
        "license": card["license"],
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": list(TAGS),
    }
    results = [_result(each) for each in card["training"].get("figures", [])]
    if results:
        values["model-index"] = [{"name": card["architecture"], "results": results}]
    # JSON is YAML, on one line.
    lines = (f"{name}: {json.dumps(each, ensure_ascii=False)}" for name, each in values.items())
    return ["---", *lines, "---"]


def _result(figures: dict[str, Any]) -> dict[str, Any]:
    """The metrics on the images of one generator, and natural ones."""
    name = printable(figures["path"])
    return {
        "task": {"type": "image-classification", "name": "natural or generated"},
        "dataset": {"type": re.sub(r"\W+", "-", name.lower()).strip("-") or "images", "name": name},
        "metrics": [
            {"type": kind, "name": title, "value": figures[kind]}
            for kind, title in _METRICS.items()
            if kind in figures
        ],
    }
