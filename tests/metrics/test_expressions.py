"""Counting, dividing and rounding."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.expressions import python_round, ranked, ratio, share
from tests.metrics.building import quick


def rounded(values: list[float], digits: int) -> list[float]:
    frame = pl.LazyFrame({"x": values}, schema={"x": pl.Float64})
    return frame.select(python_round(pl.col("x"), digits)).collect()["x"].to_list()


@quick
@given(
    st.lists(st.floats(0, 1e9), max_size=20),
    st.integers(0, 2),
)
def test_rounds_any_float_as_python_does(values: list[float], digits: int) -> None:
    assert rounded(values, digits) == [round(value, digits) for value in values]


@quick
@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_rounds_any_mean_of_integers_as_python_does(total: int, rows: int) -> None:
    assert rounded([total / rows], 2) == [round(total / rows, 2)]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(2.675, 2.67, id="a little less than the half"),
        pytest.param(0.025, 0.03, id="a little more than the half"),
        pytest.param(0.125, 0.12, id="exact half, down to even"),
        pytest.param(0.375, 0.38, id="exact half, up to even"),
        pytest.param(2.3, 2.3, id="nothing to round"),
    ],
)
def test_halves_are_decided_by_the_exact_value(value: float, wanted: float) -> None:
    assert rounded([value], 2) == [wanted]


def test_half_a_second_is_rounded_to_even() -> None:
    assert rounded([58.5, 59.5], 0) == [58.0, 60.0]


def test_a_ratio_with_nothing_below_is_null() -> None:
    frame = pl.LazyFrame({"part": [1, 0, 1, None], "whole": [4, 0, None, 2]})
    got = frame.select(ratio("part", "whole")).collect().to_series().to_list()
    assert got == [0.25, None, None, None]


def test_shares_are_the_nearest_floats() -> None:
    frame = pl.LazyFrame({"n": [6, 3, 1]})
    assert frame.select(share("n")).collect()["n"].to_list() == [0.6, 0.3, 0.1]


def test_shares_of_nothing_are_null() -> None:
    frame = pl.LazyFrame({"n": [0, 0]})
    assert frame.select(share("n")).collect()["n"].to_list() == [None, None]


def test_ranks_by_count_then_label_with_null_last() -> None:
    frame = pl.LazyFrame({"label": [None, "b", "a", "c"], "count": [2, 2, 2, 3]})
    got = ranked(frame, ["label"]).collect()["label"].to_list()
    assert got == ["c", "a", "b", None]
