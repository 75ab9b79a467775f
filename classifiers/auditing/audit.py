"""The audit of a detector's sets: JSON values, and the tables that show them."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gan_knowledge_gaps.classifiers.auditing.duplicates import Related, find_related
from gan_knowledge_gaps.classifiers.auditing.examine import Examined, examine
from gan_knowledge_gaps.classifiers.auditing.findings import find
from gan_knowledge_gaps.classifiers.auditing.probe import Probe, probe
from gan_knowledge_gaps.classifiers.auditing.tables import PROBES
from gan_knowledge_gaps.classifiers.auditing.traces import reach
from gan_knowledge_gaps.data import Opened
from gan_knowledge_gaps.data.groups import set_name
from gan_knowledge_gaps.training.progress import Progress, say

COMPARED, EXAMINED = 10_000, 500  # images of each set in the short form, before a training


def audit(
    opened: Sequence[Opened],
    names: Sequence[str],
    common_size: int | None = None,
    compared: int = COMPARED,
    examined: int = EXAMINED,
) -> tuple[dict[str, Any], Related]:
    """Looks at natural and generated images as they are before a training.

    Args:
        opened: Natural images, then those of each generator, of one size.
        names: Of the generators.
        common_size: The size that every image is brought to first, or None.
        compared: Most images of each set among which near-duplicates are looked for.
        examined: Most images of each set whose files and pixels are looked at.

    Returns:
        JSON values: "sets", "probes" and "findings", and "common_size"; and what is related.
    """
    related = find_related(opened, compared)
    looks, belongs = [], []
    with Progress("examining", len(opened), unit="sets") as progress:
        for number, (each, chosen) in enumerate(zip(opened, related.indices, strict=True)):
            some = _spread(len(chosen), examined)
            look = examine(each, chosen[some])
            looks.append(look)
            belongs.append(related.belongs[related.owner == number][some][look.places])
            progress.advance()
    titles = [f"natural: {set_name(opened[0].path)}", *(f"generated: {name}" for name in names)]
    sets = [
        {"name": title, **_facts(look), **related.of(number)}
        for number, (title, look) in enumerate(zip(titles, looks, strict=True))
    ]
    findings = list(_of_related(opened, related, sets))
    probes = []
    for number, title in enumerate(titles[1:], start=1):
        found = probes_of(looks[0], looks[number], belongs[0], belongs[number])
        probes.append({"name": title} | {name: _json(each) for name, each in found.items()})
        findings += [
            {"kind": kind, "set": title, "text": text}
            for kind, text in find(looks[0], looks[number], found, common_size)
        ]
    content = {
        "sets": sets, "probes": probes, "findings": findings, "common_size": common_size,
    }  # fmt: skip
    return content, related


def probes_of(
    natural: Examined, generated: Examined, natural_belongs: np.ndarray, belongs: np.ndarray
) -> dict[str, Probe | None]:
    """Linear classifiers on facts of the files, thumbnails and powers by frequency."""
    looks = natural, generated
    labels = np.repeat([False, True], [len(each.facts) for each in looks])
    owners = np.concatenate([natural_belongs, belongs])
    features = {
        "file": np.concatenate([_file_features(each) for each in looks]),
        "thumbnails": np.concatenate(
            [each.thumbnails.reshape(len(each.thumbnails), -1) / 255 for each in looks]
        ),
        "traces": np.concatenate([each.bands for each in looks]),
    }
    found = {}
    for name in PROBES:
        known = np.isfinite(features[name]).all(axis=1)
        found[name] = probe(features[name][known], labels[known], owners[known])
    return found


def warn(content: dict[str, Any]) -> None:
    """Prints a line for each finding."""
    for each in content["findings"]:
        say(f"warning: {each['text']}")


def related_csv(opened: Sequence[Opened], related: Related) -> bytes:
    """Rows of path and group for all images that belong to others, as --groups takes them."""
    paths = [
        f"{set_name(each.path)}/{each.paths[i]}"
        for each, chosen in zip(opened, related.indices, strict=True)
        for i in chosen
    ]
    _, first, inverse, counts = np.unique(
        related.belongs, return_index=True, return_inverse=True, return_counts=True
    )
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        (path, paths[first[group]])
        for path, group in zip(paths, inverse, strict=True)
        if counts[group] > 1
    )
    return stream.getvalue().encode("utf-8", "surrogateescape")  # names are bytes


def _spread(count: int, most: int) -> np.ndarray:
    """Up to `most` of 0 ... count - 1, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def _facts(look: Examined) -> dict[str, Any]:
    """What the table shows of a set; None where there is nothing to say."""
    if not look.facts:
        return dict.fromkeys(_FACTS)
    side, formats = look.values("side"), look.values("format")
    qualities = [each.quality for each in look.facts if each.quality]
    bands = reach(look.bands)
    bands = bands[np.isfinite(bands)]
    values = (
        look.opened.files, len(look.facts), int(np.median(side)), int(side.min()), int(side.max()),
        round(float(np.median(look.values("width") / look.values("height"))), 3),
        round(look.opened.jpeg_share, 3), ", ".join(sorted(set(formats.tolist()))),
        int(np.median(qualities)) if qualities else None,
        ", ".join(sorted({each.subsampling for each in look.facts} - {""})) or None,
        round(float(look.values("has_exif").mean()), 3),
        round(float(np.median(bands)), 3) if len(bands) else None,
    )  # fmt: skip
    return dict(zip(_FACTS, values, strict=True))


_FACTS = (
    "images", "examined", "smaller side (median)", "least", "largest", "width by height",
    "JPEG once", "formats", "JPEG quality", "JPEG colours", "EXIF", "detail up to",
)  # fmt: skip


def _of_related(
    opened: Sequence[Opened], related: Related, sets: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    leaked = sum(each["evaluating, near one that trains"] for each in sets)
    evaluating = sum(each["evaluating"] for each in sets)
    if leaked:
        yield {
            "kind": "duplicates", "set": "all",
            "text": f"{leaked:,} of {evaluating:,} images that evaluate have a near-duplicate among"
            " those that train, so that the metrics are too good: python -m classifiers.audit "
            "--output=DIR writes DIR/groups.csv for --groups, which keeps them together",
        }  # fmt: skip
    for name, each in ((each["name"], each) for each in sets[1:]):
        if count := each["near one of the other kind"]:
            yield {
                "kind": "natural", "set": name,
                "text": f"{count:,} of {each['compared']:,} images ({name}) are near-duplicates of "
                "natural ones: they are natural pictures treated again, or edits; take them out "
                "unless you mean them",
            }  # fmt: skip
    sides: tuple[set[str], set[str]] = set(), set()
    for dataset in (each.dataset for each in opened):
        if dataset.groups is not None:
            for side, part in zip(sides, dataset.parts, strict=True):
                side.update(dataset.groups[part].tolist())
    if both := sides[0] & sides[1]:
        yield {
            "kind": "groups", "set": "all",
            "text": f"{len(both):,} groups, such as {min(both)}, train in one set and evaluate in "
            "another, for a set has too few groups: give it more",
        }  # fmt: skip


def _file_features(look: Examined) -> np.ndarray:
    """Float [n, 11]."""
    names = ("4:4:4", "4:2:2", "4:2:0")
    return np.array(
        [
            [
                np.log2(each.side), np.log2(each.width / each.height), each.format == "JPEG",
                each.format == "PNG", (each.quality or 0) / 100,
                *(each.subsampling == name for name in names), each.has_exif, each.has_profile,
                each.mode == "RGB",
            ]
            for each in look.facts
        ],
        float,
    ).reshape(len(look.facts), 11)  # fmt: skip


def _json(found: Probe | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {name: round(value, 4) for name, value in vars(found).items()}
