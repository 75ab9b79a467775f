"""--network_precision=auto: what is faster is taken, recorded, and kept."""

import dataclasses

import pytest

from gan_knowledge_gaps.stylegan2 import precision
from gan_knowledge_gaps.stylegan2.config import NetworkConfig

SMALL = NetworkConfig(
    resolution=8, channels=1, fmap_base=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1,
    label_dim=3,
)  # fmt: skip


def test_bfloat16_is_taken_where_it_is_a_tenth_faster():
    assert precision.favoured({"float32": 1.2, "bfloat16": 1.0}) == "bfloat16"
    assert precision.favoured({"float32": 1.05, "bfloat16": 1.0}) == "float32"
    assert precision.favoured({"float32": 1.0, "bfloat16": 2.0}) == "float32"
    assert "0.50 times as fast" in precision.describe({"float32": 1.0, "bfloat16": 2.0})


def test_both_precisions_are_timed_in_turns(monkeypatch):
    order = []

    def make(network, images):
        assert images == 4
        return lambda: order.append(network.precision)

    monkeypatch.setattr(precision, "_pass", make)
    measured = precision.seconds(dataclasses.replace(SMALL, precision="float16"), 4)
    assert order == ["float32", "bfloat16"] * precision.REPEATS
    assert set(measured) == {"float32", "bfloat16"} and min(measured.values()) > 0


def test_the_networks_are_really_run_in_the_precision(monkeypatch):
    """Gradients of the generator's weights in float32 and bfloat16 differ by its rounding."""
    sums = {}
    for name in precision.MEASURED:
        network = dataclasses.replace(SMALL, precision=name)
        monkeypatch.setattr(precision, "float", lambda x, name=name: sums.update({name: x}), False)
        precision._pass(network, 4)
    exact, rounded = (float(sums[name]) for name in precision.MEASURED)
    assert exact != rounded
    assert rounded == pytest.approx(exact, abs=0.05)
