"""Imported networks against float64 networks on the files' own layouts."""

import dataclasses

import numpy as np
import nvlabs_files as files
import nvlabs_reference as reference
import pytest
from nvlabs_files import Spec

from gan_knowledge_gaps.stylegan2 import load_nvlabs_pickle
from gan_knowledge_gaps.stylegan2.nvlabs.layout import (
    discriminator_shapes,
    discriminator_variables,
    generator_shapes,
    generator_variables,
)

KINDS = {
    "tensorflow": (files.tensorflow_arrays, files.tensorflow_networks, reference.TensorFlowLayers),
    "torch": (files.torch_arrays, files.torch_networks, reference.TorchLayers),
}
SPECS = {
    "usual": Spec(resolution=16),
    "labels": Spec(labels=3, features=2),
    "clamped": Spec(clamp=0.75, resolution=16),
    "resnet, skip": Spec(g="resnet", d="skip", clamp=0.75),
    "orig": Spec(g="orig", d="orig", channels=1, features=0, mapping_layers=8),
    "labels, few layers": Spec(labels=2, label_layers=3, group=2, resolution=16),
}
CASES = [(kind, name) for kind in KINDS for name in SPECS]
FOUR = 4


@dataclasses.dataclass
class Case:
    """A file's networks as they were imported, and as they are in float64."""

    spec: Spec
    imported: object
    g: object
    d: object
    gs: object
    z: np.ndarray
    labels: np.ndarray | None


@pytest.fixture(scope="module", params=CASES, ids=lambda case: ", ".join(case))
def case(request, tmp_path_factory) -> Case:
    kind, name = request.param
    spec, random = SPECS[name], np.random.default_rng(len(name))
    draw, make, layers = KINDS[kind]
    (g, d), (gs, _) = draw(spec, random), draw(spec, random)
    path = files.write(tmp_path_factory.mktemp("files") / "f.pkl", make(spec, g, d, gs))
    labels = np.eye(spec.labels, dtype=np.float32)[[0, 1, 1, 0]] if spec.labels else None
    z = random.normal(0, 3, (FOUR, spec.z)).astype(np.float32)
    of = [layers(spec, arrays) for arrays in (g, d, gs)]
    return Case(spec, load_nvlabs_pickle(path), *of, z, labels)


def close(result, expected) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=2e-4 * np.abs(expected).max())


def test_mapping_equals_its_definition(case):
    w = case.imported.generator.mapping(case.z, labels=case.labels).numpy()
    assert w.shape == (FOUR, 2 * len(case.spec.resolutions), case.spec.w)
    expected = case.g.mapping(case.z.astype(np.float64), case.labels)
    for layer in range(w.shape[1]):
        close(w[:, layer], expected)


@pytest.mark.parametrize("noise", ["constant", "none"])
def test_both_generators_make_the_images_of_their_definition(case, noise):
    for layers, network in (
        (case.g, case.imported.generator), (case.gs, case.imported.generator_ema),
    ):  # fmt: skip
        images = network(case.z, labels=case.labels, noise=noise).numpy()
        w = layers.mapping(case.z.astype(np.float64), case.labels)
        expected = reference.synthesis(layers, w, noise == "constant")
        close(images, expected.transpose(0, 2, 3, 1))


def test_the_discriminator_gives_the_logits_of_its_definition(case):
    random, size = np.random.default_rng(5), case.spec.resolution
    images = random.uniform(-1, 1, (FOUR, case.spec.channels, size, size)).astype(np.float32)
    logits = case.imported.discriminator(images.transpose(0, 2, 3, 1), labels=case.labels).numpy()
    close(logits, reference.discriminator(case.d, images.astype(np.float64), case.labels))


def test_the_clamp_bites(case):
    assert case.imported.generator.config.conv_clamp == (case.spec.clamp or 0.0)
    if not case.spec.clamp:
        return
    case.g.spec = dataclasses.replace(case.spec, clamp=None)
    try:
        w = case.g.mapping(case.z.astype(np.float64), None)
        free = reference.synthesis(case.g, w, True)
    finally:
        case.g.spec = case.spec
    images = case.imported.generator(case.z, noise="constant").numpy()
    assert np.abs(images - free.transpose(0, 2, 3, 1)).max() > 0.5


def test_the_mean_of_w_and_truncation(case):
    name = {"TensorFlowLayers": "dlatent_avg", "TorchLayers": "mapping.w_avg"}
    mean = case.gs._arrays[name[type(case.gs).__name__]]
    np.testing.assert_array_equal(case.imported.generator_ema.w_avg.numpy(), np.float32(mean))
    images = case.imported.generator_ema(
        case.z, labels=case.labels, truncation=0.3, noise="constant"
    )
    w = case.gs.mapping(case.z.astype(np.float64), case.labels)
    expected = reference.synthesis(case.gs, mean + 0.3 * (w - mean), True)
    close(images.numpy(), expected.transpose(0, 2, 3, 1))


def test_the_layout_names_every_variable_with_its_shape(case):
    for network, shapes, variables in (
        (case.imported.generator, generator_shapes, generator_variables),
        (case.imported.discriminator, discriminator_shapes, discriminator_variables),
    ):
        named = variables(network)
        assert {name: tuple(each.shape) for name, each in named.items()} == shapes(network.config)
        assert {id(each) for each in named.values()} == {id(each) for each in network.variables}
