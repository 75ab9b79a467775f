"""Every number of a configuration, and of a command line, has bounds."""

import dataclasses
import importlib
import math

import pytest
from absl import flags

from gan_knowledge_gaps.classifiers import ClassifierConfig, DigitConfig
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.dcgan import DCGANConfig
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.stylegan2 import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.stylegan2.config import GeneratorEvaluationConfig, ProjectionConfig
from gan_knowledge_gaps.training import command, config

CONFIGS = [
    ClassifierConfig(), DigitConfig(), AugmentationConfig(), DCGANConfig(), NetworkConfig(),
    TrainingConfig(), ProjectionConfig(), GeneratorEvaluationConfig(),
    *(each.presets[setting]["quick"] for each in EXPERIMENTS for setting in each.presets),
]  # fmt: skip
COMMANDS = (
    "classifiers.detect", "classifiers.evaluate", "classifiers.explain", "classifiers.export",
    "classifiers.train", "data.convert", "experiments.all",
    "stylegan2.evaluate",
    "stylegan2.generate", "stylegan2.import_nvlabs", "stylegan2.interpolate", "stylegan2.project",
    "stylegan2.style_mix", "stylegan2.train",
)  # fmt: skip
# Of these any finite number has a meaning.
FREE = {"truncation"}


@pytest.mark.parametrize("sizes", CONFIGS, ids=lambda sizes: type(sizes).__name__)
def test_a_configuration_takes_no_number_that_means_nothing(sizes):
    numbers = [each for each in dataclasses.fields(sizes) if each.type in (int, float)]
    assert numbers
    for field in numbers:
        bad = [-(10**9)] if field.type is int else [-1e30, math.nan, math.inf]
        for value in bad:
            with pytest.raises(InputError, match=field.name):
                dataclasses.replace(sizes, **{field.name: value})


@pytest.mark.parametrize("name", COMMANDS)
def test_a_flag_takes_no_number_that_means_nothing(name, monkeypatch):
    monkeypatch.setattr(command, "run", lambda *args, **kwargs: None)
    ours = flags.FlagValues()
    define(importlib.import_module(f"gan_knowledge_gaps.{name}"), ours, monkeypatch)
    unbounded = {each for each in ours if getattr(ours[each].parser, "lower_bound", 0) is None}
    checked = {field.name for field in dataclasses.fields(GeneratorEvaluationConfig)}
    assert unbounded <= (checked if name == "stylegan2.evaluate" else FREE)


def define(module, values: flags.FlagValues, monkeypatch) -> None:
    """Has a command define its flags in `values` instead of where all commands do.

    Those of configurations are left out: the test above is of them.
    """
    for kind in config._DEFINE:
        monkeypatch.setitem(config._DEFINE, kind, lambda *args, **kwargs: None)
    for kind in ("integer", "float", "string", "boolean", "bool", "enum", "list", "multi_string"):
        real = getattr(flags, f"DEFINE_{kind}")

        def in_values(*args, real=real, **kwargs):
            return real(*args, **{**kwargs, "flag_values": values})

        monkeypatch.setattr(flags, f"DEFINE_{kind}", in_values)
    (module.define_flags if module.__name__.endswith("data.convert") else module.main)()
