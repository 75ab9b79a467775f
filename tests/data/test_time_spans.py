"""Time spans in words."""

import pytest

from gan_knowledge_gaps.data.time_spans import time_span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.9, "59.9 s"),
        (59.97, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (86399.6, "1 d 0 h"),
        (1_000_000, "11 d 13 h"),
    ],
)
def test_they_have_their_two_largest_units(seconds, text):
    assert time_span(seconds) == text
