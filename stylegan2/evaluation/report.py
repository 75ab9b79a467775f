"""What an evaluation leaves: a line for each figure, evaluation.json and evaluation.md."""

from pathlib import Path
from typing import Any

from filelock import FileLock

from data import InputError, read_json, write_json, write_text
from data.json_files import NUMBER, TEXT, optional
from stylegan2.evaluation.figures import Figure
from stylegan2.evaluation.settings import PROTOCOLS

JSON, MARKDOWN = "evaluation.json", "evaluation.md"
_FIGURE = {"name": TEXT, "value": NUMBER, "deviation": optional(NUMBER)}
_SHAPE = {"evaluations": [{"conditions": {"network": TEXT}, "figures": [_FIGURE]}]}


def line(figure: Figure, conditions: dict[str, Any]) -> str:
    """A figure with all that it was taken from, in one line."""
    return f"{figure.name}: {_value(figure)}  ({', '.join(_words(figure.taken, conditions))})"


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
    folder: Path, conditions: dict[str, Any], figures: list[Figure], **more: Any
) -> Path:
    """Adds an evaluation to those that the folder holds; both files are whole at any moment.

    A figure that was taken before under the same conditions from the same is replaced.

    Args:
        folder: of the report.
        conditions: what all of its figures share.
        figures: in their order.
        more: what else to remember: the command, versions.

    Returns:
        the path of the JSON file.
    """
    entry = {
        **more,
        "conditions": conditions,
        "figures": [
            {"name": figure.name, "value": figure.value, "deviation": figure.deviation,
             **figure.taken}
            for figure in figures
        ],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{JSON}.lock"):
        evaluations = [*_without(read_report(folder), entry), entry]
        write_json(folder / JSON, {"evaluations": evaluations})
        write_text(folder / MARKDOWN, _markdown(evaluations))
    return folder / JSON


def _without(evaluations: list[dict[str, Any]], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Evaluations without the figures that an entry has anew."""

    def identities(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in figure.items() if name not in ("value", "deviation")}
            for figure in evaluation["figures"]
        ]

    anew, kept = identities(entry), []
    for each in evaluations:
        if each["conditions"] == entry["conditions"]:
            figures = zip(each["figures"], identities(each), strict=True)
            each["figures"] = [figure for figure, identity in figures if identity not in anew]
        if each["figures"]:
            kept.append(each)
    return kept


def _markdown(evaluations: list[dict[str, Any]]) -> str:
    lines = ["| network | figure | value | taken from |", "|---|---|---|---|"]
    for evaluation in evaluations:
        conditions = evaluation["conditions"]
        for each in evaluation["figures"]:
            own = {name: each[name] for name in ("name", "value", "deviation")}
            taken = {name: value for name, value in each.items() if name not in own}
            figure = Figure(**own, taken=taken)
            cells = (
                conditions["network"], figure.name, _value(figure),
                "; ".join(_words(taken, conditions)),
            )  # fmt: skip
            lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _value(figure: Figure) -> str:
    deviation = "" if figure.deviation is None else f" +- {figure.deviation:.2g}"
    return f"{figure.value:.5g}{deviation}"


def _words(taken: dict[str, Any], conditions: dict[str, Any]) -> list[str]:
    """What a figure was taken from, and under which conditions."""
    words = []
    if "generated" in taken:
        words.append(f"{taken['generated']:,} generated")
    if "natural" in taken:
        words.append(
            f"{taken['natural']:,} natural of the split {conditions['split']} of "
            f"{conditions['data']}, {_repeats(taken)}, {conditions['resolution']}x"
            f"{conditions['resolution']}, filter {conditions['filter']}, "
            f"{conditions['jpeg_files']:,} of {conditions['files']:,} were JPEG files"
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
    words += [f"{name} {conditions[name]}" for name in ("truncation", "noise", "seed")]
    for name in ("features", "perceptual"):
        if name in taken:
            words.append(f"{name} {taken[name]}, SHA-256 {taken[f'{name}_sha256']}")
    return words


def _repeats(taken: dict[str, Any]) -> str:
    """How often each natural image was taken, and how many were mirrored."""
    repeats, mirrored = taken.get("repeats", 1), taken.get("mirrored", 0)
    often = "each once" if repeats == 1 else f"each {repeats:.4g} times"
    return f"{often}, {f'{mirrored:,} mirrored' if mirrored else 'none mirrored'}"
