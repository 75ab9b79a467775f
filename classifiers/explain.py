"""Shows where a detector looks, and where generators leave traces.

    python -m classifiers.explain --detector=runs/detector --natural=faces.zip \\
        --generated=gan1,gan2 --output=explanation

HiResCAM overlays of some images of each set, and the averaged log power spectra of all of them: of
the images, and of their residuals, from which most of what an image shows is taken away. The report
is CSV, JSON, Markdown, PNG, and one HTML page; spectra.npz holds the spectra themselves.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
from absl import flags

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers import evaluation_inputs
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.patches import each_image
from gan_knowledge_gaps.classifiers.spectra import log_power_spectrum, radial_profile
from gan_knowledge_gaps.classifiers.spectra_figure import draw_spectra
from gan_knowledge_gaps.data import ArrayImages, Images, atomic_path, image_grid
from gan_knowledge_gaps.report import Figure, Grid, Measurement, Report, Table, error_curve
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.progress import Progress

NATURAL = "natural images"
KINDS = {"images": False, "residuals": True}


@dataclasses.dataclass(frozen=True, eq=False)
class Spectra:
    """Averaged log power spectra [H, W] of images or of residuals, by the name of the set."""

    kind: str
    of: dict[str, np.ndarray]


def main() -> None:
    """The command line."""
    evaluation_inputs.define_flags(limit=2000)
    flags.DEFINE_integer(
        "images",
        16,
        "Images of each set that are shown with where the detector looks.",
        lower_bound=1,
    )
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    started = time.monotonic()
    subject = evaluation_inputs.open_inputs()
    detector, sets = subject.detector, {NATURAL: subject.natural, **subject.generated}
    sets = {name: each_image(images, detector.patches) for name, images in sets.items()}
    spectra = take_spectra(sets)
    folder = Path(values.output)
    page = report.write(
        Report(
            name="explanation",
            title="Where a detector looks, and where generators leave traces",
            question="What tells the generators' images from natural ones?",
            paper_claim="",
            summary=_summary(spectra),
            facts=subject.facts,
            configuration={"detector": detector.settings},
            seeds={},
            command=command_line(),
            wall_time_seconds=time.monotonic() - started,
            tables=tuple(profile_table(each) for each in spectra),
            figures=tuple(figure for each in spectra for figure in spectra_figures(each)),
            grids=tuple(overlays(detector, sets, values.images)),
        ),
        folder,
    )
    with atomic_path(folder / "spectra.npz") as temporary:
        arrays = {f"{each.kind}/{name}": s for each in spectra for name, s in each.of.items()}
        np.savez(temporary, **cast(Any, arrays))
    print(page)


def take_spectra(sets: dict[str, Images]) -> list[Spectra]:
    """The spectra of all sets, of images and of residuals."""
    with Progress("spectra", len(KINDS) * len(sets), unit="sets") as progress:
        found = []
        for kind, residual in KINDS.items():
            of = {}
            for name, images in sets.items():
                of[name] = log_power_spectrum(images, residual)
                progress.advance()
            found.append(Spectra(kind, of))
    return found


def profile_table(spectra: Spectra) -> Table:
    """The mean of each spectrum by frequency."""
    profiles = {name: radial_profile(spectrum) for name, spectrum in spectra.of.items()}
    frequencies = next(iter(profiles.values()))[0]
    return Table(
        name=f"profile-{spectra.kind}",
        title=f"Power by frequency: {spectra.kind}",
        caption="Mean log10 of the power over rings of equal frequency; power of grey levels "
        "scaled to [0, 1], under a Hann window.",
        row_label="Cycles per pixel",
        column_label="Set",
        rows=[f"{frequency:.4f}" for frequency in frequencies],
        columns=list(profiles),
        cells=np.stack([profile for _, profile in profiles.values()], axis=1).tolist(),
        digits=3,
    )


def spectra_figures(spectra: Spectra) -> list[Figure]:
    """The spectra as pictures, and their profiles as curves."""
    curves = {
        name: [
            (frequency, Measurement((value,)))
            for frequency, value in zip(*radial_profile(spectrum), strict=True)
        ]
        for name, spectrum in spectra.of.items()
    }

    def draw_profile(path: Path) -> object:
        return error_curve(
            path, curves, xlabel="cycles per pixel", ylabel="mean log10 power", ylim=None,
            title=f"Power by frequency: {spectra.kind}", instances=False,
        )  # fmt: skip

    title = f"Averaged log power spectra: {spectra.kind}"
    return [
        Figure(
            f"spectra-{spectra.kind}",
            f"{title}; frequency 0 in the middle. Below, each generator less natural.",
            lambda path: draw_spectra(path, spectra.of, title),
        ),
        Figure(f"profile-{spectra.kind}", "The same by frequency.", draw_profile),
    ]


def overlays(detector: Detector, sets: dict[str, Images], count: int) -> list[Grid]:
    """Images of each set above their HiResCAM overlays, all on one scale."""
    from gan_knowledge_gaps.classifiers.hires_cam import hires_cam, overlay

    images = {name: each.read(np.arange(min(count, len(each)))) for name, each in sets.items()}
    maps = {name: hires_cam(detector.model, each) for name, each in images.items()}
    most = float(np.percentile(np.concatenate([each.ravel() for each in maps.values()]), 99.5))
    grids = []
    for number, (name, pixels) in enumerate(images.items()):
        called = int(np.sum(detector.logits(ArrayImages(pixels)) > 0))
        colours = np.repeat(pixels, 3 // pixels.shape[-1], axis=-1)
        both = np.concatenate([colours, overlay(pixels, maps[name], most)])
        grids.append(
            Grid(
                f"hires-cam-{number}",
                f"HiResCAM: {name}",
                f"Images, and below them what speaks for being generated. {called} of "
                f"{len(pixels)} are called generated. Colours have one scale in all sets.",
                image_grid(both, columns=len(pixels)),
            )
        )
    return grids


def _summary(spectra: list[Spectra]) -> str:
    """Where the residuals of each generator differ most from natural ones."""
    profiles = {name: radial_profile(each) for name, each in spectra[-1].of.items()}
    natural = profiles.pop(NATURAL)[1]
    parts = []
    for name, (frequencies, profile) in profiles.items():
        at = int(np.argmax(np.abs(profile - natural)))
        factor = 10 ** (profile[at] - natural[at])
        parts.append(
            f"The residuals of {name} differ most from natural ones at {frequencies[at]:.3f} "
            f"cycles per pixel, where they have {factor:.2f} times the power."
        )
    return " ".join(parts)


if __name__ == "__main__":
    main()
