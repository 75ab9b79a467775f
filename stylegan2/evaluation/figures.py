"""The figures: each a number with all that it was taken from."""

import dataclasses
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from data import Images, InputError
from metrics import (
    RunningGaussian,
    frechet_distance,
    kernel_distances,
    lerp,
    path_lengths,
    precision_recall,
    slerp,
    sliced_wasserstein_distances,
    trimmed_mean,
)
from metrics.sliced_wasserstein import COARSEST
from stylegan2.evaluation.extractors import Extractor
from stylegan2.evaluation.generated import Generated
from stylegan2.evaluation.naturals import Naturals
from stylegan2.evaluation.perceptual import LARGEST, Perceptual, seen
from stylegan2.evaluation.rows import Rows
from stylegan2.evaluation.settings import PATH_METRICS, Settings
from training.progress import Progress, say


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: FID, "frechet distance (random-vgg16)", ...
        value: the number.
        deviation: standard deviation over subsets, or None.
        taken: what it was taken from, besides what the whole report says.
    """

    name: str
    value: float
    deviation: float | None = None
    taken: dict[str, Any] = dataclasses.field(default_factory=dict)


class Figures:
    """The figures of one generator.

    Args:
        generated: its images.
        network_sha256: of its weights.
        naturals: what they are held against.
        settings: numbers of images, and the rest.
        cache: folder of features that are kept.
    """

    def __init__(
        self,
        generated: Generated,
        network_sha256: str,
        naturals: Naturals,
        settings: Settings,
        cache: Path,
    ):
        self.generated, self.naturals, self.settings = generated, naturals, settings
        self.cache, self.network_sha256 = cache, network_sha256
        self._made: list[Rows] = []

    def of_features(self, metrics: tuple[str, ...], extractor: Extractor) -> Iterator[Figure]:
        """Frechet distance, kernel distance, precision and recall: those asked for.

        Repeated natural images are for the Frechet distance alone: they would bias the others.

        Args:
            metrics: any of fid, kid and pr.
            extractor: images to features.
        """
        self._check_numbers(metrics)
        images, distinct = self.naturals.images, self.naturals.distinct
        generated = self._generated_rows(extractor)
        natural = self._natural_rows(extractor, len(images))
        of = {"features": extractor.name, "features_sha256": extractor.sha256}
        taken = {"generated": generated.count, **self.naturals.taken(natural.count), **of}

        def figure(name: str, value: float, deviation: float | None = None, **more) -> Figure:
            return Figure(figure_name(name, extractor), value, deviation, {**taken, **more})

        if "fid" in metrics:
            yield figure("FID", self._frechet(generated, natural))
        if not {"kid", "pr"} & set(metrics):
            return
        taken |= self.naturals.taken(distinct)
        features = generated.all(), self._natural_rows(extractor, distinct).all()
        if "kid" in metrics:
            settings = self.settings
            count, size = settings.kid_subsets, settings.kid_subset_size
            with Progress("kernel distance", count, unit="subsets") as progress:
                distances = kernel_distances(
                    *features, count, size, settings.seed, progress.advance
                )
            size = min(size, *map(len, features))
            yield figure(
                "KID", float(distances.mean()), float(distances.std()), subsets=len(distances),
                subset_size=size,
            )  # fmt: skip
        if "pr" in metrics:
            k = self.settings.neighbours
            with Progress("neighbours", 2 * sum(map(len, features)), unit="rows") as progress:
                precision, recall = precision_recall(*features, k, progress.advance)
            yield figure("precision", precision, neighbours=k)
            yield figure("recall", recall, neighbours=k)

    def path_length(self, name: str, perceptual: Perceptual) -> Figure:
        """A perceptual path length.

        Args:
            name: one of `settings.PATH_METRICS`.
            perceptual: pairs of images to distances.
        """
        metric, epsilon = PATH_METRICS[name], self.settings.path_epsilon
        how = {**dataclasses.asdict(metric), "epsilon": epsilon}
        key = {
            "what": "path lengths", **self._generator_key(), "perceptual": perceptual.sha256,
            "largest": LARGEST, **how,
        }  # fmt: skip

        def distance(first: tf.Tensor, second: tf.Tensor) -> np.ndarray:
            return perceptual(seen(first, metric.crop), seen(second, metric.crop))

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            for paths in self.generated.paths(start, stop, metric.space, metric.sampling):
                yield path_lengths(
                    paths.synthesize, distance, paths.start, paths.end, paths.position, epsilon,
                    slerp if metric.space == "z" else lerp,
                )[paths.asked]  # fmt: skip

        rows = Rows(self.cache, key, self.settings.num_paths, compute, name, "paths")
        self._made.append(rows)
        of = {"perceptual": perceptual.name, "perceptual_sha256": perceptual.sha256}
        return Figure(name, trimmed_mean(rows.all()), None, {"paths": rows.count, **how, **of})

    def sliced_wasserstein(self) -> Iterator[Figure]:
        """Sliced Wasserstein distances times 1,000, by resolution, and their mean."""
        check_swd(self.naturals.images.shape[0])
        settings = self.settings
        count = min(settings.num_swd, settings.num_generated, self.naturals.distinct)
        generated = np.concatenate(list(self.generated.batches(0, count)))
        natural = self.naturals.images.read(np.arange(count))
        say(f"sliced Wasserstein distances of {count:,} images of each kind")
        distances = sliced_wasserstein_distances(generated, natural, settings.seed)
        taken = {"generated": count, **self.naturals.taken(count)}
        for resolution, distance in distances.items():
            yield Figure(f"SWD {resolution}x{resolution} x 1000", 1000 * distance, None, taken)
        yield Figure("SWD mean x 1000", 1000 * float(np.mean([*distances.values()])), None, taken)

    def discard_generated(self) -> None:
        """Deletes what is kept of this generator; natural features stay for the next one."""
        for rows in self._made:
            rows.discard()

    def natural_statistics(self, extractor: Extractor) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] of the natural images' features."""
        return _statistics(self._natural_rows(extractor, len(self.naturals.images)))

    def _frechet(self, generated: Rows, natural: Rows) -> float:
        statistics = [_statistics(rows) for rows in (generated, natural)]
        dimensions = len(statistics[0][0])
        if min(generated.count, natural.count) <= dimensions:
            say(
                f"a frechet distance of fewer images than the {dimensions:,} features is biased "
                "upwards by much: hold it against figures of equal numbers only"
            )
        return frechet_distance(*statistics[0], *statistics[1])

    def _check_numbers(self, metrics: tuple[str, ...]) -> None:
        least = min(self.settings.num_generated, self.naturals.distinct)
        if least < 2:
            raise InputError("the split has fewer than 2 images: give more --data")
        if "pr" in metrics and least <= self.settings.neighbours:
            raise InputError(
                f"--neighbours={self.settings.neighbours} needs more than {least} images of each "
                "kind: give more, or leave pr out of --metrics"
            )

    def _generator_key(self) -> dict:
        settings, labels = self.settings, None
        if self.generated.generator.config.label_dim:
            labels = [self.naturals.fingerprint, self.naturals.key]
        return {
            "network": self.network_sha256, "truncation": settings.truncation,
            "noise": settings.noise, "seed": settings.seed, "labels": labels,
        }  # fmt: skip

    def _generated_rows(self, extractor: Extractor) -> Rows:
        key = {"what": "generated", **self._generator_key(), "features": extractor.sha256}

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            return map(extractor, self.generated.batches(start, stop))

        rows = Rows(self.cache, key, self.settings.num_generated, compute, "generated images")
        self._made.append(rows)
        return rows

    def _natural_rows(self, extractor: Extractor, count: int) -> Rows:
        naturals = self.naturals
        key = {
            "what": "natural", "data": naturals.fingerprint, **naturals.key,
            "shape": list(naturals.images.shape), "features": extractor.sha256,
        }  # fmt: skip

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            return map(extractor, batches(naturals.images, start, stop, self.settings.batch_size))

        return Rows(self.cache, key, count, compute, "natural images")


def batches(images: Images, start: int, stop: int, size: int) -> Iterator[np.ndarray]:
    """Images start ... stop - 1, up to `size` at a time, uint8 [n, H, W, C].

    The next batch is read while the caller works on this one.
    """
    coming = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="natural images") as reader:
        for first in range(start, stop, size):
            indices = np.arange(first, min(first + size, stop))
            coming.append(reader.submit(images.read, indices))
            if len(coming) == 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def figure_name(name: str, extractor: Extractor) -> str:
    """What a figure over features is called: FID and KID only those of the standard graph."""
    if extractor.is_inception:
        return name
    plain = {"FID": "frechet distance", "KID": "kernel distance"}.get(name, name)
    return f"{plain} ({extractor.name})"


def check_swd(resolution: int) -> None:
    """Raises InputError for images without a level of 16x16."""
    if resolution < COARSEST:
        raise InputError(
            f"swd needs images of at least {COARSEST}x{COARSEST}; these are {resolution}x"
            f"{resolution}: leave it out of --metrics"
        )


def _statistics(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of features, as they are kept."""
    both = rows.reduced("gaussian", _gaussian)
    return both[0], both[1:]


def _gaussian(pieces: Iterator[np.ndarray]) -> np.ndarray:
    """The mean over the covariance, [1 + D, D]."""
    gaussian = None
    for features in pieces:
        gaussian = gaussian or RunningGaussian(features.shape[1])
        gaussian.add(features)
    return np.vstack(gaussian.statistics())
