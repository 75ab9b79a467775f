"""What is measured of a sampler, and how."""

import dataclasses

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import check_at_least, check_choices


@dataclasses.dataclass(frozen=True)
class PathMetric:
    """One kind of perceptual path length.

    Attributes:
        space: Where the ends of a path are: z or w.
        sampling: Where on a path it is measured: at its "end", or "full" for anywhere.
        crop: Whether only the part that holds the face in FFHQ's alignment is looked at.
    """

    space: str
    sampling: str
    crop: bool


# By the names of the published scores: ppl_zfull, ppl_zend, ppl_wfull, ppl_wend and ppl2_wend; and
# those that complete the pattern.
PATH_METRICS = {
    f"{prefix}_{space}{sampling}": PathMetric(space, sampling, crop)
    for prefix, crop in (("ppl", True), ("ppl2", False))
    for space in ("z", "w")
    for sampling in ("full", "end")
}
# Extractors that have a name.
INCEPTION, RANDOM_VGG16 = "inception", "random-vgg16"
OVER_FEATURES = ("fid", "kid", "pr", "dc")
METRICS = (*OVER_FEATURES, *PATH_METRICS, "swd")
PROTOCOLS = ("split", "stylegan2", "stylegan2-ada-full")
NUM_NATURAL = 50_000
SPLITS = ("train", "evaluation", "all")


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Which images an evaluation takes, and how it computes the scores.

    The defaults are those of the papers and of torch-fidelity, where they have any.

    Attributes:
        num_generated: Generated images; 50,000 in Heusel et al. 2017.
        protocol: Which natural images: split (a fixed random choice of a split, each once),
            stylegan2 (the first of all in the order of the data, repeated until there are enough,
            and each mirrored or not at random where the training mirrored) or stylegan2-ada-full
            (all, each once).
        num_natural: Natural images of the protocols split, which has at most those of the split,
            and stylegan2; default: 50,000.
        split: Part of the protocol split: train (default; those the networks saw), evaluation or
            all.
        mirror: Whether the training mirrored, for the protocol stylegan2; default: what the run of
            the network says.
        seed: Seed of latents, noise and subsets.
        batch_size: Images at a time.
        kid_subsets: Subsets over which the kernel distance is averaged.
        kid_subset_size: Images of each kind in a subset; fewer if there are fewer.
        neighbours: Neighbours (k) of precision and recall; 3 in Kynkaanniemi et al. 2019.
        density_neighbours: Neighbours (k) of density and coverage; 5 in Naeem et al. 2020.
        num_paths: Paths of a perceptual path length; 100,000 in Karras et al. 2019.
        path_epsilon: Step along a path; 1e-4 in Karras et al. 2019.
        num_swd: Images of each kind for the sliced Wasserstein distance; a choice of this project:
            each takes about 0.5 MB of memory.

    Example:
        >>> from gan_knowledge_gaps.evaluation import EvaluationConfig
        >>> config = EvaluationConfig(num_generated=5000, protocol="stylegan2-ada-full")
        >>> config.kid_subsets, config.neighbours
        (100, 3)
    """

    num_generated: int = 50_000
    protocol: str = "split"
    num_natural: int | None = None
    split: str | None = None
    mirror: bool | None = None
    seed: int = 0
    batch_size: int = 16
    kid_subsets: int = 100
    kid_subset_size: int = 1000
    neighbours: int = 3
    density_neighbours: int = 5
    num_paths: int = 50_000
    path_epsilon: float = 1e-4
    num_swd: int = 2048

    def __post_init__(self):
        check_at_least(
            self, num_generated=2, seed=0, batch_size=1, kid_subsets=1, kid_subset_size=2,
            neighbours=1, density_neighbours=1, num_paths=1, path_epsilon=1e-8, num_swd=1,
        )  # fmt: skip
        check_choices(self, protocol=PROTOCOLS)
        if self.num_natural is not None:
            check_at_least(self, num_natural=2)
        if self.split is not None:
            check_choices(self, split=SPLITS)
        self._check_protocol()

    def least_bytes(self, metrics: tuple[str, ...]) -> int:
        """Least memory that these metrics need: a number for each image."""
        count = self.num_generated + (self.num_natural or NUM_NATURAL)
        paths = self.num_paths if PATH_METRICS.keys() & set(metrics) else 0
        swd = self.num_swd * 500_000 if "swd" in metrics else 0
        return 8 * (count + paths + self.kid_subsets) + swd

    def _check_protocol(self) -> None:
        of = {"num_natural": PROTOCOLS[:2], "split": PROTOCOLS[:1], "mirror": PROTOCOLS[1:2]}
        for name, protocols in of.items():
            if getattr(self, name) is not None and self.protocol not in protocols:
                raise InputError(f"{name} is not for --protocol={self.protocol}: leave it out")
        if self.protocol == "stylegan2" and self.mirror is None:
            raise InputError(
                "protocol=stylegan2 has to know whether the training mirrored its images, and no "
                "config.json beside the network says so: give --mirror or --nomirror"
            )


def check_metrics(names: list[str]) -> tuple[str, ...]:
    """The names without repetition, in the order of `METRICS`.

    Raises:
        InputError: there are none, or one is unknown.
    """
    for name in names:
        if name not in METRICS:
            raise InputError(f"--metrics: there is no '{name}'; there are {', '.join(METRICS)}")
    if not names:
        raise InputError(f"--metrics is empty; there are {', '.join(METRICS)}")
    return tuple(name for name in METRICS if name in names)
