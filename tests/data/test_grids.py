import io

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import encode_png, image_grid


def images(count, channels=3):
    shape = (count, 2, 3, channels)
    return np.random.default_rng(count).integers(0, 200, shape, dtype=np.uint8)


def test_every_pixel_is_where_it_belongs():
    batch = images(5)
    grid = image_grid(batch, columns=3, padding=1)
    assert grid.shape == (2 * 2 + 1, 3 * 3 + 2, 3)
    assert grid.dtype == np.uint8
    for index, (top, left) in enumerate([(0, 0), (0, 4), (0, 8), (3, 0), (3, 4)]):
        np.testing.assert_array_equal(grid[top : top + 2, left : left + 3], batch[index])
        grid[top : top + 2, left : left + 3] = 255
    assert (grid == 255).all()


def test_scale_turns_pixels_into_squares_and_leaves_padding():
    batch = images(2, channels=1)
    grid = image_grid(batch, columns=2, padding=2, scale=3, background=7)
    assert grid.shape == (6, 9 + 2 + 9, 1)
    np.testing.assert_array_equal(grid[:, :9], np.kron(batch[0], np.ones((3, 3, 1), np.uint8)))
    np.testing.assert_array_equal(grid[:, 11:], np.kron(batch[1], np.ones((3, 3, 1), np.uint8)))
    assert (grid[:, 9:11] == 7).all()


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [
        (np.zeros((1, 2, 2, 3)), {"columns": 1}),
        (np.zeros((2, 2, 3), np.uint8), {"columns": 1}),
        (np.zeros((0, 2, 2, 3), np.uint8), {"columns": 1}),
        (np.zeros((1, 2, 2, 3), np.uint8), {"columns": 0}),
        (np.zeros((1, 2, 2, 3), np.uint8), {"columns": 1, "padding": -1}),
        (np.zeros((1, 2, 2, 3), np.uint8), {"columns": 1, "scale": 0}),
    ],
)
def test_other_images_and_sizes_are_refused(batch, sizes):
    with pytest.raises(ValueError):
        image_grid(batch, **sizes)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_png_holds_the_pixels(channels, mode):
    image = images(1, channels)[0]
    decoded = Image.open(io.BytesIO(encode_png(image)))
    assert (decoded.format, decoded.mode) == ("PNG", mode)
    np.testing.assert_array_equal(np.asarray(decoded).reshape(image.shape), image)


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2), "u1"), np.zeros((2, 2, 3), "f"), np.zeros((2, 2, 5), "u1")]
)
def test_png_refuses_what_is_no_image(image):
    with pytest.raises(ValueError):
        encode_png(image)
