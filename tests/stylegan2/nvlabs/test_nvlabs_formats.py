"""The forms in which files come, and what is refused of their contents."""

import dataclasses
import pickle
import re
from collections import OrderedDict

import numpy as np
import nvlabs_files as files
import pytest
from nvlabs_files import Spec, Storage, Tensor

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import load_network, load_nvlabs_pickle
from gan_knowledge_gaps.stylegan2.nvlabs.load import _convert
from gan_knowledge_gaps.stylegan2.nvlabs.reader import read
from gan_knowledge_gaps.training.pickles import torch_files

SPEC = Spec(w=3, mapping_layers=1)


def tensorflow_file(random, spec=SPEC, **changes) -> tuple:
    (g, d), (gs, _) = (files.tensorflow_arrays(spec, random) for _ in range(2))
    return files.tensorflow_networks(spec, g, d, gs, changes)


def torch_file(random, spec=SPEC, changes=None, **attributes) -> dict:
    (g, d), (gs, _) = (files.torch_arrays(spec, random) for _ in range(2))
    return files.torch_networks(spec, g, d, gs, changes, **attributes)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def refused(value, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _convert(files.dump(value))


# What can be read


# By PyTorch 2.13: the storage of torch.tensor([1.5, -2.0]).half(), saved in the legacy format.
BY_PYTORCH = (
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00(X\x10\x00\x00\x00"
    b"protocol_versionq\x01M\xe9\x03X\r\x00\x00\x00little_endianq\x02\x88X\n\x00\x00\x00type_sizesq\x03"
    b"}q\x04(X\x05\x00\x00\x00shortq\x05K\x02X\x03\x00\x00\x00intq\x06K\x04X\x04\x00\x00\x00longq\x07K"
    b"\x04uu.\x80\x02(X\x07\x00\x00\x00storageq\x00ctorch\nHalfStorage\nq\x01X\x0e\x00\x00\x00"
    b"94922487322768q\x02X\x03\x00\x00\x00cpuq\x03K\x02Ntq\x04Q.\x80\x02]q\x00X\x0e\x00\x00\x00"
    b"94922487322768q\x01a.\x02\x00\x00\x00\x00\x00\x00\x00\x00>\x00\xc0"
)


def test_storages_are_written_here_as_pytorch_writes_them():
    np.testing.assert_array_equal(torch_files.storage(BY_PYTORCH), np.float16([1.5, -2.0]))
    ours = files.storage_bytes(np.float16([1.5, -2.0]))
    assert re.sub(rb"944\d{11}", b"94922487322768", ours) == BY_PYTORCH


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("make", [tensorflow_file, torch_file])
def test_every_protocol_gives_the_same(random, make, protocol):
    value = make(random)
    expected, other = (_convert(files.dump(value, each)) for each in (4, protocol))
    assert expected.config == other.config
    for name, arrays in expected.arrays.items():
        for key, array in arrays.items():
            np.testing.assert_array_equal(array, other.arrays[name][key])


@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
def test_arrays_of_old_and_new_numpy(core):
    arrays = [
        np.arange(6, dtype="<f4").reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float16([1, -2]), np.zeros((0, 3), "u1"), np.array(7, "<i8"), np.float64(0.1),
    ]  # fmt: skip
    data = pickle.dumps(arrays, protocol=2).replace(b"cnumpy._core.", f"c{core}.".encode())
    assert f"c{core}.multiarray".encode() in data
    read_back = read(data)
    for each, expected in zip(read_back[:-1], arrays[:-1], strict=True):
        assert each.value.dtype == expected.dtype
        np.testing.assert_array_equal(each.value, expected)
    assert read_back[-1] == 0.1


def test_tensors_of_any_kind_and_stride():
    elements = np.arange(24, dtype=np.float32)
    of = {
        "transposed": (Tensor.view(Storage(elements), 0, (6, 4), (1, 6)), elements.reshape(4, 6).T),
        "part": (Tensor.view(Storage(elements), 7, (2, 3), (8, 2)), [[7, 9, 11], [15, 17, 19]]),
        "expanded": (Tensor.view(Storage(elements), 3, (4,), (0,)), [3, 3, 3, 3]),
        "half": (Tensor(np.float16([0.1, 65504])), np.float16([0.1, 65504])),
        "double": (Tensor(np.array([0.1, 1e300])), [0.1, 1e300]),
        "number": (Tensor(np.float32(0.3), parameter=True), np.float32(0.3)),
        "empty": (Tensor(np.zeros((0, 2), np.float32)), np.zeros((0, 2))),
    }
    found = read(files.dump({name: tensor for name, (tensor, _) in of.items()}))
    for name, (_, expected) in of.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)


def test_half_precision_files_become_float32(random):
    (g, d), (gs, _) = (files.torch_arrays(SPEC, random) for _ in range(2))
    half = [{name: np.float16(value) for name, value in arrays.items()} for arrays in (g, d, gs)]
    converted = _convert(files.dump(files.torch_networks(SPEC, *half)))
    conv = converted.arrays["generator"]["synthesis/8x8/Conv1/weight"]
    expected = np.float16(g["synthesis.b8.conv1.weight"]).transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(conv, expected)


def test_a_file_loads_by_its_ending_too(random, tmp_path):
    path = files.write(tmp_path / "f.pkl", torch_file(random))
    networks = load_nvlabs_pickle(path)
    assert networks.kind == "StyleGAN2-ADA, PyTorch"
    for name in ("generator", "generator_ema", "discriminator"):
        network = load_network(path, name)
        for a, b in zip(network.variables, getattr(networks, name).variables, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.raises(InputError, match=r"nothing\.pkl"):
        load_network(tmp_path / "nothing.pkl")


def test_what_changes_no_function_is_left_alone(random):
    tensorflow = tensorflow_file(
        random, fused_modconv=True, num_fp16_res=3, fmap_decay=1.0, nonlinearity="lrelu",
        dtype="float32", func_name="training.networks.any",
    )  # fmt: skip
    del tensorflow[1].state["static_kwargs"]["fused_modconv"]
    _convert(files.dump(tensorflow))
    changes = {"G": {"mapping_kwargs": {"num_layers": 1, "w_avg_beta": 0.998, "layer_features": 3}}}
    converted = _convert(files.dump(torch_file(random, changes=changes)))
    assert converted.config.precision == "float32"


def test_what_the_original_drops_is_named_and_ignored(random, capsys):
    tensorflow = tensorflow_file(random)
    expected = _convert(files.dump(tensorflow)).config
    assert "warning" not in capsys.readouterr().err
    tensorflow[1].state["static_kwargs"] |= {"fused_modconv": True, "use_noise": False}
    assert _convert(files.dump(tensorflow)).config == expected
    assert capsys.readouterr().err.splitlines() == [
        "warning: ignoring options of its discriminator that do nothing there: "
        "fused_modconv, use_noise"
    ]


@pytest.mark.parametrize("make", [tensorflow_file, torch_file])
def test_an_unknown_option_is_ignored_where_that_is_asked_for(random, capsys, make):
    value = make(random)
    expected = _convert(files.dump(value)).config
    discriminator = value[1] if make is tensorflow_file else value["D"]
    name = "static_kwargs" if make is tensorflow_file else "_init_kwargs"
    discriminator.state[name]["unheard_of"] = 1
    refused(value, "discriminator has the option 'unheard_of'.*--ignore_option='unheard_of'")
    assert _convert(files.dump(value), ["unheard_of"]).config == expected
    assert "options of its discriminator, as asked for: unheard_of" in capsys.readouterr().err


def test_an_option_that_is_understood_cannot_be_ignored(random):
    value = tensorflow_file(random, nonlinearity="relu")
    with pytest.raises(InputError, match="has nonlinearity = 'relu'"):
        _convert(files.dump(value), ["nonlinearity"])


def test_options_of_synthesis_among_those_of_the_generator(random):
    value = torch_file(random, Spec(g="orig", clamp=3.0))
    expected = _convert(files.dump(value)).config
    for name in ("G", "G_ema"):
        options = value[name].state["_init_kwargs"]
        options |= options.pop("synthesis_kwargs") | {"fused_modconv_default": "inference_only"}
    assert _convert(files.dump(value)).config == expected


def test_the_clamp_is_what_the_layers_say(random):
    value = torch_file(random, conv_clamp=2.5)
    for name in ("G", "D", "G_ema"):
        _set(value[name], "conv_clamp", None, ("skip", "embed"))
    assert _convert(files.dump(value)).config.conv_clamp == 2.5


def _set(module, attribute, value, names) -> None:
    """Sets an attribute of all layers of the given names."""
    for name, part in module.state["_modules"].items():
        if name in names:
            part.state[attribute] = value
        _set(part, attribute, value, names)


# What is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nonlinearity": "relu"}, "nonlinearity = 'relu'"),
        ({"resample_kernel": [1, 2, 1]}, "resample_kernel"),
        ({"fmap_decay": 0.5}, "has fmap_decay = 0.5"),
        ({"fmap_min": 5}, "fmap_min is 5"),
        ({"resample_kernel": (1, 3, 3, 2)}, "has resample_kernel = a tuple"),
        ({"unheard_of": 1}, "'unheard_of'"),
        ({"resolution": 48}, "resolution is 48"),
        ({"resolution": 16}, "has no variable synthesis/noise3"),
        ({"resolution": 2**40}, "has resolution = 1099511627776"),
        ({"resolution": 2**30}, "has no variable synthesis/noise3"),
        ({"resolution": "8"}, "has resolution = '8'"),
        ({"fmap_max": 10**9, "fmap_base": 10**9}, "Const/const has shape"),
        ({"num_channels": 4}, "ToRGB/weight has shape .* that its configuration asks for"),
        ({"label_size": 3}, "has no variable mapping/LabelConcat/weight"),
        ({"resample_kernel": [np.zeros(2), 3, 3, 1]}, "has resample_kernel = a list"),
    ],
)
def test_options_that_cannot_be_expressed(random, changes, message):
    refused(tensorflow_file(random, **changes), message)


@pytest.mark.parametrize(
    ("network", "changes", "message"),
    [
        ("G", {"synthesis_kwargs": {"activation": "relu"}}, "synthesis_kwargs has activation"),
        ("G", {"synthesis_kwargs": {"use_noise": False}}, "has use_noise = False"),
        ("G", {"synthesis_kwargs": {"resample_filter": [1, 1]}}, "has resample_filter = a list"),
        ("G", {"synthesis_kwargs": {"magnitude_ema_beta": 1}}, "option 'magnitude_ema_beta'"),
        ("G", {"mapping_kwargs": {"num_layers": 10**9}}, "1000000000 mapping layers, but fewer"),
        ("G", {"mapping_kwargs": {"layer_features": 9}}, "has layer_features = 9"),
        ("G", {"img_resolution": 16}, "generator has resolution 16, its discriminator 8"),
        ("G", {"z_dim": None}, "generator lacks the option z_dim"),
        ("D", {"epilogue_kwargs": {"mbstd_group_size": None}}, "has mbstd_group_size = None"),
        ("D", {"channel_base": 33}, "channel_base is 33"),
        ("D", {"conv_clamp": 3.0}, "conv_clamp 0.0, its discriminator 3.0"),
        ("D", {"epilogue_kwargs": {"activation": "swish"}}, "epilogue_kwargs has activation"),
        ("D", {"c_dim": 2}, "generator has label_dim 0, its discriminator 2"),
        ("D", {"mapping_kwargs": 5}, "mapping_kwargs has no options"),
    ],
)
def test_torch_options_that_cannot_be_expressed(random, network, changes, message):
    refused(torch_file(random, changes={network: changes}), message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cmap_dim": 5}, "has cmap_dim = 5, which"),
        ({"mapping_kwargs": {"lr_multiplier": 0.1}}, "multiplier 0.01, its discriminator 0.1"),
        ({"mapping_kwargs": {"embed_features": 5}}, "has embed_features = 5"),
    ],
)
def test_options_of_labels_that_cannot_be_expressed(random, options, message):
    refused(torch_file(random, Spec(labels=2), {"D": options}), message)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"activation": "sigmoid"}, "has activation = 'sigmoid', which these"),
        ({"architecture": "unet"}, "has architecture = 'unet'"),
        ({"bias_gain": 0.5}, "has bias_gain = 0.5"),
        ({"use_noise": False}, "has use_noise = False"),
    ],
)
def test_layers_that_say_something_else(random, attributes, message):
    refused(torch_file(random, **attributes), message)


def _without(name):
    def change(arrays):
        del arrays[name]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("synthesis/noise1"), "its generator has no variable synthesis/noise1"),
        (_without("synthesis/4x4/Conv/noise_strength"), "no variable synthesis/4x4/Conv/noise_str"),
        (lambda g: g.update({"synthesis/other": g["dlatent_avg"]}), "the variable synthesis/other"),
        (lambda g: g.update(dlatent_avg=g["dlatent_avg"][:2]), r"dlatent_avg has shape \(2,\)"),
        (lambda g: g.update(dlatent_avg=np.float32([1, np.nan, 2])), "not hold finite numbers"),
        (lambda g: g.update(dlatent_avg=np.int32([1, 2, 3])), "does not hold finite numbers"),
        (lambda g: g.update(dlatent_avg="text"), "dlatent_avg, which is no array"),
    ],
)
def test_variables_that_are_missing_left_over_or_others(random, change, message):
    (g, d), (gs, _) = (files.tensorflow_arrays(SPEC, random) for _ in range(2))
    change(g)
    refused(files.tensorflow_networks(SPEC, g, d, gs), message)


def test_torch_tensors_that_are_missing_left_over_or_others(random):
    (g, d), (gs, _) = (files.torch_arrays(SPEC, random) for _ in range(2))
    more = d | {"b4.conv.extra": np.zeros(2, np.float32)}
    refused(files.torch_networks(SPEC, g, more, gs), r"discriminator has the variable b4\.conv\.ex")
    less = {name: value for name, value in g.items() if name != "mapping.w_avg"}
    refused(files.torch_networks(SPEC, g, d, less), "generator_ema has no variable mapping.w_avg")
    other = g | {"synthesis.b8.resample_filter": np.ones((4, 4), np.float32) / 16}
    refused(files.torch_networks(SPEC, other, d, gs), r"is not the filter \[1, 3, 3, 1\]")


def test_parts_that_differ_from_the_whole(random):
    value = tensorflow_file(random)
    value[2].state["components"]["synthesis"].state["static_kwargs"]["fmap_max"] = 7
    refused(value, "'fmap_max'")


def test_conditional_ada_of_tensorflow_is_refused_by_its_names(random):
    spec = Spec(w=3, mapping_layers=1, labels=2)
    (g, d), (gs, _) = (files.tensorflow_arrays(spec, random) for _ in range(2))
    g["mapping/LabelEmbed/weight"] = g.pop("mapping/LabelConcat/weight")
    refused(files.tensorflow_networks(spec, g, d, gs), "no variable mapping/LabelConcat/weight")


def test_other_networks_are_named(random):
    tensorflow = tensorflow_file(random)
    tensorflow[0].state["build_func_name"] = "G_style"
    refused(tensorflow, "G_style")
    torch = torch_file(random)
    stylegan3 = files.module_tree("SynthesisInput", {"freqs": np.zeros((2, 2), np.float32)})
    torch["G"].state["_modules"]["synthesis"].state["_modules"]["input"] = stylegan3
    refused(torch, "StyleGAN3")
    refused(torch_file(random) | {"G_ema": None}, "no network G_ema")
    refused(torch_file(random) | {"D": [1]}, "its D is no network")
    for value in ([], None, {"G": 1}, (1, 2, 3), tensorflow[:2], OrderedDict(), "text", 5):
        refused(value, "it holds no networks of StyleGAN2")


def test_variables_that_share_their_bytes_are_not_multiplied(random):
    spec = Spec(w=64, mapping_layers=1)
    (g, d), (gs, _) = (files.tensorflow_arrays(spec, random) for _ in range(2))
    bias, square = np.zeros(64, np.float32), np.zeros((64, 64), np.float32)
    for arrays in (g, gs):
        for index in range(1, 300):
            arrays[f"mapping/Dense{index}/weight"] = square
            arrays[f"mapping/Dense{index}/bias"] = bias
    value = files.tensorflow_networks(dataclasses.replace(spec, mapping_layers=300), g, d, gs)
    refused(value, "its variables are larger than the file")
