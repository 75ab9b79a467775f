"""Where the cells of a feature map lie in the image."""

import keras
import numpy as np

from classifiers.models import Step


def cell_centers(steps: list[Step], feature_map: keras.KerasTensor) -> list[np.ndarray]:
    """The middle of what each row and each column of a feature map sees, in pixels.

    Layers without padding move it inwards, others by how much they pad on each side. Where several
    layers are joined, the first tells it; they lie alike.

    Args:
        steps: of a network, see `steps_of`.
        feature_map: the output of one of them, [N, h, w, D].

    Returns:
        Float64 [h] and [w]; the middle of the first pixel is 0.
    """
    made_by = {id(step.output): step for step in steps}
    path = [made_by[id(feature_map)]]
    while path[-1].inputs:
        path.append(made_by[id(path[-1].inputs[0])])
    return [_along(axis, path[::-1], feature_map.shape[1 + axis]) for axis in (0, 1)]


def _along(axis: int, path: list[Step], cells: int) -> np.ndarray:
    first, stride = 0.0, 1.0  # of the cells
    for operation, inputs, output in path:
        if isinstance(operation, keras.layers.ZeroPadding2D):
            first -= stride * operation.padding[axis][0]
        elif isinstance(operation, keras.layers.Resizing):
            factor = inputs[0].shape[1 + axis] / output.shape[1 + axis]
            first, stride = first + stride * (factor - 1) / 2, stride * factor
        elif hasattr(operation, "strides"):  # convolutions and pooling
            size, step = _window(operation, axis)
            padded = 0
            if operation.padding == "same":
                padded = max(
                    0, (output.shape[1 + axis] - 1) * step + size - inputs[0].shape[1 + axis]
                )
            first, stride = first + stride * ((size - 1) / 2 - padded // 2), stride * step
    return first + stride * np.arange(cells)


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
