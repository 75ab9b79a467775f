"""What an audit warns of: how a set of generated images differs from the natural ones."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from gan_knowledge_gaps.classifiers.auditing.examine import Examined
from gan_knowledge_gaps.classifiers.auditing.probe import Probe
from gan_knowledge_gaps.classifiers.auditing.traces import reach
from gan_knowledge_gaps.data.groups import set_name

UNLIKE_JPEG = 0.05  # difference in shares of JPEG files from which a warning is due
# Facts differ where their distance is above both: the largest difference of the shares of images
# below any value (Kolmogorov-Smirnov), or half the sum of the differences of shares.
LEAST_DISTANCE, SIGNIFICANT = 0.15, 1.95  # the latter times sqrt(1 / n + 1 / m): p = 0.001
_NUMBERS = {"aspect": "width by height", "quality": "JPEG quality"}
_KINDS = {
    "format": "file format", "tables": "JPEG quantization tables", "subsampling": "JPEG colours",
    "mode": "channels", "has_exif": "EXIF data", "has_profile": "colour profile",
}  # fmt: skip


def find(
    natural: Examined, generated: Examined, probes: Mapping[str, Probe | None], neutral: int | None
) -> Iterator[tuple[str, str]]:
    """Differences that a detector may learn in place of a generator's traces.

    Args:
        natural: Some of the natural images.
        generated: Some of one generator's.
        probes: Of file, thumbnails and traces; see `audit.probes_of`.
        neutral: The size that every image is brought to first, or None.

    Yields:
        (kind, text): the text is one line, with what to do.
    """
    yield from _jpeg(natural, generated)
    yield from _encoding(natural, generated)
    sizes = [each.values("side").astype(float) for each in (natural, generated)]
    if not differs(*sizes):  # else frequencies are of other detail
        yield from _resampling(natural, generated)
    elif neutral is None or min(map(np.min, sizes)) < neutral:
        yield "size", _sizes(natural, generated, *map(np.median, sizes))
    yield from _thumbnails(natural, generated, probes["thumbnails"])


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """How far apart two samples are, 0 ... 1: of numbers Kolmogorov-Smirnov's, else of shares."""
    if first.dtype.kind == "f":
        points = np.sort(np.concatenate([first, second]))
        below = [np.searchsorted(np.sort(x), points, "right") / len(x) for x in (first, second)]
        return float(np.abs(below[0] - below[1]).max())
    shares = [Counter(x.tolist()) for x in (first, second)]
    names = shares[0].keys() | shares[1].keys()
    return sum(abs(shares[0][n] / len(first) - shares[1][n] / len(second)) for n in names) / 2


def differs(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two samples are further apart than by chance, and far enough to matter."""
    if not len(first) or not len(second):
        return False
    least = SIGNIFICANT * (1 / len(first) + 1 / len(second)) ** 0.5
    return distance(first, second) > max(LEAST_DISTANCE, least)


def _jpeg(natural: Examined, generated: Examined) -> Iterator[tuple[str, str]]:
    first, second = natural.opened, generated.opened
    if _jpeg_differs(natural, generated):
        text = (
            f"{first.jpeg_share:.0%} of the natural images in {set_name(first.path)} were JPEG "
            f"files once, and {second.jpeg_share:.0%} of the generated ones in "
            f"{set_name(second.path)}: the detector may learn the traces of JPEG instead of the "
            "generator's; save both in one format, or shrink the JPEG files to half of their size "
            "or less"
        )
        yield "JPEG", text


def _jpeg_differs(natural: Examined, generated: Examined) -> bool:
    return abs(natural.opened.jpeg_share - generated.opened.jpeg_share) > UNLIKE_JPEG


def _sizes(natural: Examined, generated: Examined, first: float, second: float) -> str:
    return (
        f"{_where(natural)} have {first:.0f} pixels at the smaller side, {_where(generated)} "
        f"{second:.0f} (medians): resizing leaves traces; --common_size=auto brings all to the "
        "smallest side of any first"
    )


def _resampling(natural: Examined, generated: Examined) -> Iterator[tuple[str, str]]:
    first, second = (each[np.isfinite(each)] for each in map(_reach, (natural, generated)))
    if differs(first, second):
        text = (
            f"{_where(natural)} hold detail up to {np.median(first):.0%} of the highest "
            f"frequency, {_where(generated)} up to {np.median(second):.0%} (medians): one of both "
            "was probably enlarged once, unless the generator itself is soft; use pictures at the "
            "size that they were made in"
        )
        yield "resampling", text


def _thumbnails(
    natural: Examined, generated: Examined, found: Probe | None
) -> Iterator[tuple[str, str]]:
    if found is not None and found.tells:
        text = (
            f"at 16 pixels, without any detail, {_where(natural)} and {_where(generated)} are "
            f"told apart (AUC {found.auc:.2f}; halves of the natural ones {found.null:.2f}): "
            "framing, colours or subjects differ; crop and choose both alike"
        )
        yield "thumbnails", text


def _encoding(natural: Examined, generated: Examined) -> Iterator[tuple[str, str]]:
    """All other facts of the files in one line."""
    found = []
    facts = _NUMBERS | _KINDS
    if _jpeg_differs(natural, generated):  # which is said already
        del facts["format"]
    for name, words in facts.items():
        first, second = (_fact(each, name) for each in (natural, generated))
        # What only JPEG files have says nothing new where one set has none.
        if differs(first, second) and not ("JPEG" in words and not _both_jpeg(natural, generated)):
            found.append(f"{words} ({_shown(first)} against {_shown(second)})")
    if found:
        text = (
            f"{_where(natural)} and {_where(generated)} differ in {', '.join(found)}: they were "
            "treated differently, which may have left traces; treat both alike"
        )
        yield "files", text


def _fact(examined: Examined, name: str) -> np.ndarray:
    if name == "aspect":
        return examined.values("width") / examined.values("height")
    if name == "quality":
        return np.array([each.quality for each in examined.facts if each.quality], float)
    values = examined.values(name)
    return values[values != ""] if name in ("tables", "subsampling") else values


def _both_jpeg(natural: Examined, generated: Examined) -> bool:
    return all((each.values("format") == "JPEG").any() for each in (natural, generated))


def _shown(values: np.ndarray) -> str:
    if values.dtype.kind == "f":
        return f"{np.median(values):.3g}"
    if values.dtype.kind == "b":
        return f"{values.mean():.0%}"
    (value, count), *_ = Counter(values.tolist()).most_common(1)
    return f"{value} {count / len(values):.0%}"


def _where(examined: Examined) -> str:
    return f"the pictures of {set_name(examined.opened.path)}"


def _reach(examined: Examined) -> np.ndarray:
    return reach(examined.bands)
