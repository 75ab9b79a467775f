"""Flags that several commands of StyleGAN2 share."""

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.flag_help import EXECUTION, NEEDED, group
from gan_knowledge_gaps.training.native import IMPLEMENTATIONS


def define_ops() -> None:
    """Declares --ops."""
    with group(EXECUTION):
        flags.DEFINE_enum(
            "ops", "auto", IMPLEMENTATIONS, "What computes StyleGAN2's two operations. custom: "
            "our own, in C++ and CUDA; auto: those where they can be built, else TensorFlow's.",
        )  # fmt: skip


def define_pictures(noises: tuple[str, ...] = ("constant", "none")) -> None:
    """Declares the flags of all commands that make pictures.

    Args:
        noises: kinds of noise that the command offers.
    """
    with group(NEEDED):
        flags.DEFINE_string(
            "network", None, "Folder of a run or an import, or a .keras or .pkl file."
        )
    flags.DEFINE_float("truncation", 1.0, "Psi of the truncation trick; 1 for none.")
    flags.DEFINE_enum(
        "noise", "constant", noises, "Noise in the pictures; constant: that in the network."
    )
    flags.DEFINE_integer("label", None, "Class of the pictures, where the network has classes.", 0)
    define_ops()


def check_pictures(labelled: bool = True) -> None:
    """Raises InputError where these flags contradict each other, or --network is missing."""
    values = flags.FLAGS
    if not values.network:
        raise InputError("--network is needed: a run's folder, a .keras file or a .pkl file")
    if values.label is not None and not labelled:
        raise InputError("--label has no effect with --w, which has it already; leave it out")
