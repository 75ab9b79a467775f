"""What is measured of a generator, and how."""

import dataclasses

from data import InputError
from stylegan2.sampling import BLOCK
from training.config import check_at_least, check_choices

METRICS = ("fid", "kid", "pr", "ppl", "swd")
SPLITS = ("train", "evaluation", "all")
NOISES = ("random", "constant", "none")
PATHS = ("endpoints", "full")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the figures are taken.

    The defaults are those of the papers and of torch-fidelity, where they have any.

    Attributes:
        num_generated: Generated images; 50,000 in Heusel et al. 2017.
        num_natural: Natural images, at most those of the split; a fixed random choice of them.
        split: Which natural images: train (those the networks saw, as in the published figures),
            evaluation or all.
        truncation: psi of the truncation trick; 1 for none, as in the published figures.
        noise: Noise of the generator: random, constant or none.
        seed: Seed of latents, noise and subsets.
        batch_size: Images at a time, a multiple of 16.
        kid_subsets: Subsets over which the kernel distance is averaged.
        kid_subset_size: Images of each kind in a subset; fewer if there are fewer.
        neighbours: k of precision and recall; 3 in Kynkaanniemi et al. 2019.
        num_paths: Paths of the perceptual path length; 100,000 in Karras et al. 2019.
        path_epsilon: Step along a path; 1e-4 in Karras et al. 2019.
        path_sampling: Where on a path: endpoints, or full for anywhere.
        num_swd: Images of each kind for the sliced Wasserstein distance; a choice of this project:
            each takes about 0.5 MB of memory.
    """

    num_generated: int = 50_000
    num_natural: int = 50_000
    split: str = "train"
    truncation: float = 1.0
    noise: str = "random"
    seed: int = 0
    batch_size: int = 16
    kid_subsets: int = 100
    kid_subset_size: int = 1000
    neighbours: int = 3
    num_paths: int = 100_000
    path_epsilon: float = 1e-4
    path_sampling: str = "endpoints"
    num_swd: int = 2048

    def __post_init__(self):
        check_at_least(
            self, num_generated=2, num_natural=2, truncation=-10, seed=0, batch_size=BLOCK,
            kid_subsets=1, kid_subset_size=2, neighbours=1, num_paths=1, path_epsilon=1e-8,
            num_swd=1,
        )  # fmt: skip
        check_choices(self, split=SPLITS, noise=NOISES, path_sampling=PATHS)
        if self.batch_size % BLOCK:
            raise InputError(f"batch_size is {self.batch_size}; it must be a multiple of {BLOCK}")


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
