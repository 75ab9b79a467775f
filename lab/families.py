"""The families of GANs by name."""

import importlib

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.family import GANFamily

# Where the built-in ones are; imported when they are first asked for.
_BUILT_IN = {
    "dcgan": "gan_knowledge_gaps.dcgan.family:DCGANFamily",
    "stylegan2": "gan_knowledge_gaps.stylegan2.family:StyleGAN2Family",
}
_registered: dict[str, type[GANFamily]] = {}


def register(family: type[GANFamily]) -> type[GANFamily]:
    """Makes a family known by its name; usable as a decorator.

    Raises:
        ValueError: another family has the name.
    """
    if family.name in _BUILT_IN or _registered.get(family.name, family) is not family:
        raise ValueError(f"a family is called {family.name} already")
    _registered[family.name] = family
    return family


def find(name: str) -> type[GANFamily]:
    """The family of a name; InputError if there is none."""
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    if name not in _registered:
        raise InputError(f"no family of GANs is called '{name}'; there are: {', '.join(names())}")
    return _registered[name]


def names() -> list[str]:
    """Of all families, the built-in ones first."""
    return [*_BUILT_IN, *_registered]
