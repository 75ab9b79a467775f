"""What of a graph a GPU would have to hand to the host, told from the graph alone.

There is no GPU here. But where each operation's GPU kernel takes and leaves its tensors follows
from a few rules of TensorFlow: shapes, axes and other indices are taken in host memory; arithmetic
on int32 runs on the host, a few kernels excepted; a branch or a loop is decided on the host, and
what is placed on the CPU runs there. Where such an operation takes what was computed on the device,
the host waits for the device.
"""

from collections.abc import Iterator

import tensorflow as tf
from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

# Without a GPU kernel.
CPU_ONLY = {
    "PyFunc", "PyFuncStateless", "EagerPyFunc", "Print", "PrintV2", "StringFormat", "AsString",
    "DecodeJpeg", "EncodeJpeg", "EncodeJpegVariableQuality", "DecodeImage", "WriteFile", "Unique",
}  # fmt: skip
# Types of inputs that say where or how many: in host memory.
INDEX_TYPES = {
    "Tidx", "Tshape", "Index", "Tperm", "Tmultiples", "Tpaddings", "Tdim", "Taxis", "index_type",
    "shape_type", "Tnumsegments", "Tlen",
}  # fmt: skip
# int32 in device memory.
DEVICE_INT32 = {"Cast", "Select", "SelectV2", "GatherV2", "ArgMax", "ArgMin", "OneHot"}
PASSED_ON = {"Identity", "IdentityN", "StopGradient", "Placeholder", "NoOp"}
CALLS = {"PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"}


def host_copies(graph: tf.Graph) -> list[str]:
    """The operations that wait for the device, by type and name; inner functions included."""
    return sorted(_Walk(graph).found)


class _Walk:
    """Follows what is computed on the device through a graph and its functions."""

    def __init__(self, graph: tf.Graph):
        self.found: set[str] = set()
        self._library = {
            each.signature.name: each for each in graph.as_graph_def().library.function
        }
        self._graphs: dict[str, tf.Graph] = {}
        # What a step is given is on the device, but for int32.
        self._follow(graph, [each.dtype != tf.int32 for each in graph.inputs])

    def _follow(self, graph: tf.Graph, given: list[bool]) -> list[bool]:
        """Whether each output of a graph was computed on the device, by the same of its inputs."""
        on_device = {
            each.ref(): is_there for each, is_there in zip(graph.inputs, given, strict=True)
        }
        for operation in graph.get_operations():
            inputs = [on_device.get(each.ref(), False) for each in operation.inputs]
            outputs = self._outputs(operation, inputs)
            for tensor, is_there in zip(operation.outputs, outputs, strict=True):
                on_device.setdefault(tensor.ref(), is_there)
        return [on_device.get(each.ref(), False) for each in graph.outputs]

    def _outputs(self, operation: tf.Operation, inputs: list[bool]) -> list[bool]:
        kind = operation.type
        if "CPU" in operation.device:
            self._note(operation, inputs)
            return [False] * len(operation.outputs)
        if kind in ("If", "StatelessIf"):
            self._note(operation, inputs[:1])
            return self._any(operation, ("then_branch", "else_branch"), inputs[1:])
        if kind in ("While", "StatelessWhile"):
            return self._loop(operation, inputs)
        if kind in CALLS:
            return self._any(operation, ("f",), inputs)
        if kind in CPU_ONLY:
            self._note(operation, inputs)
            return [False] * len(operation.outputs)
        if kind in PASSED_ON:
            return inputs[: len(operation.outputs)] or [False] * len(operation.outputs)
        if kind in ("Shape", "ShapeN", "Size", "Rank"):
            return [False] * len(operation.outputs)
        on_host = list(_on_host(operation))
        self._note(operation, [there for there, host in zip(inputs, on_host, strict=True) if host])
        taken = (there for there, host in zip(inputs, on_host, strict=True) if not host)
        device = any(taken) or "Random" in kind
        return [
            device and (each.dtype != tf.int32 or kind in DEVICE_INT32)
            for each in operation.outputs
        ]

    def _loop(self, operation: tf.Operation, inputs: list[bool]) -> list[bool]:
        # What goes round is no constant, and is on the device unless it is int32.
        pairs = zip(inputs, operation.inputs, strict=True)
        inputs = [there or each.dtype != tf.int32 for there, each in pairs]
        for _ in range(3):  # until what is handed on is known
            after = self._any(operation, ("body",), inputs)
            inputs = [a or b for a, b in zip(inputs, after, strict=True)]
        self._note(operation, self._any(operation, ("cond",), inputs))
        return inputs

    def _any(self, operation, names: tuple[str, ...], inputs: list[bool]) -> list[bool]:
        results = [
            self._follow(self._function(operation.get_attr(name).name), inputs) for name in names
        ]
        return [any(each) for each in zip(*results, strict=True)]

    def _function(self, name: str) -> tf.Graph:
        if name not in self._graphs:
            self._graphs[name] = function_def_to_graph(self._library[name])
        return self._graphs[name]

    def _note(self, operation: tf.Operation, waits: list[bool]) -> None:
        if any(waits):
            self.found.add(f"{operation.type} {operation.name}")


def _on_host(operation: tf.Operation) -> Iterator[bool]:
    """Of each input, whether the GPU's kernel takes it in host memory."""
    for argument in operation.op_def.input_arg:
        count = operation.get_attr(argument.number_attr) if argument.number_attr else 1
        if argument.type_list_attr:
            count = len(operation.get_attr(argument.type_list_attr))
        is_index = argument.type == tf.int32.as_datatype_enum or argument.type_attr in INDEX_TYPES
        is_int32 = (
            bool(argument.type_attr)
            and operation.get_attr(argument.type_attr) == tf.int32
            and operation.type not in DEVICE_INT32
            and argument.type_attr != "Tindices"
        )
        yield from [is_index or is_int32] * count
