import math

import numpy as np
import pytest

from gan_knowledge_gaps.report import Measurement


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_mean_and_std_are_numpys(count):
    values = np.random.default_rng(count).normal(3.0, 2.0, count)
    measurement = Measurement(tuple(values))
    assert measurement.count == count
    assert measurement.mean == pytest.approx(np.mean(values))
    assert measurement.std == pytest.approx(np.std(values, ddof=0), abs=1e-12)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.25, 0.75), "0.50±0.25"),
        ((1, 1, 1), "1.00±0.00"),
        ((0.987,), "0.99"),
        ((-0.001, -0.001), "0.00±0.00"),
        ((), "n/a"),
        ((math.nan, 0.5), "n/a"),
    ],
)
def test_is_shown_as_the_paper_prints_it(values, text):
    assert str(Measurement(values)) == text


def test_format_takes_the_number_of_decimals():
    assert Measurement((0.001, 0.003)).format(4) == "0.0020±0.0010"
    assert Measurement((36.4, 37.6)).format(0) == "37±1"


def test_without_values_there_is_neither_mean_nor_std():
    empty = Measurement()
    assert empty.count == 0
    assert math.isnan(empty.mean)
    assert math.isnan(empty.std)


def test_numpy_numbers_become_floats_and_equal_values_equal_measurements():
    measurement = Measurement([np.float32(0.5), np.int64(1)])
    assert measurement == Measurement((0.5, 1.0))
    assert [type(value) for value in measurement.values] == [float, float]
