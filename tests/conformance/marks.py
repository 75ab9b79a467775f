"""Kinds of trainings as parameters of tests."""

from collections.abc import Iterable

import pytest


def marked(kinds: Iterable[str]) -> list:
    """Kinds as a test's parameters: StyleGAN2 is marked long, for its graphs take half a minute."""
    marks = {"stylegan2": pytest.mark.long}
    return [pytest.param(kind, marks=marks.get(kind, ())) for kind in kinds]
