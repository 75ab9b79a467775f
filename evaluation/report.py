"""What an evaluation leaves: a line for each score, evaluation.json and evaluation.md."""

from pathlib import Path
from typing import Any

from filelock import FileLock

from gan_knowledge_gaps.data import InputError, read_json, write_json, write_text
from gan_knowledge_gaps.data.json_files import NUMBER, TEXT, optional
from gan_knowledge_gaps.evaluation.config import PROTOCOLS
from gan_knowledge_gaps.evaluation.score import Score

JSON, MARKDOWN = "evaluation.json", "evaluation.md"
_FIGURE = {"name": TEXT, "value": NUMBER, "deviation": optional(NUMBER)}
_SHAPE = {"evaluations": [{"conditions": {"network": TEXT}, "figures": [_FIGURE]}]}


def line(score: Score, conditions: dict[str, Any]) -> str:
    """A score with all that it was taken from, in one line."""
    return f"{score.name}: {_value(score)}  ({', '.join(_words(score.taken, conditions))})"


def read_report(folder: Path) -> list[dict[str, Any]]:
    """The evaluations that a folder holds already.

    Raises:
        InputError: its report is damaged.
    """
    path = folder / JSON
    if not path.exists():
        return []
    advice = "take it away, or give another --output"
    evaluations = read_json(path, _SHAPE, advice)["evaluations"]
    try:
        _markdown(evaluations)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged: {advice}") from error
    return evaluations


def add_to_report(
    folder: Path, conditions: dict[str, Any], scores: list[Score], **more: Any
) -> Path:
    """Adds an evaluation to those that the folder holds; both files are whole at any moment.

    An earlier score of the same name, conditions and images is replaced.

    Args:
        folder: of the report.
        conditions: what all scores share: `network` (the name of what was measured), its
            `resolution`, `ReferenceImages.conditions`, and the sampler's own, if any: `truncation`,
            `noise`, `seed`.
        scores: in their order.
        more: what else to remember: the command, versions.

    Returns:
        the path of the JSON file.
    """
    entry = {
        **more,
        "conditions": conditions,
        "figures": [
            {"name": score.name, "value": score.value, "deviation": score.deviation, **score.taken}
            for score in scores
        ],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{JSON}.lock"):
        evaluations = [*_without(read_report(folder), entry), entry]
        write_json(folder / JSON, {"evaluations": evaluations})
        write_text(folder / MARKDOWN, _markdown(evaluations))
    return folder / JSON


def _without(evaluations: list[dict[str, Any]], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Evaluations without the scores that a new entry replaces."""

    def identity(score: dict[str, Any]) -> dict[str, Any]:
        return {name: score[name] for name in score if name not in ("value", "deviation")}

    replaced = [identity(score) for score in entry["figures"]]
    for each in evaluations:
        if each["conditions"] == entry["conditions"]:
            kept = [score for score in each["figures"] if identity(score) not in replaced]
            each["figures"] = kept
    return [each for each in evaluations if each["figures"]]


def _markdown(evaluations: list[dict[str, Any]]) -> str:
    lines = ["| network | figure | value | taken from |", "|---|---|---|---|"]
    for evaluation in evaluations:
        conditions = evaluation["conditions"]
        for each in evaluation["figures"]:
            taken = {name: value for name, value in each.items() if name not in _FIGURE}
            score = Score(each["name"], each["value"], each["deviation"], taken)
            words = "; ".join(_words(taken, conditions))
            cells = conditions["network"], score.name, _value(score), words
            lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _value(score: Score) -> str:
    deviation = "" if score.deviation is None else f" +- {score.deviation:.2g}"
    return f"{score.value:.5g}{deviation}"


def _words(taken: dict[str, Any], conditions: dict[str, Any]) -> list[str]:
    """What a score was taken from, and under which conditions."""
    words = []
    if "generated" in taken:
        words.append(f"{taken['generated']:,} generated")
    if "natural" in taken:
        words.append(
            f"{taken['natural']:,} natural of the split {conditions['split']} of "
            f"{conditions['data']}, {_repeats(taken)}, {conditions['resolution']}x"
            f"{conditions['resolution']}, filter {conditions['filter']}, {_jpeg(conditions)}"
        )
        words.append(f"protocol {conditions.get('protocol', PROTOCOLS[0])}")
    if "paths" in taken:
        words.append(
            f"{taken['paths']:,} paths in {taken.get('space', 'w').upper()}, {taken['sampling']}, "
            f"{'cropped' if taken.get('crop') else 'not cropped'}, epsilon {taken['epsilon']:g}"
        )
    if "subsets" in taken:
        words.append(f"{taken['subsets']} subsets of {taken['subset_size']:,}")
    if "neighbours" in taken:
        words.append(f"{taken['neighbours']} neighbours")
    own = ("truncation", "noise", "seed")
    words += [f"{name} {conditions[name]}" for name in own if name in conditions]
    for name in ("features", "perceptual"):
        if name in taken:
            words.append(f"{name} {taken[name]}, SHA-256 {taken[f'{name}_sha256']}")
    return words


def _jpeg(conditions: dict[str, Any]) -> str:
    """How many of the natural images were JPEG files."""
    count = conditions["jpeg_files"]
    count = "unknown" if count is None else f"{count:,}"
    return f"{count} of {conditions['files']:,} were JPEG files"


def _repeats(taken: dict[str, Any]) -> str:
    """How often each natural image was taken, and how many were mirrored."""
    repeats, mirrored = taken.get("repeats", 1), taken.get("mirrored", 0)
    often = "each once" if repeats == 1 else f"each {repeats:.4g} times"
    return f"{often}, {f'{mirrored:,} mirrored' if mirrored else 'none mirrored'}"
