"""Where the cells of a feature map lie in the image."""

import keras
import numpy as np

from gan_knowledge_gaps.classifiers.models import Step


def cell_centers(steps: list[Step], feature_map: keras.KerasTensor) -> list[np.ndarray]:
    """The middle of what each row and each column of a feature map sees, in pixels.

    Layers without padding move it inwards, others by how much they pad on each side. Where several
    maps are joined, such as a residual block's, it is the mean of theirs.

    Args:
        steps: of a network, see `steps_of`.
        feature_map: the output of one of them, [N, h, w, D].

    Returns:
        Float64 [h] and [w]; the middle of the first pixel is 0.
    """
    return [_along(axis, steps, feature_map) for axis in (1, 2)]


def _along(axis: int, steps: list[Step], feature_map: keras.KerasTensor) -> np.ndarray:
    places: dict[int, tuple[float, float]] = {}  # of each map: its first cell, and their distance
    for step in steps:
        length = step.output.shape[axis] if len(step.output.shape) == 4 else None
        joined = [places[id(x)] for x in step.inputs if id(x) in places]
        if len(joined) > 1:  # A factor for each channel has no place.
            joined = [places[id(x)] for x in step.inputs if x.shape[axis] == length]
        if length and (joined or not step.inputs):
            first, stride = np.mean(joined or [(0.0, 1.0)], axis=0)
            offset, factor = _move(step, axis)
            places[id(step.output)] = first + stride * offset, stride * factor
    first, stride = places[id(feature_map)]
    return first + stride * np.arange(feature_map.shape[axis])


def _move(step: Step, axis: int) -> tuple[float, float]:
    """Where an operation's first cell lies, and the distance of its cells, in those it takes."""
    operation, inputs, output = step
    if isinstance(operation, keras.layers.ZeroPadding2D):
        return -operation.padding[axis - 1][0], 1.0
    if isinstance(operation, keras.layers.Resizing):
        factor = inputs[0].shape[axis] / output.shape[axis]
        return (factor - 1) / 2, factor
    if not hasattr(operation, "strides"):
        return 0.0, 1.0
    size, stride = _window(operation, axis - 1)
    padded = 0
    if operation.padding == "same":
        padded = max(0, (output.shape[axis] - 1) * stride + size - inputs[0].shape[axis])
    return (size - 1) / 2 - padded // 2, stride


def _window(operation: keras.Layer, axis: int) -> tuple[int, int]:
    """Length and stride of what a convolution or a pooling looks at."""
    size = getattr(operation, "kernel_size", None) or operation.pool_size
    dilation = getattr(operation, "dilation_rate", (1, 1))
    dilation, strides = ((x, x) if isinstance(x, int) else x for x in (dilation, operation.strides))
    return dilation[axis] * (size[axis] - 1) + 1, strides[axis]


def enlarged(maps: np.ndarray, centers: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Maps at every pixel, linear between the cells' middles and constant beyond the outer ones.

    Args:
        maps: [N, h, w].
        centers: [h] and [w], ascending.
        size: (H, W) of the image.

    Returns:
        Of the maps' dtype, [N, H, W].
    """
    rows, columns = (
        np.stack([np.interp(np.arange(length), places, unit) for unit in np.eye(len(places))])
        for length, places in zip(size, centers, strict=True)
    )
    return np.einsum("nhw,hy,wx->nyx", maps, rows, columns, optimize=True).astype(maps.dtype)
