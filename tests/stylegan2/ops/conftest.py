"""Tests that ask for an implementation run with each."""

import pytest
import reference


@pytest.fixture(params=["custom", "tensorflow"])
def implementation(request) -> str:
    if request.param == "custom":
        reference.custom_module()
    return request.param
