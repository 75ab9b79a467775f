"""How many floating-point operations a graph needs."""

import math

import tensorflow as tf


def operations(function: tf.types.experimental.ConcreteFunction) -> int:
    """Floating-point operations of the convolutions and matrix products that a graph carries out.

    A multiplication and an addition are two. What no result and no assignment needs is left out, as
    TensorFlow does when it runs the graph. Shapes must be known; the body of a loop counts once.
    """
    return _operations(function.graph)


def _operations(graph: tf.Graph) -> int:
    total = 0
    for operation in _needed(graph):
        called = operation.get_attr("f").name if "f" in operation.node_def.attr else None
        if called is not None:
            total += _operations(graph._get_function(called).graph)
        elif operation.type in _COUNTS:
            total += 2 * _COUNTS[operation.type](operation)
    return total


def _needed(graph: tf.Graph) -> set[tf.Operation]:
    """The operations that the graph's results and side effects depend on."""
    found, waiting = set(), [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs] + operation.control_inputs
    return found


def _size(tensor: tf.Tensor) -> int:
    return math.prod(tensor.shape.as_list())


def _of_filter(images: tf.Tensor, kernel: tf.Tensor) -> int:
    """Products of a convolution from the side where each sample sees the whole kernel."""
    return _size(images) * _size(kernel) // kernel.shape[-1]


def _of_product(operation: tf.Operation, transposed: str) -> int:
    rows_first = not operation.get_attr(transposed)
    return _size(operation.outputs[0]) * operation.inputs[0].shape[-1 if rows_first else -2]


# Multiplications of each kind of operation.
_COUNTS = {
    "Conv2D": lambda op: _of_filter(op.outputs[0], op.inputs[1]),
    "Conv2DBackpropInput": lambda op: _of_filter(op.inputs[2], op.inputs[1]),
    "Conv2DBackpropFilter": lambda op: _of_filter(op.inputs[2], op.outputs[0]),
    "MatMul": lambda op: _of_product(op, "transpose_a"),
    "BatchMatMulV2": lambda op: _of_product(op, "adj_x"),
}
