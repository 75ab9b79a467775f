"""A detector that a training extends by new generators: what it decides, and what it has seen."""

from collections.abc import Iterator
from typing import Any

from absl import flags

from gan_knowledge_gaps.classifiers.config import ClassifierConfig
from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.evaluation_inputs import same_rule
from gan_knowledge_gaps.data import InputError, Opened
from gan_knowledge_gaps.data.groups import set_name
from gan_knowledge_gaps.training.config import to_json

# Of the classifier's configuration, what the network is.
_OF_NETWORK = ("width", "precision", "jpeg_quality", "enlarge")


def take_over(path: str) -> Detector:
    """Loads the detector of --start, and sets the flags that it decides.

    These are the architecture and size, how images are made to fit and encoded, and the groups of
    the split, without which images that trained it would evaluate.

    Args:
        path: its folder, or a `.keras` file.

    Raises:
        InputError: it cannot be read, takes no squares of one size, or a flag contradicts it.
    """
    values = flags.FLAGS
    detector = load_detector(path)
    crop_resize_of(detector)
    for name, value in _decided(detector).items():
        flag = values[name]
        if not flag.present:
            flag.value = value
        elif flag.value != value and not (name == "groups" and same_rule(flag.value, value)):
            own = "none" if value is None else f"--{name}={value}"
            raise InputError(
                f"--{name}={flag.value} contradicts --start={path}, which was trained with {own}: "
                f"leave --{name} out, or train without --start"
            )
    return detector


def _decided(detector: Detector) -> dict[str, Any]:
    """The flags that a detector decides; None where it was trained without one."""
    info, (size, _, channels) = detector.info, detector.image_shape
    common_size = info.get("common_size")
    known = to_json(ClassifierConfig(jpeg_quality=_jpeg_quality(detector)))
    known |= info.get("classifier", {})
    decided = {
        "architecture": info.get("architecture", detector.model.name),
        "resolution": size,
        "channels": channels,
        "filter": detector.resize_filter,
        "common_size": None if common_size is None else str(common_size),
        "patches": info.get("patches"),
    }
    if "natural" in info:  # else nothing is known of a split
        decided["groups"] = info.get("groups")
    return decided | {f"classifier_{name}": known[name] for name in _OF_NETWORK}


def _jpeg_quality(detector: Detector) -> int:
    """Of the encoding inside of the model, at inference; 0 for none."""
    from gan_knowledge_gaps.training.jpeg import JPEGEncoding

    layers = [each for each in detector.model.layers if isinstance(each, JPEGEncoding)]
    return sum(layers[0].quality) // 2 if layers else 0


def generators_of(detector: Detector) -> dict[str, str]:
    """The names of the generators that a detector was trained on, by their sets' fingerprints."""
    return {
        each["fingerprint"]: set_name(each["path"])
        for each in detector.info.get("generated", ())
        if "fingerprint" in each
    }


def warnings(start: Detector, opened: list[Opened]) -> Iterator[str]:
    """What an extension is likely to forget, and which of its numbers may be too good.

    Args:
        start: the detector that is extended.
        opened: the sets of this training, natural images first.

    Yields:
        A line each.
    """
    known, given = generators_of(start), {each.dataset.fingerprint for each in opened}
    missing = [name for digest, name in known.items() if digest not in given]
    if not known:
        yield (
            "nothing is known of the generators that --start was trained on; it is likely to "
            "forget those that --generated leaves out, and the report shows those given only"
        )
    elif missing:
        yield (
            f"--generated leaves out {', '.join(missing)[:100]}, which --start was trained on: it "
            "is likely to forget that, and the report shows the generators given only"
        )
    trained = [set_name(start.info["natural"]["path"])] if "natural" in start.info else []
    for each in opened:
        name = set_name(each.path)
        if name in [*trained, *known.values()] and not is_known(start, each):
            yield (
                f"{each.path} holds other images than the {name} that --start was trained on: if "
                "it trained on some of these, what it reaches before the extension is too good"
            )


def is_known(start: Detector, opened: Opened) -> bool:
    """Whether a detector was trained on this set, so that its held-out fifth is the same."""
    natural = start.info.get("natural", {}).get("fingerprint")
    return opened.dataset.fingerprint in {natural, *generators_of(start)}
