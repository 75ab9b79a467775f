"""Encoded pictures to a model's images, inside a TensorFlow graph.

Each step is that of `data.picture` and `data.resize.CropResize`, in the same integers. Two things
differ: pictures are not turned as EXIF says, and CMYK is within a grey level.
"""

import tensorflow as tf

from gan_knowledge_gaps.classifiers.serving.resampling import resize_square
from gan_knowledge_gaps.data.patches import PLACES, Patches
from gan_knowledge_gaps.data.picture import MOST_PIXELS
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.training.jpeg import DCT_METHOD

_PNG = b"\x89PNG\r\n\x1a\n"
_SIZE, _DEPTH = 16, 24  # bytes of a PNG at which width and height, and bits per channel, lie
_AT_ONCE = 2  # pictures decoded side by side: the largest take several GiB each


def decode_batch(contents: tf.Tensor, crop_resize: CropResize | Patches) -> tf.Tensor:
    """Images, or strips of patches, of JPEG and PNG files of any sizes.

    Args:
        contents: strings [N].
        crop_resize: the model's.

    Returns:
        uint8 [N, *crop_resize.shape]. A file that cannot be decoded, or is smaller than a patch,
        fails the whole batch.
    """
    with tf.device("/CPU:0"):
        return tf.map_fn(
            lambda file: decode_one(file, crop_resize),
            contents,
            parallel_iterations=_AT_ONCE,
            fn_output_signature=tf.TensorSpec(crop_resize.shape, tf.uint8),
        )


def decode_one(contents: tf.Tensor, crop_resize: CropResize | Patches) -> tf.Tensor:
    """The central square of a JPEG or PNG file, resized, or its patches.

    Args:
        contents: a string.
        crop_resize: the model's; its crop is "center".

    Returns:
        uint8 [*crop_resize.shape].
    """
    pixels = tf.cond(
        tf.io.is_jpeg(contents), lambda: _decode_jpeg(contents), lambda: _decode_png(contents)
    )
    if crop_resize.channels == 1:
        pixels = _luma(pixels)
    if isinstance(crop_resize, Patches):
        return _cut(pixels, crop_resize)
    height, width = tf.unstack(tf.shape(pixels)[:2])
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    for size in filter(None, (crop_resize.common_size, crop_resize.resolution)):
        square = resize_square(square, size, crop_resize.resize_filter)
    return square


def _cut(pixels: tf.Tensor, patches: Patches) -> tf.Tensor:
    """What `Patches.cut` makes of uint8 [h, w, C]."""
    size = patches.resolution
    room = tf.cast(tf.shape(pixels)[:2], tf.int64) - size
    too_small = [f"a picture is smaller than a patch, {size}x{size}"]
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(room >= 0), too_small)]):
        corners = tf.constant(patches.places) * (room + 1) // PLACES
    cut = [
        pixels[top : top + size, left : left + size]
        for top, left in map(tf.unstack, tf.unstack(corners, patches.count))
    ]
    return tf.ensure_shape(tf.concat(cut, axis=0), patches.shape)


def _decode_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """Uint8 [H, W, 3]."""
    with tf.control_dependencies([_refuse_huge(tf.io.extract_jpeg_shape(contents)[:2])]):
        return tf.io.decode_jpeg(contents, 3, dct_method=DCT_METHOD)


def _decode_png(contents: tf.Tensor) -> tf.Tensor:
    """Uint8 [H, W, 3]; transparent parts over white."""
    begins_so = tf.strings.substr(contents, 0, len(_PNG)) == _PNG
    is_png = begins_so & (tf.strings.length(contents) > _DEPTH)
    known = tf.debugging.Assert(is_png, ["a picture is neither a JPEG nor a PNG file"])
    with tf.control_dependencies([known]):
        size = tf.strings.substr(contents, _SIZE, 8)
        depth = tf.io.decode_raw(tf.strings.substr(contents, _DEPTH, 1), tf.uint8)[0]
    with tf.control_dependencies(
        [_refuse_huge(tf.io.decode_raw(size, tf.int32, little_endian=False))]
    ):
        pixels = tf.io.decode_png(contents, 4)
    color, alpha = pixels[..., :3], pixels[..., 3:]
    # TensorFlow makes opaque pixels of less than 8 bits per channel as transparent as 2**bits - 1.
    filler = tf.bitwise.left_shift(1, tf.minimum(tf.cast(depth, tf.int32), 8)) - 1
    opaque = tf.reduce_all(alpha == tf.cast(filler, tf.uint8))
    alpha = tf.where(opaque, tf.constant(255, tf.uint8), alpha)
    return tf.cond(tf.reduce_all(alpha == 255), lambda: color, lambda: _over_white(color, alpha))


def _over_white(color: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Pillow's alpha_composite over white: uint8 [H, W, 3] and [H, W, 1] to [H, W, 3]."""
    color, alpha = tf.cast(color, tf.uint16), tf.cast(alpha, tf.uint16)
    blended = color * alpha + 255 * (255 - alpha) + 128  # fits into 16 bits, as does the sum below
    rounded = tf.bitwise.right_shift(blended + tf.bitwise.right_shift(blended, 8), 8)
    return tf.cast(rounded, tf.uint8)


def _refuse_huge(size: tf.Tensor) -> tf.Operation:
    pixels = tf.reduce_prod(tf.cast(size, tf.int64))
    message = [f"a picture has more than {MOST_PIXELS:,} pixels:", size]
    return tf.debugging.Assert((pixels > 0) & (pixels <= MOST_PIXELS), message)


def _luma(pixels: tf.Tensor) -> tf.Tensor:
    """Pillow's grey, ITU-R 601 in whole numbers of 2**-16: uint8 [H, W, 3] to [H, W, 1]."""
    weighted = tf.cast(pixels, tf.int32) * [19595, 38470, 7471]
    return tf.cast((tf.reduce_sum(weighted, axis=-1, keepdims=True) + 2**15) // 2**16, tf.uint8)
