"""What many tables share: a comparison, or hidden weekends."""

from collections.abc import Callable, Sequence

import polars as pl

from metrics import compare
from metrics.frames import Window
from metrics.scope import Scope

type Build = Callable[[Scope], pl.LazyFrame]


def compared(
    count: Callable[[Scope, Window], pl.LazyFrame],
    on: Sequence[str],
    value: str = "count",
) -> Build:
    """Count a period and put the other period's counts beside it."""

    def build(scope: Scope) -> pl.LazyFrame:
        now = count(scope, scope.window)
        if scope.before is None:
            return compare.uncompared(now, value)
        return compare.ranked(now, count(scope, scope.before), on, value)

    return build


def over_time(build: Build) -> Build:
    """Hide Saturdays and Sundays of a daily series where the scope says so."""

    def shown(scope: Scope) -> pl.LazyFrame:
        series = build(scope)
        if scope.weekends or scope.every != "day":
            return series
        return series.filter(pl.col("bucket").dt.weekday() <= 5)

    return shown
