"""Numbers and ranges of a command line."""

import pytest

from gan_knowledge_gaps.data import InputError, parse_ranges


def test_numbers_and_ranges():
    assert parse_ranges("3, 5-7,1,1", "seeds") == [3, 5, 6, 7, 1, 1]
    assert parse_ranges(str(2**32 - 1), "seeds") == [2**32 - 1]
    for text in ("", "1,,2", "a", "-3", "5-3", "1-", "4294967296", "0-9999999999", "1.5"):
        with pytest.raises(InputError, match="--seeds"):
            parse_ranges(text, "seeds")
