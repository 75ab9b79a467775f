"""Every classifier architecture by name."""

import keras

from classifiers.cnn import build_cnn
from data import InputError

_BUILDERS = {"cnn": build_cnn}
ARCHITECTURES = tuple(_BUILDERS)


def build(
    architecture: str, image_shape: tuple[int, int, int], seed: int, precision: str = "float32"
) -> keras.Model:
    """A classifier with fresh weights.

    Args:
        architecture: one of ARCHITECTURES.
        image_shape: (H, W, C) of the images.
        seed: seed of the initial weights.
        precision: Keras dtype policy of the hidden layers; the logits are always float32.

    Returns:
        A model from images [N, H, W, C] in [0, 255] to logits [N, 1], positive = generated.

    Raises:
        InputError: no architecture has that name.
    """
    if architecture not in _BUILDERS:
        raise InputError(
            f"no classifier architecture is named '{architecture}'; "
            f"there are: {', '.join(ARCHITECTURES)}"
        )
    return _BUILDERS[architecture](image_shape, seed=seed, precision=precision)
