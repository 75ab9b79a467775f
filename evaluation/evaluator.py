"""The scores of generated images, each with all that it was taken from."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.ahead import ahead
from gan_knowledge_gaps.evaluation.config import OVER_FEATURES, PATH_METRICS, EvaluationConfig
from gan_knowledge_gaps.evaluation.extractors import Extractor
from gan_knowledge_gaps.evaluation.perceptual import LARGEST, Perceptual, seen
from gan_knowledge_gaps.evaluation.reference import ReferenceImages
from gan_knowledge_gaps.evaluation.rows import Rows
from gan_knowledge_gaps.evaluation.sampler import Sampler
from gan_knowledge_gaps.evaluation.score import Score
from gan_knowledge_gaps.metrics import (
    RunningGaussian,
    density_coverage,
    frechet_distance,
    kernel_distances,
    precision_recall,
    sliced_wasserstein_distances,
    trimmed_mean,
)
from gan_knowledge_gaps.metrics.sliced_wasserstein import COARSEST
from gan_knowledge_gaps.training.progress import Progress, say


class Evaluator:
    """Computes scores of a sampler, which is anything that makes image i from the number i.

    Features are kept in the cache, so that an evaluation that was stopped goes on where it was.

    Args:
        sampler: what is measured.
        reference: the natural images that it is compared with.
        config: numbers of images, and the rest.
        cache: folder of features that are kept.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from gan_knowledge_gaps import evaluation
        >>> from gan_knowledge_gaps.data import ArrayImages
        >>> random = np.random.default_rng(0)
        >>> natural, generated = random.integers(0, 256, (2, 50, 32, 32, 3), np.uint8)
        >>> evaluator = evaluation.Evaluator(
        ...     evaluation.Sampler(lambda indices: generated[indices], "my model, step 1000"),
        ...     evaluation.ReferenceImages.of(ArrayImages(natural)),
        ...     evaluation.EvaluationConfig(num_generated=len(generated)),
        ...     Path("cache"),
        ... )
        >>> for score in evaluator.scores(("swd",)):  # for ("fid", "kid"), give an extractor too
        ...     print(score.name, score.value)
        SWD 32x32 x 1000 ...
        SWD 16x16 x 1000 ...
        SWD mean x 1000 ...
    """

    def __init__(
        self, sampler: Sampler, reference: ReferenceImages, config: EvaluationConfig, cache: Path
    ):
        self.sampler, self.reference, self.config = sampler, reference, config
        self.cache = cache
        self._made: list[Rows] = []

    def scores(
        self,
        metrics: tuple[str, ...],
        extractor: Extractor | None = None,
        perceptual: Perceptual | None = None,
    ) -> Iterator[Score]:
        """Yields the scores that are asked for, each when it is ready.

        Args:
            metrics: names out of `config.METRICS`.
            extractor: images to features, for fid, kid, pr and dc.
            perceptual: pairs of images to distances, for path lengths.

        Raises:
            InputError: the images are too few, too small or of another shape than the natural ones.
        """
        if set(OVER_FEATURES) & set(metrics):
            assert extractor is not None
            yield from self.of_features(metrics, extractor)
        for name in metrics:
            if name in PATH_METRICS:
                assert perceptual is not None
                yield self.path_length(name, perceptual)
        if "swd" in metrics:
            yield from self.sliced_wasserstein()

    def of_features(self, metrics: tuple[str, ...], extractor: Extractor) -> Iterator[Score]:
        """Fréchet and kernel distance, precision, recall, density, coverage: those asked for.

        Only the Fréchet distance takes repeated natural images: they would bias the others.

        Args:
            metrics: any of fid, kid, pr and dc; others are passed over.
            extractor: images to features.
        """
        self.check_numbers(metrics)
        images, distinct = self.reference.images, self.reference.distinct
        generated = self._generated_rows(extractor)
        natural = self._natural_rows(extractor, len(images))
        of = {"features": extractor.name, "features_sha256": extractor.sha256}
        taken = {"generated": generated.count, **self.reference.taken(natural.count), **of}

        def score(name: str, value: float, deviation: float | None = None, **more) -> Score:
            return Score(score_name(name, extractor), value, deviation, {**taken, **more})

        if "fid" in metrics:
            yield score("FID", self._frechet(generated, natural))
        if not {"kid", "pr", "dc"} & set(metrics):
            return
        taken |= self.reference.taken(distinct)
        features = generated.all(), self._natural_rows(extractor, distinct).all()
        if "kid" in metrics:
            count, size = self.config.kid_subsets, self.config.kid_subset_size
            with Progress("kernel distance", count, unit="subsets") as progress:
                distances = kernel_distances(
                    *features, count, size, self.config.seed, progress.advance
                )
            size = min(size, *map(len, features))
            yield score(
                "KID", float(distances.mean()), float(distances.std()), subsets=len(distances),
                subset_size=size,
            )  # fmt: skip
        if "pr" in metrics:
            k = self.config.neighbours
            with Progress("neighbours", 2 * sum(map(len, features)), unit="rows") as progress:
                precision, recall = precision_recall(*features, k, progress.advance)
            yield score("precision", precision, neighbours=k)
            yield score("recall", recall, neighbours=k)
        if "dc" in metrics:
            k = self.config.density_neighbours
            with Progress("density", sum(map(len, features)), unit="rows") as progress:
                density, coverage = density_coverage(*features, k, progress.advance)
            yield score("density", density, neighbours=k)
            yield score("coverage", coverage, neighbours=k)

    def path_length(self, name: str, perceptual: Perceptual) -> Score:
        """A perceptual path length, of a sampler that has latent paths.

        Args:
            name: one of `config.PATH_METRICS`.
            perceptual: pairs of images to distances.
        """
        lengths = self.sampler.path_lengths
        if lengths is None:
            raise InputError(f"{name}: the sampler has no latent paths; leave it out of --metrics")
        metric, epsilon = PATH_METRICS[name], self.config.path_epsilon
        how = {**dataclasses.asdict(metric), "epsilon": epsilon}
        key = {
            "what": "path lengths", "sampler": self.sampler.sha256,
            "perceptual": perceptual.sha256, "largest": LARGEST, **how,
        }  # fmt: skip

        def distance(first: tf.Tensor, second: tf.Tensor) -> np.ndarray:
            return perceptual(seen(first, metric.crop), seen(second, metric.crop))

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            for indices in _batches(start, stop, self.config.batch_size):
                yield lengths(indices, metric, distance, epsilon)

        rows = Rows(self.cache, key, self.config.num_paths, compute, name, "paths")
        self._made.append(rows)
        of = {"perceptual": perceptual.name, "perceptual_sha256": perceptual.sha256}
        return Score(name, trimmed_mean(rows.all()), None, {"paths": rows.count, **how, **of})

    def sliced_wasserstein(self) -> Iterator[Score]:
        """Sliced Wasserstein distances times 1,000, by resolution, and their mean."""
        check_swd(self.reference.images.shape[0])
        config = self.config
        count = min(config.num_swd, config.num_generated, self.reference.distinct)
        generated = np.concatenate(list(self._generated(0, count)))
        natural = self.reference.images.read(np.arange(count))
        say(f"sliced Wasserstein distances of {count:,} images of each kind")
        distances = sliced_wasserstein_distances(generated, natural, config.seed)
        taken = {"generated": count, **self.reference.taken(count)}
        for resolution, distance in distances.items():
            yield Score(f"SWD {resolution}x{resolution} x 1000", 1000 * distance, None, taken)
        yield Score("SWD mean x 1000", 1000 * float(np.mean([*distances.values()])), None, taken)

    def natural_statistics(self, extractor: Extractor) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] of the natural images' features."""
        return _statistics(self._natural_rows(extractor, len(self.reference.images)))

    def discard_generated(self) -> None:
        """Deletes the cached features of this sampler; those of natural images stay."""
        for rows in self._made:
            rows.discard()

    def _frechet(self, generated: Rows, natural: Rows) -> float:
        statistics = [_statistics(rows) for rows in (generated, natural)]
        dimensions = len(statistics[0][0])
        if min(generated.count, natural.count) <= dimensions:
            say(
                f"a Fréchet distance of no more images than the {dimensions:,} features is far too "
                "high: compare it only with distances of as many images"
            )
        return frechet_distance(*statistics[0], *statistics[1])

    def check_numbers(self, metrics: tuple[str, ...]) -> None:
        least = min(self.config.num_generated, self.reference.distinct)
        if least < 2:
            raise InputError("the split has fewer than 2 images: give more --data")
        for name, flag in (("pr", "neighbours"), ("dc", "density_neighbours")):
            k = getattr(self.config, flag)
            if name in metrics and least <= k:
                raise InputError(
                    f"--{flag}={k} needs more than {least} images of each kind: give more, or "
                    f"leave {name} out of --metrics"
                )

    def _generated(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Generated images start ... stop - 1 in batches, uint8 [n, H, W, C]."""
        for indices in _batches(start, stop, self.config.batch_size):
            images = self.sampler.images(indices)
            expected = (len(indices), *self.reference.images.shape)
            if images.dtype != np.uint8 or images.shape != expected:
                raise InputError(
                    f"the sampler gives {images.dtype} {images.shape}; it must give uint8 "
                    f"{expected}, images of the shape of the natural ones"
                )
            yield images

    def _generated_rows(self, extractor: Extractor) -> Rows:
        key = {
            "what": "generated", "sampler": self.sampler.sha256, "features": extractor.sha256,
        }  # fmt: skip

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            return map(extractor, self._generated(start, stop))

        rows = Rows(self.cache, key, self.config.num_generated, compute, "generated images")
        self._made.append(rows)
        return rows

    def _natural_rows(self, extractor: Extractor, count: int) -> Rows:
        reference = self.reference
        key = {
            "what": "natural", "data": reference.fingerprint, **reference.key,
            "shape": list(reference.images.shape), "features": extractor.sha256,
        }  # fmt: skip

        def compute(start: int, stop: int) -> Iterator[np.ndarray]:
            batches = _batches(start, stop, self.config.batch_size)
            return map(extractor, ahead(map(reference.images.read, batches)))

        return Rows(self.cache, key, count, compute, "natural images")


def score_name(name: str, extractor: Extractor) -> str:
    """The name of a score over features; only those of the standard graph are FID and KID."""
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


def _batches(start: int, stop: int, size: int) -> Iterator[np.ndarray]:
    """The indices start ... stop - 1, up to `size` at a time."""
    for first in range(start, stop, size):
        yield np.arange(first, min(first + size, stop))


def _statistics(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of features, as they are kept."""
    both = rows.reduced("gaussian", _gaussian)
    return both[0], both[1:]


def _gaussian(pieces: Iterator[np.ndarray]) -> np.ndarray:
    """The mean over the covariance, [1 + D, D]."""
    first = next(pieces)
    gaussian = RunningGaussian(first.shape[1])
    gaussian.add(first)
    for features in pieces:
        gaussian.add(features)
    return np.vstack(gaussian.statistics())
