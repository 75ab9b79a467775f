"""Flags that commands which measure images share."""

from absl import flags

from gan_knowledge_gaps.evaluation.config import INCEPTION, RANDOM_VGG16


def define_features(what: str) -> None:
    """Declares --features and --inception.

    Args:
        what: is taken over the features, in the plural.
    """
    flags.DEFINE_string(
        "features", INCEPTION, f"What {what} are taken over: {INCEPTION}, {RANDOM_VGG16}, or the "
        "path of a .keras file that maps images in [0, 255] to features.",
    )  # fmt: skip
    flags.DEFINE_string(
        "inception", None, "Path of inception-2015-12-05.tgz, its .pb file, or pytorch-fid's .pth "
        "file of the same weights.",
    )  # fmt: skip


def define_inception_sha256() -> None:
    """Declares --inception_sha256."""
    flags.DEFINE_string(
        "inception_sha256", None, "What the SHA-256 of --inception's .pb or .pth file must be."
    )
