"""Makes files of the published forms, from their description, with random weights.

The classes and functions that such a pickle names are made here, under the names that it uses, and
are known to Python only while a file is written. A PyTorch storage is written byte for byte as
PyTorch does.
"""

import contextlib
import dataclasses
import io
import itertools
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np

_keys = itertools.count(94_479_600_674_576)
_STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "float64": "DoubleStorage"}


@dataclasses.dataclass(frozen=True)
class Spec:
    """What a file's networks are."""

    resolution: int = 8
    channels: int = 3
    labels: int = 0
    z: int = 5
    w: int = 4
    mapping_layers: int = 2
    label_layers: int = 8
    base: int = 16
    most: int = 6
    g: str = "skip"
    d: str = "resnet"
    clamp: float | None = None
    group: int = 4
    features: int = 1

    def maps(self, resolution: int) -> int:
        return min(2 * self.base // resolution, self.most)

    @property
    def resolutions(self) -> list[int]:
        return [size for size in (4, 8, 16, 32, 64) if size <= self.resolution]


def _module(name: str, **content) -> types.ModuleType:
    module = types.ModuleType(name)
    for key, value in content.items():
        value.__module__, value.__name__, value.__qualname__ = name, key, key
        setattr(module, key, value)
    return module


class Network:
    """dnnlib.tflib.network.Network: a state and nothing else."""

    def __init__(self, **state):
        self.state = state

    def __getstate__(self):
        return self.state


class EasyDict(dict):
    """dnnlib.util.EasyDict."""


class _Global:
    """A class of PyTorch that is only named."""


def _function():
    def function(*_):
        raise AssertionError("pickling calls nothing")

    return function


_float, _half, _double = (type("Storage", (), {}) for _ in range(3))
_linear = type("Linear", (), {})
MODULES = {
    each.__name__: each
    for each in (
        _module("dnnlib"),
        _module("dnnlib.util", EasyDict=EasyDict),
        _module("dnnlib.tflib"),
        _module("dnnlib.tflib.network", Network=Network),
        _module("torch", FloatStorage=_float, HalfStorage=_half, DoubleStorage=_double),
        _module("torch.storage", _load_from_bytes=_function()),
        _module("torch._utils", _rebuild_tensor_v2=_function(), _rebuild_parameter=_function()),
        _module("torch.nn"),
        _module("torch.nn.modules"),
        _module("torch.nn.modules.linear", Linear=_linear),
        _module("torch_utils"),
        _module("torch_utils.persistence", _reconstruct_persistent_obj=_function()),
    )
}


@contextlib.contextmanager
def names() -> Iterator[None]:
    """Python knows the modules that a file names."""
    with mock.patch.dict(sys.modules, MODULES):
        yield


def dump(value, protocol: int = 4) -> bytes:
    """The pickle of a value."""
    with names():
        return pickle.dumps(value, protocol=protocol)


def write(path: Path, value, protocol: int = 4) -> Path:
    """The file of a pickle."""
    path.write_bytes(dump(value, protocol))
    return path


# TensorFlow: tuples of networks


def tensorflow_arrays(spec: Spec, random) -> tuple[dict, dict]:
    """Variables of the generator and the discriminator, by their full names."""

    def draw(*shape):
        return random.normal(0, 1, shape).astype(np.float32)

    def layer(name, *kernel):
        return {f"{name}/weight": draw(*kernel), f"{name}/bias": draw(kernel[-1])}

    def modulated(name, size, inputs, filters):
        return layer(name, size, size, inputs, filters) | {
            f"{name}/mod_weight": draw(spec.w, inputs),
            f"{name}/mod_bias": draw(inputs),
        }

    def styled(name, inputs, filters):
        return modulated(name, 3, inputs, filters) | {
            f"{name}/noise_strength": np.float32(random.normal())
        }

    g = {"lod": np.float32(0), "dlatent_avg": draw(spec.w)}
    inputs = spec.z
    if spec.labels:
        g["mapping/LabelConcat/weight"] = draw(spec.labels, spec.z)
        inputs += spec.z
    for index in range(spec.mapping_layers):
        name = f"mapping/Dense{index}"
        g |= {f"{name}/weight": draw(inputs, spec.w) * 100, f"{name}/bias": draw(spec.w) * 30}
        inputs = spec.w
    g["synthesis/4x4/Const/const"] = draw(1, spec.maps(4), 4, 4)
    g |= styled("synthesis/4x4/Conv", spec.maps(4), spec.maps(4))
    sizes = [4] + [size for size in spec.resolutions[1:] for _ in range(2)]
    g |= {f"synthesis/noise{k}": draw(1, 1, size, size) for k, size in enumerate(sizes)}
    for size in spec.resolutions:
        block, below, own = f"synthesis/{size}x{size}", spec.maps(size // 2), spec.maps(size)
        if size > 4:
            g |= styled(f"{block}/Conv0_up", below, own) | styled(f"{block}/Conv1", own, own)
            if spec.g == "resnet":
                g[f"{block}/Skip/weight"] = draw(1, 1, below, own)
        if spec.g == "skip" or size == spec.resolution:
            g |= modulated(f"{block}/ToRGB", 1, own, spec.channels)
    d = {}
    for size in spec.resolutions:
        block, below, own = f"{size}x{size}", spec.maps(size // 2), spec.maps(size)
        if spec.d == "skip" or size == spec.resolution:
            d |= layer(f"{block}/FromRGB", 1, 1, spec.channels, own)
        if size > 4:
            d |= layer(f"{block}/Conv0", 3, 3, own, own)
            d |= layer(f"{block}/Conv1_down", 3, 3, own, below)
            if spec.d == "resnet":
                d[f"{block}/Skip/weight"] = draw(1, 1, own, below)
    d |= layer("4x4/Conv", 3, 3, spec.maps(4) + spec.features, spec.maps(4))
    d |= layer("4x4/Dense0", 16 * spec.maps(4), spec.maps(4))
    d |= layer("Output", spec.maps(4), max(spec.labels, 1))
    return g, d


def tensorflow_networks(spec: Spec, g: dict, d: dict, gs: dict, changes=None) -> tuple:
    """The tuple (G, D, Gs); `changes` are options of every network."""
    common = {
        "num_channels": spec.channels, "resolution": spec.resolution, "label_size": spec.labels,
        "fmap_base": spec.base, "fmap_max": spec.most, "resample_kernel": [1, 3, 3, 1],
    }  # fmt: skip
    if spec.clamp:
        common |= {"conv_clamp": spec.clamp, "num_fp16_res": 4}
    common |= changes or {}
    options = {
        "latent_size": spec.z, "dlatent_size": spec.w, "mapping_fmaps": spec.w,
        "mapping_layers": spec.mapping_layers, "architecture": spec.g, "randomize_noise": True,
    }  # fmt: skip
    its = {"architecture": spec.d, "mbstd_group_size": spec.group}
    its["mbstd_num_features"] = spec.features
    return (
        _generator(common | options, g),
        _network("D_stylegan2", common | its, list(d.items())),
        _generator(common | options, gs),
    )


def _generator(options: dict, arrays: dict) -> Network:
    parts = {
        part: _network(
            f"G_{part}",
            options,
            [(name[len(part) + 1 :], v) for name, v in arrays.items() if name.startswith(part)],
        )
        for part in ("mapping", "synthesis")
    }
    own = [(name, v) for name, v in arrays.items() if "/" not in name]
    return _network("G_main", {"truncation_psi": 0.5} | options, own, EasyDict(parts))


def _network(function: str, options: dict, variables: list, components=None) -> Network:
    return Network(
        version=4, name="Any", static_kwargs=EasyDict(options), components=components or EasyDict(),
        build_module_src="raise SystemExit('executed')", build_func_name=function,
        variables=variables,
    )  # fmt: skip


# PyTorch: a dict of modules


class Storage:
    """A storage with its elements, as `torch.save` wrote them before 1.6."""

    def __init__(self, elements: np.ndarray):
        self.elements = elements

    def __reduce__(self):
        return MODULES["torch.storage"]._load_from_bytes, (storage_bytes(self.elements),)


def storage_bytes(elements: np.ndarray, **changes) -> bytes:
    """The bytes of a storage; `changes` replace what it says of itself."""
    key = str(next(_keys))
    kind = getattr(MODULES["torch"], _STORAGES[elements.dtype.name])
    own = {"magic": 0x1950A86A20F9469CFC6C, "kind": kind, "count": len(elements)} | changes
    identity = types.SimpleNamespace(id=("storage", own["kind"], key, "cpu", own["count"], None))

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.id if value is identity else None

    stream = io.BytesIO()
    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
    with names():
        for value in (own["magic"], 1001, system, identity, [key]):
            Pickler(stream, protocol=2).dump(value)
    stream.write(struct.pack("<q", own["count"]) + elements.tobytes())
    return stream.getvalue()


class Tensor:
    """A tensor: a view of a storage."""

    def __init__(self, array: np.ndarray, parameter: bool = False):
        array = np.asarray(array)
        self.parameter = parameter
        self.storage, self.offset = Storage(np.ascontiguousarray(array).ravel()), 0
        self.size = array.shape
        self.stride = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
        if not array.shape:
            self.stride = ()

    @classmethod
    def view(cls, storage, offset, size, stride) -> "Tensor":
        """Any view, also one that cannot be."""
        tensor = cls(np.zeros(1, np.float32))
        tensor.storage, tensor.offset, tensor.size, tensor.stride = storage, offset, size, stride
        return tensor

    def __reduce__(self):
        rebuild = MODULES["torch._utils"]
        if self.parameter:
            plain = Tensor.view(self.storage, self.offset, self.size, self.stride)
            return rebuild._rebuild_parameter, (plain, False, OrderedDict())
        return rebuild._rebuild_tensor_v2, (
            self.storage, self.offset, self.size, self.stride, False, OrderedDict(),
        )  # fmt: skip


class Module:
    """A persistent object of a class; its source must never run."""

    def __init__(self, class_name: str, **state):
        self.class_name, self.state = class_name, state

    def __reduce__(self):
        meta = EasyDict(
            type="class", version=6, module_src="raise SystemExit('executed')",
            class_name=self.class_name, state=self.state,
        )  # fmt: skip
        return MODULES["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


BUFFERS = ("w_avg", "noise_const", "resample_filter")


def torch_arrays(spec: Spec, random) -> tuple[dict, dict]:
    """Tensors of the generator and the discriminator, by their full names."""

    def draw(*shape):
        return random.normal(0, 1, shape).astype(np.float32)

    def dense(name, inputs, units, scale=1.0):
        return {
            f"{name}.weight": draw(units, inputs) * np.float32(scale),
            f"{name}.bias": draw(units) * np.float32(scale) / 3,
        }

    def conv(name, size, inputs, filters, bias=True):
        own = {f"{name}.weight": draw(filters, inputs, size, size)}
        own |= {f"{name}.bias": draw(filters)} if bias else {}
        return own | {f"{name}.resample_filter": FILTER}

    def styled(name, inputs, filters, size):
        affine = dense(f"{name}.affine", spec.w, inputs)
        affine[f"{name}.affine.bias"] += 1
        own = {"noise_const": draw(size, size), "noise_strength": np.float32(random.normal())}
        own |= {"weight": draw(filters, inputs, 3, 3), "bias": draw(filters)}
        own["resample_filter"] = FILTER
        return affine | {f"{name}.{key}": value for key, value in own.items()}

    def colors(name, inputs):
        return dense(f"{name}.affine", spec.w, inputs) | {
            f"{name}.weight": draw(spec.channels, inputs, 1, 1),
            f"{name}.bias": draw(spec.channels),
        }

    def mapping(inputs, units, count):
        own = dense("mapping.embed", spec.labels, units) if spec.labels else {}
        inputs += units if spec.labels else 0
        for index in range(count):
            own |= dense(f"mapping.fc{index}", inputs if index == 0 else units, units, 100)
        return own

    g = mapping(spec.z, spec.w, spec.mapping_layers) | {"mapping.w_avg": draw(spec.w)}
    g["synthesis.b4.const"] = draw(spec.maps(4), 4, 4)
    for size in spec.resolutions:
        block, below, own = f"synthesis.b{size}", spec.maps(size // 2), spec.maps(size)
        g[f"{block}.resample_filter"] = FILTER
        if size > 4:
            g |= styled(f"{block}.conv0", below, own, size)
            if spec.g == "resnet":
                g |= conv(f"{block}.skip", 1, below, own, bias=False)
        g |= styled(f"{block}.conv1", own, own, size)
        if spec.g == "skip" or size == spec.resolution:
            g |= colors(f"{block}.torgb", own)
    d = {}
    for size in spec.resolutions:
        block, below, own = f"b{size}", spec.maps(size // 2), spec.maps(size)
        if spec.d == "skip" or size == spec.resolution:
            d |= conv(f"{block}.fromrgb", 1, spec.channels, own)
        if size > 4:
            d[f"{block}.resample_filter"] = FILTER
            d |= conv(f"{block}.conv0", 3, own, own) | conv(f"{block}.conv1", 3, own, below)
            if spec.d == "resnet":
                d |= conv(f"{block}.skip", 1, own, below, bias=False)
    units = spec.maps(4)
    d |= conv("b4.conv", 3, units + spec.features, units) | dense("b4.fc", 16 * units, units)
    d |= dense("b4.out", units, units if spec.labels else 1)
    if spec.labels:
        d |= mapping(0, units, spec.label_layers)
    return g, d


FILTER = (np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64).astype(np.float32)


def torch_networks(spec: Spec, g: dict, d: dict, g_ema: dict, changes=None, **attributes) -> dict:
    """The dict {G, D, G_ema ...}; `changes` are options by network, `attributes` of all layers."""
    changes = changes or {}
    shared = {"c_dim": spec.labels, "img_resolution": spec.resolution}
    shared["img_channels"] = spec.channels
    channels = {"channel_base": 2 * spec.base, "channel_max": spec.most, "num_fp16_res": 4}
    channels["conv_clamp"] = spec.clamp
    options = shared | {
        "z_dim": spec.z, "w_dim": spec.w,
        "mapping_kwargs": EasyDict(num_layers=spec.mapping_layers),
        "synthesis_kwargs": EasyDict(channels, architecture=spec.g),
    } | changes.get("G", {})  # fmt: skip
    its = shared | channels | {
        "architecture": spec.d, "block_kwargs": EasyDict(), "cmap_dim": None,
        "mapping_kwargs": EasyDict(num_layers=spec.label_layers),
        "epilogue_kwargs": EasyDict(
            mbstd_group_size=spec.group, mbstd_num_channels=spec.features
        ),
    } | changes.get("D", {})  # fmt: skip
    return {
        "G": module_tree("Generator", g, options, **attributes),
        "D": module_tree("Discriminator", d, its, **attributes),
        "G_ema": module_tree("Generator", g_ema, options, **attributes),
        "augment_pipe": module_tree("AugmentPipe", {"p": np.float32(0.3)}, {}),
        "training_set_kwargs": EasyDict(path="faces.zip", resolution=spec.resolution),
    }


def module_tree(class_name: str, tensors: dict, options: dict | None = None, **attributes):
    """Modules in modules, by the dots in the tensors' names."""
    own, parts = {"_parameters": OrderedDict(), "_buffers": OrderedDict()}, {}
    for name, array in tensors.items():
        first, _, rest = name.partition(".")
        if rest:
            parts.setdefault(first, {})[rest] = array
        elif first in BUFFERS:
            own["_buffers"][first] = Tensor(array)
        else:
            own["_parameters"][first] = Tensor(array, parameter=True)
    own["_modules"] = OrderedDict(
        (name, module_tree("Layer", part, **attributes)) for name, part in parts.items()
    )
    own |= {"training": False, "_forward_hooks": OrderedDict()}
    if options is None:
        own |= attributes
    else:
        own |= {"_init_args": (), "_init_kwargs": EasyDict(options)}
    own["_non_persistent_buffers_set"] = set()
    return Module(class_name, **own)
