"""Writes images of a GAN of the lab as PNG files, for detectors and for other programs.

    python -m experiments.export_images --artifact=runs/artifacts/gan-2f1c9f9d568fd0a9 \\
        --indices=0-9999 --output=generated
    python -m classifiers.train --run=runs/detector --natural=images --generated=generated \\
        --architecture=cnn --resolution=28 --channels=1

Image i of a GAN is a function of its weights and i alone. In the experiments as many images as
there are natural training images, from 0 on, train classifiers, and those after them evaluate.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, encode_png, parse_ranges, write_bytes
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress

BLOCK = 256


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("artifact", None, "Folder of the GAN, in the artifacts of a workdir.")
        flags.DEFINE_string("output", None, "Folder of the PNG files.")
    flags.DEFINE_string("indices", "0-9999", "Which images: numbers and ranges.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.artifact or not values.output:
        raise InputError("--artifact (folder of a GAN) and --output (a folder) are needed")
    indices = np.array(parse_ranges(values.indices, "indices"))
    sample = load_sampler(Path(values.artifact))
    folder = Path(values.output)
    folder.mkdir(parents=True, exist_ok=True)
    with Progress("generating", len(indices), unit="images") as progress:
        for start in range(0, len(indices), BLOCK):
            block = indices[start : start + BLOCK]
            for index, image in zip(block, sample(block), strict=True):
                write_bytes(folder / f"{index:07d}.png", encode_png(image))
            progress.advance(len(block))
    print(folder)


def load_sampler(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """A finished GAN of any family, truncated or not, as a function of indices [n] to images.

    Raises:
        InputError: the folder holds none, or its file is damaged.
    """
    artifact = Artifact(folder, folder.name)
    if not artifact.is_done():
        raise InputError(f"{folder} holds no finished training")
    manifest = artifact.manifest()
    family, spec = manifest.get("family"), manifest.get("spec", {})
    if family is None:
        raise InputError(f"{folder} holds no GAN, or one of an earlier version")
    from gan_knowledge_gaps.training.keras_models import load_model

    sample = families.find(family).sample  # before the file: it knows the network's classes
    generator = load_model(artifact.model_file())
    return lambda indices: sample(generator, indices, spec.get("psi", 1.0))


if __name__ == "__main__":
    main()
