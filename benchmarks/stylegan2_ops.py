"""StyleGAN2's operations beside plain TensorFlow, and beside a copy of memory.

For the shapes of the layers of a 64x64 and of a 256x256 StyleGAN2: resampling (up2, blur, down2)
beside zero insertion, padding and `depthwise_conv2d`, alone and under XLA; bias and leaky relu
beside the same in TensorFlow's operations. Each forward, with its gradient, and with the gradient
of the squared gradient (R1's, up to the network between). All take turns in one process; ratios are
of median times. "of a copy" is the custom operation's bytes read and written per second, by those
of a copy of the same images.

    python -m benchmarks.stylegan2_ops [--batch_size=4] [--resolution=256] [--repeats=5]
                                       [--data_format=NHWC] [--dtype=float32] [--noxla]
"""

import itertools
import math
from collections.abc import Callable

import tensorflow as tf
from absl import flags

from gan_knowledge_gaps.stylegan2.ops import fused_bias_act, upfirdn_2d
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.timing import medians

KERNEL = tf.constant([1.0, 3.0, 3.0, 1.0]).numpy() / 8

# up, down, padding, gain
FILTERS = {
    "up2": (2, 1, (2, 1, 2, 1), 4.0),
    "blur": (1, 1, (2, 1, 2, 1), 1.0),
    "down2": (1, 2, (1, 1, 1, 1), 1.0),
}
LAYERS = {
    "64": [(16, 512), (64, 512)],
    "256": [(64, 512), (128, 256), (256, 128), (256, 3)],
}
ORDERS = ("forward", "gradient", "second gradient")

Function = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # of images and a bias


def filter_of(name: str, implementation: str, data_format: str) -> Function:
    """One of FILTERS."""
    up, down, padding, gain = FILTERS[name]

    def function(images: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return upfirdn_2d(
            images, KERNEL, up, down, padding, gain, data_format, implementation=implementation
        )

    return function


def bias_act(implementation: str, data_format: str) -> Function:
    """Bias and leaky relu; the plain one as one would write it."""
    axis = data_format.index("C")

    def custom(images: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return fused_bias_act(images, bias, "lrelu", axis=axis, implementation="custom")

    def plain(images: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        biased = tf.nn.bias_add(images, bias, data_format)
        return tf.nn.leaky_relu(biased, 0.2) * tf.constant(math.sqrt(2), images.dtype)

    return custom if implementation == "custom" else plain


def of_order(function: Function, order: int) -> Callable:
    """The function, its gradient by its own output, or the gradient of that gradient's square."""

    def gradients(images: tf.Tensor, bias: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([images, bias])
            output = function(images, bias)
        return tape.gradient(output, [images, bias], output, tf.UnconnectedGradients.ZERO)

    def second(images: tf.Tensor, bias: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([images, bias])
            slope, _ = gradients(images, bias)
        return tape.gradient(slope, [images, bias], slope, tf.UnconnectedGradients.ZERO)

    return (lambda *inputs: [function(*inputs)], gradients, second)[order]


def call(function: Callable, images: tf.Tensor, bias: tf.Tensor, jit_compile=False) -> Callable:
    """A call that waits for its results."""
    compiled = tf.function(function, jit_compile=jit_compile)

    def run() -> None:
        compiled(images, bias)[0][0, 0, 0, 0].numpy()

    return run


def copied(images: tf.Tensor) -> Callable[[], None]:
    """A copy of the images in memory."""
    return lambda: tf.raw_ops.DeepCopy(x=images)[0, 0, 0, 0].numpy()


def compare(
    title: str,
    make: Callable[[str], Function],
    images: tf.Tensor,
    bias: tf.Tensor,
    moved: float,
) -> None:
    """Times all orders of one operation and prints a line for each.

    Args:
        title: what the lines begin with.
        make: gives the function of an implementation.
        images: its input.
        bias: [C].
        moved: bytes that the forward pass must at least read and write, by those of a copy.
    """
    for order, name in enumerate(ORDERS):
        work = {"copy": copied(images)}
        for implementation in ("custom", "tensorflow"):
            work[implementation] = call(of_order(make(implementation), order), images, bias)
        seconds = medians(work, flags.FLAGS.repeats)
        if flags.FLAGS.xla:  # Some take a minute: once is enough.
            xla = call(of_order(make("tensorflow"), order), images, bias, jit_compile=True)
            seconds |= medians({"XLA": xla}, repeats=1)
        line = f"{title:24} {name:15} {1e3 * seconds['custom']:8.2f} ms"
        for other in list(seconds)[2:]:
            line += f"  {seconds[other] / seconds['custom']:5.2f}x {other}"
        if order == 0:
            line += f"  {100 * moved * seconds['copy'] / seconds['custom']:4.0f} % of a copy"
        print(line, flush=True)


def main() -> None:
    """Times all shapes."""
    values = flags.FLAGS
    library.load("custom")
    tf.get_logger().setLevel("ERROR")  # It takes the many functions here for one that is retraced.
    layers = LAYERS[values.resolution]
    print(
        f"StyleGAN2's operations, batch {values.batch_size}, {values.data_format}, {values.dtype}"
    )
    for (size, channels), name in itertools.product(layers, [*FILTERS, "bias_act"]):
        shape = [values.batch_size, size, size, channels]
        if values.data_format == "NCHW":
            shape = [values.batch_size, channels, size, size]
        images = tf.cast(tf.random.stateless_normal(shape, (1, 2)), values.dtype)

        def make(implementation: str, name: str = name) -> Function:
            if name == "bias_act":
                return bias_act(implementation, values.data_format)
            return filter_of(name, implementation, values.data_format)

        bias = tf.zeros([channels], images.dtype)
        up, down = FILTERS[name][:2] if name in FILTERS else (1, 1)
        compare(f"{name} {size}x{size}x{channels}", make, images, bias, (1 + (up / down) ** 2) / 2)


if __name__ == "__main__":
    flags.DEFINE_integer("batch_size", 4, "Images in a batch.")
    flags.DEFINE_enum("resolution", "256", list(LAYERS), "Of the network.")
    flags.DEFINE_integer("repeats", 5, "Timed calls.")
    flags.DEFINE_enum("data_format", "NHWC", ["NHWC", "NCHW"], "Layout of the images.")
    flags.DEFINE_enum("dtype", "float32", ["float32", "bfloat16", "float16"], "Type of the images.")
    flags.DEFINE_bool("xla", True, "Time XLA too.")
    command.run(main)
