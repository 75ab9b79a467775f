"""A small graph with the names, operations and age of the Inception graph of 2015-12-05."""

import numpy as np
import tensorflow as tf

FEATURES = 2048
STRIDE = 38  # 299x299 becomes 8x8, which the pooling reduces to 1x1
EPSILON = 0.001


def weights() -> dict[str, np.ndarray]:
    """Of the one convolution and its batch normalization."""
    random = np.random.default_rng(0)
    return {
        "params": random.normal(size=(1, 1, 3, FEATURES)).astype(np.float32),
        "moving_mean": random.normal(size=FEATURES).astype(np.float32),
        "moving_variance": random.uniform(0.5, 2, FEATURES).astype(np.float32),
        "beta": random.normal(size=FEATURES).astype(np.float32),
        "gamma": random.uniform(0.5, 2, FEATURES).astype(np.float32),
    }


class Builder:
    """Adds nodes to a GraphDef as its text would name them."""

    def __init__(self):
        self.graph = tf.compat.v1.GraphDef()
        self.graph.versions.producer = 8  # the batch normalization is refused from 9 on

    def constant(self, name: str, value) -> None:
        proto = tf.make_tensor_proto(value)
        node = self.graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = proto.dtype
        node.attr["value"].tensor.CopyFrom(proto)

    def add(self, name: str, op: str, *inputs: str, **attributes) -> None:
        node = self.graph.node.add(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            attribute = node.attr[key]
            if isinstance(value, tf.DType):
                attribute.type = value.as_datatype_enum
            elif isinstance(value, bool):
                attribute.b = value
            elif isinstance(value, float):
                attribute.f = value
            elif isinstance(value, str):
                attribute.s = value.encode()
            else:
                attribute.list.i.extend(value)

    def claim_shape(self, name: str, *shape: int) -> None:
        """The node carries along the shape that it had for one image."""
        (node,) = (node for node in self.graph.node if node.name == name)
        dimensions = node.attr["_output_shapes"].list.shape.add().dim
        for size in shape:
            dimensions.add(size=size)


def inception_graph(size: int = 299, output: str = "pool_3") -> bytes:
    """The serialized graph; another size or output makes another graph of it."""
    build, each = Builder(), {"T": tf.float32}
    build.constant("DecodeJpeg/contents", b"")
    build.add("DecodeJpeg", "DecodeJpeg", "DecodeJpeg/contents")
    build.add("Cast", "Cast", "DecodeJpeg", SrcT=tf.uint8, DstT=tf.float32)
    build.constant("ExpandDims/dim", np.int32(0))
    build.add("ExpandDims", "ExpandDims", "Cast", "ExpandDims/dim", **each)
    build.constant("ResizeBilinear/size", np.int32([size, size]))
    build.add("ResizeBilinear", "ResizeBilinear", "ExpandDims", "ResizeBilinear/size", **each)
    build.constant("Sub/y", np.float32(128))
    build.add("Sub", "Sub", "ResizeBilinear", "Sub/y", **each)
    build.constant("Mul/y", np.float32(1 / 128))
    build.add("Mul", "Mul", "Sub", "Mul/y", **each)
    values = weights()
    build.constant("conv/conv2d_params", values["params"])
    build.add(
        "conv/Conv2D", "Conv2D", "Mul", "conv/conv2d_params", **each,
        strides=[1, STRIDE, STRIDE, 1], padding="VALID",
    )  # fmt: skip
    names = ("moving_mean", "moving_variance", "beta", "gamma")
    for name in names:
        build.constant(f"conv/batchnorm/{name}", values[name])
    build.add(
        "conv/batchnorm", "BatchNormWithGlobalNormalization", "conv/Conv2D",
        *(f"conv/batchnorm/{name}" for name in names), **each, variance_epsilon=EPSILON,
        scale_after_normalization=False,
    )  # fmt: skip
    build.add("conv/CheckNumerics", "CheckNumerics", "conv/batchnorm", **each, message="")
    build.add(
        "conv/control_dependency", "Identity", "conv/batchnorm", "^conv/CheckNumerics", **each
    )
    build.add("conv", "Relu", "conv/control_dependency", **each)
    build.add(
        output, "AvgPool", "conv", **each, ksize=[1, 8, 8, 1], strides=[1, 1, 1, 1],
        padding="VALID",
    )  # fmt: skip
    build.constant(f"{output}/_reshape/shape", np.int32([1, FEATURES]))
    build.add(f"{output}/_reshape", "Reshape", output, f"{output}/_reshape/shape", **each)
    build.claim_shape("Mul", 1, size, size, 3)
    build.claim_shape("conv", 1, 8, 8, FEATURES)
    return build.graph.SerializeToString()


def resized(images: np.ndarray, size: int = 299) -> np.ndarray:
    """TensorFlow's first bilinear resize: source = target * (old / new), no half pixels."""
    for axis in (1, 2):
        old = images.shape[axis]
        at = np.arange(size) * (old / size)
        low = np.floor(at).astype(int)
        high, share = np.minimum(low + 1, old - 1), at - low
        share = share.reshape((-1, 1, 1) if axis == 1 else (-1, 1))
        images = np.take(images, low, axis) * (1 - share) + np.take(images, high, axis) * share
    return images


def reference(images: np.ndarray) -> np.ndarray:
    """The features in float64."""
    values = {name: value.astype(np.float64) for name, value in weights().items()}
    x = (resized(images.astype(np.float64)) - 128) / 128
    x = x[:, ::STRIDE, ::STRIDE] @ values["params"][0, 0]
    x = (x - values["moving_mean"]) / np.sqrt(values["moving_variance"] + EPSILON) + values["beta"]
    return np.maximum(x, 0).mean(axis=(1, 2))
