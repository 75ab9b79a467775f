"""Files that want to run something, to take all memory, or that are damaged: one line, no more."""

import os
import pickle
import pickletools
import struct
import tracemalloc
from collections import OrderedDict
from pathlib import Path

import numpy as np
import nvlabs_files as files
import pytest
from nvlabs_files import Module, Spec, Storage, Tensor

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import load_nvlabs_pickle
from gan_knowledge_gaps.stylegan2.nvlabs.load import _convert
from gan_knowledge_gaps.stylegan2.nvlabs.reader import read
from gan_knowledge_gaps.training.pickles import machine

SPEC = Spec(w=3, mapping_layers=1)


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def networks(kind: str, **changes):
    random = np.random.default_rng(0)
    draw = getattr(files, f"{kind}_arrays")
    (g, d), (gs, _) = draw(SPEC, random), draw(SPEC, random)
    return getattr(files, f"{kind}_networks")(SPEC, g, d, gs)


def refuses(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        _convert(data)
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 400


# Code


def everywhere(attack) -> dict:
    """Files with the attack in all places that hold a value."""
    torch, inner = networks("torch"), networks("torch")
    torch["G"].state["_parameters"]["attack"] = attack
    conv = inner["G"].state["_modules"]["synthesis"].state["_modules"]["b8"]
    conv.state["_modules"]["conv1"].state["_parameters"]["weight"].size = (attack, 2)
    source = networks("torch")
    source["D"] = Module("D", **source["D"].state)
    source["D"].__class__ = type("Source", (Module,), {"__reduce__": _with_source(attack)})
    tensorflow = networks("tensorflow")
    tensorflow[1].state["build_module_src"] = attack
    variables = networks("tensorflow")
    variables[2].state["variables"].append(("attack", attack))
    return {
        "top": attack, "pair": (networks("tensorflow"), attack), "key": {"G": attack},
        "module": torch, "tensor": inner, "source": source, "build_module_src": tensorflow,
        "variable": variables, "pipe": networks("torch") | {"augment_pipe": [attack]},
    }  # fmt: skip


def _with_source(attack):
    def reduce(self):
        function, (meta,) = Module.__reduce__(self)
        return function, (files.EasyDict(meta, module_src=attack),)

    return reduce


PLACES = (
    "top",
    "pair",
    "key",
    "module",
    "tensor",
    "source",
    "build_module_src",
    "variable",
    "pipe",
)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_runs_wherever_it_stands(place, tmp_path):
    marker = tmp_path / "ran"
    value = everywhere(Call(os.system, f"touch {marker}"))[place]
    path = files.write(tmp_path / "f.pkl", value)
    with pytest.raises(InputError, match=r"f\.pkl cannot be imported: it asks for posix\.system"):
        load_nvlabs_pickle(path)
    assert not marker.exists()


def test_the_attack_works_on_python_itself(tmp_path):
    marker = tmp_path / "ran"
    pickle.loads(files.dump(Call(os.system, f"touch {marker}")))
    assert marker.exists()


def test_nothing_runs_inside_a_storage(tmp_path):
    marker = tmp_path / "ran"
    for part in ("magic", "kind", "count"):
        with files.names():
            changes = {part: Call(os.system, f"touch {marker}")}
            try:
                data = files.storage_bytes(np.zeros(2, np.float32), **changes)
            except struct.error:  # After the pickles: the attack is in the stream already.
                data = pickle.dumps(changes[part], protocol=2)
        storage = Call(files.MODULES["torch.storage"]._load_from_bytes, data)
        refuses(files.dump({"G": storage}), r"asks for posix\.system, which is refused")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (eval, "builtins.eval"), (exec, "builtins.exec"), (getattr, "builtins.getattr"),
        (__import__, "builtins.__import__"), (open, "io.open"), (np.load, "numpy.load"),
        (np.fromfile, "numpy.fromfile"), (np.memmap, "numpy.memmap"), (Path, "pathlib"),
        (pickle.loads, "_pickle.loads"), (bytearray, "builtins.bytearray"),
        (np.frombuffer, "numpy.frombuffer"), (type, "builtins.type"), (object, "builtins.object"),
    ],
)  # fmt: skip
def test_other_names_are_refused_by_name(function, name):
    refuses(files.dump(Call(function, "1")), f"it asks for {name}")


def stack_global(module: str, name: str) -> bytes:
    """A pickle that is nothing but a name."""
    words = (struct.pack("<I", len(each)) + each.encode() for each in (module, name))
    return b"\x80\x04" + b"".join(b"X" + word for word in words) + b"\x93"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy.core.multiarray", "a.b"), ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("numpy", "ndarray.__class__"), ("torch.nn.modules.linear", "Linear.__init__"),
        ("torch.nn.modules.linear.os", "system()"), ("torch.nn.modules..x", "y"),
        ("collections", "OrderedDict.fromkeys"), ("torch.storage", "_load_from_bytes.__code__"),
        ("dnnlib.tflib.network", "os"), ("", ""), ("os\nsystem", "x\ny"), ("x" * 10_000, "y"),
    ],
)  # fmt: skip
def test_chains_of_attributes_are_refused(module, name):
    refuses(stack_global(module, name) + b".", "it asks for .* which is refused")
    refuses(stack_global(module, name) + b")R.", "it asks for .* which is refused")


def test_messages_hold_nothing_that_a_terminal_obeys():
    terrible = "\x1b[2J\ud800\r\n" * 100
    value = networks("tensorflow")
    value[0].state["static_kwargs"]["architecture"] = terrible
    variable = networks("tensorflow")
    variable[1].state["variables"].append((terrible, np.float32([1])))
    layer = networks("torch")
    layer["D"].state["_parameters"][terrible.replace(".", "")] = Tensor(np.float32([1]))
    for data in (
        b"\x80\x02c\x1b[2Jos\nsystem\n.", files.dump(value), files.dump(variable),
        files.dump(layer), files.dump(Call(np.dtype, terrible)),
    ):  # fmt: skip
        with pytest.raises(InputError) as refusal:
            _convert(data)
        message = str(refusal.value)
        assert message.isprintable() and message.isascii() and len(message) < 600
        assert r"\x1b[2J" in message or "differ in" in message


def test_layers_of_any_name_are_inert():
    value = read(stack_global("torch.nn.modules.os", "system") + b")\x81}b.")
    assert type(value).__name__ == "Module" and value.state == {}


# Arrays


def numpy_array(shape, dtype, raw, fortran=False, code=True) -> bytes:
    """The pickle of an array of which everything may be untrue."""
    state = (1, shape, dtype, fortran, raw)
    reconstruct = np.zeros(1).__reduce__()[0]
    array = type("A", (), {"__reduce__": lambda _: (reconstruct, (np.ndarray, (0,), b"b"), state)})
    return files.dump(array())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (numpy_array((2**39,), np.dtype("f4"), b"1234"), "shape .* in 4 bytes"),
        (numpy_array((2**62, 4), np.dtype("f4"), b""), "a shape that cannot be"),
        (numpy_array((0, 2**62), np.dtype("f4"), b""), "a shape that cannot be"),
        (numpy_array((-1,), np.dtype("f4"), b"1234"), "a shape that cannot be"),
        (numpy_array((True,), np.dtype("f4"), b"1234"), "a shape that cannot be"),
        (numpy_array((1,) * 40, np.dtype("f4"), b"1234"), "a shape that cannot be"),
        (numpy_array([1], np.dtype("f4"), b"1234"), "a shape that cannot be"),
        (numpy_array((1,), np.dtype("O"), [print]), r"an array of 'O8'|asks for builtins\.print"),
        (numpy_array((1,), np.dtype("O"), [1]), "an array of 'O8', which is refused"),
        (numpy_array((1,), np.dtype([("a", "f4")]), b"1234"), "an array of 'V4', which is refused"),
        (numpy_array((1,), np.dtype("S4"), b"1234"), "an array of 'S4', which is refused"),
        (numpy_array((1,), np.dtype(">f4"), b"1234"), "not little-endian"),
        (numpy_array((1,), np.dtype("M8[s]"), b"12345678"), "an array of 'M8', which is refused"),
        (numpy_array((1,), "f4", b"1234"), "a damaged array"),
        (numpy_array((1,), np.dtype("f4"), "1234"), "a damaged array"),
    ],
)
def test_arrays_that_cannot_be(data, message):
    refuses(data, message)


def test_classes_of_arrays_and_unusual_makers_are_refused():
    reconstruct = np.zeros(1).__reduce__()[0]
    refuses(files.dump(Call(reconstruct, OrderedDict, (0,), b"b")), "array of a class of its own")
    refuses(files.dump(Call(np.ndarray, (2,))), "makes an array in an unusual way")
    refuses(files.dump(Call(np.dtype, "f4,f4")), "an array of 'f4,f4', which is refused")
    refuses(files.dump(Call(np.dtype, ["x"])), "an array of a list, which is refused")


# Tensors

ELEMENTS = np.arange(12, dtype=np.float32)


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (13,), (1,)), (1, (12,), (1,)), (12, (), ()), (0, (4, 3), (4, 1)), (0, (7,), (2,)),
        (0, (2**30, 2**30), (0, 0)), (0, (13,), (0,)), (2**39, (1,), (1,)), (11, (2,), (1,)),
        (0, (2, 2), (2**39, 2**39)),
    ],
)  # fmt: skip
def test_tensors_stay_within_their_storage(offset, size, stride):
    tensor = Tensor.view(Storage(ELEMENTS), offset, size, stride)
    refuses(files.dump(tensor), "a tensor that reaches beyond its storage")


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (-1, (2,), (1,)), (0, (-2,), (1,)), (5, (3,), (-1,)), (0, (2**62,), (1,)),
        (0, (1,) * 9, (1,) * 9), (0, (2,), (1, 1)), (0, [2], (1,)), (0.0, (2,), (1,)),
        (0, (True,), (1,)), (0, None, None),
    ],
)  # fmt: skip
def test_tensors_of_impossible_views(offset, size, stride):
    tensor = Tensor.view(Storage(ELEMENTS), offset, size, stride)
    refuses(files.dump(tensor), "a shape that cannot be|a damaged tensor")


def load_from_bytes(data) -> bytes:
    return files.dump(Call(files.MODULES["torch.storage"]._load_from_bytes, data))


def test_storages_that_cannot_be():
    good = files.storage_bytes(ELEMENTS)
    np.testing.assert_array_equal(read(load_from_bytes(good)), ELEMENTS)
    for changes in ({"count": 13}, {"count": 2**38}, {"count": 11}):
        refuses(load_from_bytes(files.storage_bytes(ELEMENTS, **changes)), "elements in .* bytes")
    for count in (-1, 2**62, True):
        data = files.storage_bytes(ELEMENTS, count=count)
        refuses(load_from_bytes(data), "a shape that cannot be")
    other = files.storage_bytes(ELEMENTS, magic=1)
    refuses(load_from_bytes(other), "a tensor of an unknown format")
    refuses(load_from_bytes(b"PK\x03\x04" + bytes(90)), "damaged or no pickle")
    refuses(load_from_bytes(good + b"more"), "12 elements in .* bytes")
    refuses(load_from_bytes("text"), "a damaged tensor")
    refuses(load_from_bytes(good.replace(b"FloatStorage", b"BloatStorage")), "torch.BloatStorage")
    for end in range(len(good)):
        refuses(load_from_bytes(good[:end]), "it ")


# Memory and time


def proto(*instructions: bytes) -> bytes:
    return b"\x80\x04" + b"".join(instructions)


@pytest.mark.parametrize(
    "data",
    [
        proto(b"Nr", struct.pack("<I", 2**32 - 1), b"."),  # A memo of four billion entries.
        proto(b"\x8e", struct.pack("<Q", 2**62), b"x."),  # BINBYTES8
        proto(b"B", struct.pack("<I", 2**32 - 1), b"x."),
        proto(b"\x96", struct.pack("<Q", 2**63 - 1), b"."),  # BYTEARRAY8
        proto(b"\x8d", struct.pack("<Q", 2**63 - 1), b"."),  # BINUNICODE8
        proto(b"\x95", struct.pack("<Q", 2**63 - 1), b"N."),  # FRAME
        proto(b"\x8b", struct.pack("<i", 2**31 - 1), b"."),  # LONG4
        proto(b")" + b"\x85" * 100_000, b"."),  # A tuple in a tuple in a tuple ...
        proto(b"]" * 100_000 + b"a" * 99_999, b"."),
        proto(b"]\x94h\x00a."),  # A list that holds itself.
        proto(b"}\x94X\x01\x00\x00\x00Gh\x00s."),
        proto(b"}", b")" + b"\x85" * 100_000, b"Ns."),  # Hashing it would recurse.
        proto(b"\x8f(", b")" + b"\x85" * 100_000, b"\x90."),
        proto(b")\x94" + b"".join(b"h%c\x86\x94" % k * 2 for k in range(9)), b"."),
    ],
    ids=range(14),
)
def test_bombs_end_in_one_line_and_in_little_memory(data):
    tracemalloc.start()
    try:
        refuses(data, "^it ")
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


def test_there_are_not_too_many_instructions(monkeypatch):
    assert machine.MOST_INSTRUCTIONS == 1_000_000
    monkeypatch.setattr(machine, "MOST_INSTRUCTIONS", 50)
    assert read(proto(b"]" * 49, b".")) == []
    refuses(proto(b"]" * 52, b"."), "more instructions than any file of networks")


def test_bytes_are_not_used_over_and_over():
    text = b"X" + struct.pack("<I", 100_000) + b"x" * 100_000 + b"\x94"
    latin = b"X\x06\x00\x00\x00latin1\x94"
    name = stack_global("_codecs", "encode") + b"\x94"
    encode = b"h\x02h\x00h\x01\x86R"
    start = b"\x80\x04" + text + latin + name[2:]
    assert read(start + encode + b".") == b"x" * 100_000
    refuses(start + encode * 3 + b".", "uses its own bytes over and over")
    storage = files.storage_bytes(np.zeros(1000, np.float32))
    load = stack_global("torch.storage", "_load_from_bytes")[2:] + b"\x94"
    start = b"\x80\x04B" + struct.pack("<I", len(storage)) + storage + b"\x94" + load
    assert len(read(start + b"h\x01h\x00\x85R.")) == 1000
    refuses(start + b"h\x01h\x00\x85R" * 3 + b".", "uses its own bytes over and over")


@pytest.mark.parametrize("encoding", ["utf-16", "zlib", "rot13", "os", "latin1\n", 5, None])
def test_only_latin_1_is_encoded(encoding):
    refuses(
        files.dump(Call(__import__("_codecs").encode, "a", encoding)), "it encodes as .* refused"
    )


def test_modules_in_modules_end():
    module = Module("Layer")
    module.state |= {"_modules": OrderedDict(child=module)}
    data = files.dump(OrderedDict())
    loop = networks("torch")
    for _ in range(40):
        module = Module("Layer", _modules={"a": module, "b": module})
    loop["G"].state["_modules"]["deep"] = module
    refuses(files.dump(loop), "modules in modules without end|more layers than any network")
    wide = Module("Layer")
    for _ in range(4):
        wide = Module("Layer", _modules={str(k): wide for k in range(50)})
    loop["G"].state["_modules"]["deep"] = wide
    refuses(files.dump(loop), "more layers than any network")
    assert data


# Damage


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"\x80\x04", b"no pickle", b"PK\x03\x04", bytes(99)]
)
def test_what_is_no_pickle(data, tmp_path):
    path = tmp_path / "f.pkl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"f\.pkl cannot be imported: it is"):
        load_nvlabs_pickle(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="nothing cannot be read: No such file"):
        load_nvlabs_pickle(tmp_path / "nothing")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_nvlabs_pickle(tmp_path)


@pytest.mark.parametrize("instruction", ["INST", "OBJ", "EXT1", "PERSID", "DUP", "NEWOBJ_EX"])
def test_instructions_that_no_file_needs(instruction):
    code = next(each.code for each in pickletools.opcodes if each.name == instruction)
    refuses(b"\x80\x04" + code.encode("latin-1") + b"a\nb\n.", f"instruction {instruction}, which")


@pytest.mark.parametrize("kind", ["tensorflow", "torch"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_files_that_end_early(kind, protocol):
    data = files.dump(networks(kind), protocol)
    assert _convert(data)
    for end in [*range(0, 200), *np.linspace(200, len(data) - 1, 100).astype(int)]:
        refuses(data[:end], "^it ")


@pytest.mark.parametrize("kind", ["tensorflow", "torch"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_flipped_bits_never_raise_anything_else(kind, protocol):
    data = files.dump(networks(kind), protocol)
    random, outcomes = np.random.default_rng(protocol), {True: 0, False: 0}
    for _ in range(150):
        damaged = bytearray(data)
        for place in random.integers(len(data), size=random.integers(1, 4)):
            damaged[place] ^= 1 << random.integers(8)
        try:
            _convert(bytes(damaged))
        except InputError as error:
            assert len(str(error)) < 400
            outcomes[False] += 1
        else:
            outcomes[True] += 1
    assert outcomes[False] > 30 and outcomes[True] > 0


def test_random_instructions_never_raise_anything_else():
    random = np.random.default_rng(0)
    codes = [each.code.encode("latin-1") for each in pickletools.opcodes]
    for _ in range(3000):
        count = random.integers(1, 40)
        chosen = [codes[k] for k in random.integers(len(codes), size=count)]
        with pytest.raises(InputError):
            _convert(b"\x80\x04" + b"".join(chosen) + random.bytes(6) + b".")
