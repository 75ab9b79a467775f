"""The Inception network from PyTorch's weights, against torch-fidelity's."""

import hashlib

import numpy as np
import pytest
from inception_weights import pictures, seeded, summary
from torch_saved import saved

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.evaluator import score_name
from gan_knowledge_gaps.evaluation.extractors import open_extractor
from gan_knowledge_gaps.evaluation.inception_network import inception_v3
from gan_knowledge_gaps.evaluation.torch_inception import assign

# By torch-fidelity 0.4.0 on PyTorch 2.13 in float64: torch_fidelity_features.py.
EXPECTED = np.array(
    [
        [
            0.565447, 7.580680, 9.624449, 0.002888, 3.501343, 1.176874, 25.906528, 0.000000,
            7.824986, 14.034919, 13.029871, 0.732587, 0.000000, 12.554177, 28.587004, 32.188297,
            8.288312, 11.434056,
        ],
        [
            0.386152, 7.550928, 9.583503, 0.005388, 3.425934, 0.986465, 25.154020, 0.000000,
            7.627220, 14.170427, 12.633813, 0.705503, 0.000000, 11.991451, 28.418671, 31.878883,
            8.118118, 11.207353,
        ],
    ]
)  # fmt: skip

pytestmark = pytest.mark.long  # a network of 24 million weights


@pytest.fixture(scope="module")
def network():
    return inception_v3()


@pytest.fixture(scope="module")
def tensors(network) -> dict[str, np.ndarray]:
    shapes = {"fc.weight": (1008, 2048), "fc.bias": (1008,)}
    for layer in network.layers:
        if layer.weights:
            height, width, inputs, filters = layer.kernel.shape
            shapes[f"{layer.name}.conv.weight"] = (filters, inputs, height, width)
            for name in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"{layer.name}.bn.{name}"] = (filters,)
    counted = {"Conv2d_1a_3x3.bn.num_batches_tracked": np.array(5)}
    return {name: seeded(name, shape) for name, shape in shapes.items()} | counted


def test_features_are_those_of_torch_fidelity(tensors, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(saved(tensors))
    extractor = open_extractor("inception", str(path))
    images = pictures()
    features = extractor(images)
    assert features.shape == (2, 2048) and features.dtype == np.float32
    np.testing.assert_allclose(summary(features), EXPECTED, rtol=1e-4, atol=1e-5)
    grey = images[:1, ..., :1]
    np.testing.assert_array_equal(extractor(grey), extractor(grey.repeat(3, axis=-1)))
    # What names the scores, and what keeps the caches apart.
    assert score_name("FID", extractor) == "FID"
    assert extractor.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


LAST = "Mixed_7c.branch_pool.bn.running_var"


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("fc.weight", np.zeros((1000, 2048), "f4"), r"is \[1000, 2048\], not \[1008, 2048\]"),
        (LAST, None, f"it has no {LAST}"),
        (LAST, np.full(192, np.nan), f"{LAST} does not hold finite numbers"),
        (LAST, np.zeros(192, "i8"), f"{LAST} does not hold finite numbers"),
        (LAST, np.full(192, -1.0), f"{LAST} is below 0"),
        ("AuxLogits.fc.bias", np.zeros(1000, "f4"), "it has AuxLogits.fc.bias"),
    ],
)
def test_other_weights_are_refused(network, tensors, name, tensor, message):
    changed = tensors | {name: tensor}
    with pytest.raises(InputError, match=message):
        assign(network, {name: each for name, each in changed.items() if each is not None})


def test_files_of_something_else_are_refused_in_one_line(tmp_path):
    path = tmp_path / "pt_inception-2015-12-05-6726825d.pth"

    def refused(contents: bytes, path=path, sha256=None) -> str:
        path.write_bytes(contents)
        with pytest.raises(InputError) as caught:
            open_extractor("inception", str(path), sha256)
        said = str(caught.value)
        assert said.isprintable() and len(said) <= 300 and str(path) in said
        return said

    other = saved({"fc.bias": np.zeros(1000, np.float32)})
    assert "6726825d as its name says: download it again" in refused(other)
    assert "not ab12" in refused(other, sha256="ab12")
    unnamed = tmp_path / "weights.pth"
    assert "it has no fc.weight" in refused(other, unnamed)
    assert "it is damaged" in refused(other[:-100], unnamed)
    assert "it is damaged or no pickle" in refused(b"<html>not found</html>", unnamed)
    assert "it has no fc.weight" in refused(other, tmp_path / "renamed.bin")
