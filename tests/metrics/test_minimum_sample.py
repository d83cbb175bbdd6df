import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.expressions import (
    MINIMUM_SAMPLE,
    count_where,
    hide_small_samples,
    rate,
)
from metrics.frames import Frames
from metrics.registry import DEFINITIONS, METRIC_TABLES, definition, plan
from tests.metrics.building import days, executed, frames, query


def rates(part: int | None, n: int | None) -> object:
    frame = pl.DataFrame(
        {"part": [part], "n": [n]}, schema={"part": pl.Int64, "n": pl.Int64}
    )
    return frame.select(rate("part", "n")).item()


def test_a_rate_from_19_cases_is_hidden() -> None:
    assert rates(10, 19) is None


def test_a_rate_from_20_cases_is_shown() -> None:
    assert rates(10, 20) == 0.5


def test_a_rate_from_an_unknown_number_of_cases_is_hidden() -> None:
    assert rates(10, None) is None


def test_figures_and_their_sample_sizes_are_columns_of_their_table() -> None:
    asked = query(frames(), days("2026-11-02", "2026-11-29"))
    for name, table in METRIC_TABLES.items():
        columns = set(executed(plan(name, asked)).columns)
        assert {*table.sample_sizes, *table.sample_sizes.values()} <= columns, name


@pytest.mark.parametrize(
    "name", [n for n, t in METRIC_TABLES.items() if t.sample_sizes]
)
def test_a_definition_says_whether_its_figure_is_hidden_in_a_small_sample(
    name: str, golden: Frames
) -> None:
    """Also that of a count, which never is."""
    found = executed(plan(name, query(golden, days("2026-11-16", "2026-11-16"))))
    for figure, size in METRIC_TABLES[name].sample_sizes.items():
        few = found.filter(pl.col(size).is_between(1, MINIMUM_SAMPLE - 1))
        hides = few[figure].null_count() == few.height
        if few.height and hides:
            assert "hidden below" in definition(figure, name).excludes.lower(), figure
    for column in set(found.columns).intersection(DEFINITIONS):
        what = definition(column, name)
        if what.unit == "count":
            assert not re.search("(^|[.] )Hidden", what.excludes), column


def test_a_figure_follows_the_same_rule() -> None:
    frame = pl.DataFrame({"value": [1.5, 1.5], "n": [19, 20]})
    assert frame.select(hide_small_samples(pl.col("value"), "n"))[
        "value"
    ].to_list() == [None, 1.5]


def test_unknown_conditions_are_not_counted() -> None:
    frame = pl.DataFrame({"is": [True, False, None]})
    assert frame.select(count_where(pl.col("is"))).item() == 1


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_shown_rate_is_from_0_to_1(a: int, b: int) -> None:
    part, n = sorted((a, b))
    value = rates(part, n)
    assert (value is None) == (n < MINIMUM_SAMPLE)
    assert value is None or 0 <= float(str(value)) <= 1
