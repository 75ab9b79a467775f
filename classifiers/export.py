"""A detector as files that other programs run.

    python -m classifiers.export --detector=runs/detector --output=exported
    python -m classifiers.export --detector=runs/detector --output=exported --onnx --litert

The new folder holds saved_model/1/ (a SavedModel, as TensorFlow Serving wants it), model.keras and
detector.json (itself a detector of this project), a model card as README.md and model_card.json,
and with the flags model.onnx and model.tflite. No model needs this project's code, and of the
folders on this machine nothing is said.
"""

import dataclasses
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.data import InputError, whole_folder
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import say

SAVED_MODEL, ONNX, LITERT = "saved_model/1", "model.onnx", "model.tflite"


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of a detector, or .keras file.")
        flags.DEFINE_string("output", None, "Folder to make; it must not exist, or be empty.")
    flags.DEFINE_bool("onnx", False, "Write the detector as ONNX, too; needs tf2onnx.")
    flags.DEFINE_bool("litert", False, "Write the detector for LiteRT (TensorFlow Lite), too.")
    flags.DEFINE_string("license", "unknown", "License of the detector, for its model card.")
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    if not values.detector or not values.output:
        raise InputError("--detector (a folder) and --output (a new folder) are needed")
    detector, output = load_detector(values.detector), Path(values.output)
    export(detector, output, values.onnx, values.litert, values.license)
    print(values.output)


def export(
    detector: Detector,
    output: Path,
    onnx: bool = False,
    litert: bool = False,
    license: str = "unknown",
) -> None:
    """Writes the folder, whole or not at all.

    Args:
        detector: any.
        output: must not exist, or be an empty folder.
        onnx: whether model.onnx is written.
        litert: whether model.tflite is written.
        license: of the detector, as Hugging Face calls it, for the model card.

    Raises:
        InputError: there is something at `output`, the detector takes no squares of one size, or
            tf2onnx is wanted and missing.
    """
    from gan_knowledge_gaps.classifiers.serving.card import model_card, write_card
    from gan_knowledge_gaps.classifiers.serving.converted import (
        require_tf2onnx,
        write_litert,
        write_onnx,
    )
    from gan_knowledge_gaps.classifiers.serving.published import names_only
    from gan_knowledge_gaps.classifiers.serving.signatures import write_saved_model

    crop_resize_of(detector)
    detector = dataclasses.replace(detector, info=names_only(detector.info))
    if onnx:
        require_tf2onnx()
    with whole_folder(output) as folder:
        say("writing the SavedModel")
        (folder / SAVED_MODEL).parent.mkdir()
        write_saved_model(detector, folder / SAVED_MODEL)
        detector.save(folder)
        if onnx:
            say(f"writing {ONNX}")
            write_onnx(detector, folder / ONNX)
        if litert:
            say(f"writing {LITERT}")
            write_litert(detector, folder / LITERT)
        write_card(model_card(detector, folder, license), folder)


if __name__ == "__main__":
    main()
