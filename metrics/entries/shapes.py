"""What many tables share: a comparison, or hidden weekends."""

from collections.abc import Callable, Sequence

import polars as pl

from metrics import compare
from metrics.frames import Period
from metrics.query import Query

type Build = Callable[[Query], pl.LazyFrame]


def compared(
    count: Callable[[Query, Period], pl.LazyFrame],
    on: Sequence[str],
    value: str = "count",
) -> Build:
    """Count a period and put the other period's counts beside it."""

    def build(query: Query) -> pl.LazyFrame:
        now = count(query, query.period)
        if query.comparison is None:
            return compare.uncompared(now, value)
        return compare.ranked(now, count(query, query.comparison), on, value)

    return build


def over_time(build: Build) -> Build:
    """Hide Saturdays and Sundays of a daily series where the scope says so."""

    def without_weekends(query: Query) -> pl.LazyFrame:
        series = build(query)
        if query.weekends or query.granularity != "day":
            return series
        return series.filter(pl.col("bucket").dt.weekday() <= 5)

    return without_weekends
