"""How everything grew: new per day, moving average, accumulated."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from metrics.constants import MOVING_AVERAGE
from metrics.expressions import divided
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity
from metrics.tables import ESTIMATIONS, PAGE_VIEWS, ROOMS, USERS, VOTES
from metrics.time_axis import axis, data_axis, first_of, on_axis, per_bucket

COUNTS = ("new_users", "page_views", "rooms", "estimations", "votes")
"""What is counted: rows of each table by the time that they came to be."""


def legacy(frames: Frames, start: date, today: date) -> pl.LazyFrame:
    """Return one row per weekday (Monday to Friday) from start to today.

    Columns: date; the counts; acc_ of each, summed over the listed rows only; ma_
    of each, the mean of the last 30 listed rows to 2 decimals, null before.
    """
    days = axis(start, today, "day").filter(pl.col("bucket").dt.weekday() <= 5)
    counts = on_axis(days, _counts(frames, "day"), COUNTS)
    return counts.select(
        pl.col("bucket").alias("date"),
        pl.col(COUNTS),
        *_accumulated(),
        # No thirtieth lies near a half of a hundredth: any rounding is Python's.
        *(average.round(2) for average in _averages()),
    )


def series(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return one row per bucket that overlaps the window, every day counted.

    `frames` holds all of history: the first bucket is whole even where the window
    starts inside it, acc_ adds up from the first row of the data, and ma_ is the
    mean of the last 30 buckets, null where history is shorter.
    Columns: bucket; the counts; acc_ and ma_ of each.
    """
    past = frames.map(lambda t, f: f.filter(pl.col(t.time) < instant(period.end)))
    counts = _counts(past, granularity)
    first = first_of(period.first_day, granularity)
    ends = pl.LazyFrame({"bucket": [first, first_of(period.last_day, granularity)]})
    known = pl.concat([ends, *(part.select("bucket") for part in counts)])
    return (
        on_axis(data_axis(known, granularity), counts, COUNTS)
        .with_columns(*_accumulated(), *_averages())
        .filter(pl.col("bucket") >= first)
    )


def _counts(frames: Frames, granularity: Granularity) -> Sequence[pl.LazyFrame]:
    tables = (USERS, PAGE_VIEWS, ROOMS, ESTIMATIONS, VOTES)
    return [
        per_bucket(frames.by_name[table.name], table.time, granularity, name)
        for name, table in zip(COUNTS, tables, strict=True)
    ]


def _accumulated() -> list[pl.Expr]:
    return [pl.col(name).cum_sum().alias(f"acc_{name}") for name in COUNTS]


def _averages() -> list[pl.Expr]:
    # Sums of integers are exact; a rolling mean of floats drifts.
    return [
        divided(pl.col(name).rolling_sum(MOVING_AVERAGE), MOVING_AVERAGE).alias(
            f"ma_{name}"
        )
        for name in COUNTS
    ]
