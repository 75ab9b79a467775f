"""Seeded weights for the Inception network in PyTorch's format, by name; needs NumPy alone."""

import zlib

import numpy as np


def seeded(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of that name: kernels keep the size of what passes through, the rest is about 1."""
    uniform = np.random.RandomState(zlib.crc32(name.encode())).random_sample(shape)  # [0, 1)
    if len(shape) > 1:
        uniform = (2 * uniform - 1) * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith((".bn.weight", ".running_var")):
        uniform += 0.5
    else:
        uniform = 0.6 * uniform - 0.3
    return uniform.astype(np.float32)


def pictures() -> np.ndarray:
    """uint8 [2, 40, 52, 3]: larger and smaller sides do not divide 299."""
    random = np.random.RandomState(0)
    coarse = random.randint(0, 256, (2, 10, 13, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + random.randint(-20, 21, coarse.shape), 0, 255).astype(np.uint8)


def summary(features: np.ndarray) -> np.ndarray:
    """Of features [N, 2048]: every 128th, the mean and the standard deviation, [N, 18]."""
    columns = features[:, ::128], features.mean(1, keepdims=True), features.std(1, keepdims=True)
    return np.concatenate(columns, axis=1)
