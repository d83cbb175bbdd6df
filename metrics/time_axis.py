"""Time axes: one row per day, week or month of a period, also where nothing is.

A bucket counts what lies inside the period. One that the period cuts, or that is not
over yet, is marked (`time_series`), since it looks like a fall next to whole ones.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl

from metrics.activity_key import changes, days
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity, Query
from metrics.tables import TIMESTAMP

_EPOCH = datetime(1970, 1, 1)
_INTERVALS: dict[Granularity, str] = {"day": "1d", "week": "1w", "month": "1mo"}


def first_of(day: date, granularity: Granularity) -> date:
    """Return the first day of the bucket that a day lies in; weeks from Monday."""
    if granularity == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if granularity == "week" else day


def bucket_of(column: str, granularity: Granularity) -> pl.Expr:
    """Return the first day of the bucket that a timestamp lies in, as a Date."""
    return first_of_each(pl.col(column).cast(pl.Date), granularity)


def first_of_each(day: pl.Expr, granularity: Granularity) -> pl.Expr:
    """Return the first day of the bucket that each Date lies in."""
    return day if granularity == "day" else day.dt.truncate(_INTERVALS[granularity])


def number_of(seconds: pl.Expr, periods: Sequence[Period]) -> pl.Expr:
    """Return the place of the period that a second (since 1970) lies in, else null.

    The periods must be in order of time and must not overlap.
    """
    starts, ends = (
        pl.Series(
            [(at - _EPOCH) // timedelta(seconds=1) for at in edges], dtype=pl.Int64
        )
        for edges in ([p.start for p in periods], [p.end for p in periods])
    )
    time = seconds.cast(pl.Int64)
    place = pl.lit(starts).search_sorted(time, "right").cast(pl.Int64) - 1
    end = pl.lit(ends).gather(place.clip(0))
    return pl.when((place >= 0) & (time < end)).then(place)


def per_day(frame: pl.LazyFrame, time: str) -> pl.LazyFrame:
    """Return the number of rows per day that has any: day, count; in no order.

    Rows stand nearly in order of time: a run of equal days is one row to group, as
    many as the next run begins later. A last row ends the last run.
    """
    begins = pl.col("begins").cast(pl.Int64)
    end = pl.LazyFrame({"day": [None]}, schema={"day": pl.Int64})
    runs = (
        pl.concat([frame.select(day=days(pl.col(time))), end])
        .with_row_index("begins")
        .filter(changes(pl.col("day")))
        .select("day", count=begins.shift(-1) - begins)
        .drop_nulls("day")
    )
    counts = runs.group_by("day").agg(pl.col("count").sum())
    return counts.with_columns(pl.col("day").cast(pl.Int32).cast(pl.Date))


def axis(first: date, last: date, granularity: Granularity) -> pl.LazyFrame:
    """Return the buckets from one day's to another's, both included: `bucket`."""
    return pl.LazyFrame().select(
        bucket=pl.date_range(
            first_of(first, granularity), last, _INTERVALS[granularity]
        )
    )


def period_axis(period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return every bucket that overlaps a period: `bucket`."""
    return axis(period.first_day, period.last_day, granularity)


def data_axis(buckets: pl.LazyFrame, granularity: Granularity) -> pl.LazyFrame:
    """Return all buckets from the first to the last of `bucket`; none without rows."""
    first, last = pl.col("bucket").min(), pl.col("bucket").max()
    spans = buckets.select(bucket=pl.date_ranges(first, last, _INTERVALS[granularity]))
    return spans.explode("bucket").drop_nulls()


def last_of(bucket: str, granularity: Granularity) -> pl.Expr:
    """Return the last day of a bucket."""
    return pl.col(bucket).dt.offset_by(_INTERVALS[granularity]) - pl.duration(days=1)


def bucketed(frames: Frames, granularity: Granularity) -> Frames:
    """Add to every table the column `bucket` that its time lies in."""
    return frames.map(
        lambda table, frame: frame.with_columns(
            bucket=bucket_of(table.time, granularity)
        )
    )


def time_series(
    series: pl.LazyFrame, query: Query, granularity: Granularity | None = None
) -> pl.LazyFrame:
    """Finish a table over time: mark cut buckets, hide weekends where the query does.

    Adds the column cut: null for a whole bucket, else where the period cuts it:
    "start", "end" or "start and end"; "running" instead of "end" where the bucket is
    not over. `granularity` is that of the buckets where it is not the query's.
    """
    every = granularity or query.granularity
    period, now = query.period, query.now
    begins = pl.col("bucket").cast(TIMESTAMP)
    ends = pl.col("bucket").dt.offset_by(_INTERVALS[every]).cast(TIMESTAMP)
    at_start, at_end = begins < instant(period.start), ends > instant(period.end)
    # A period that includes today ends at the clock.
    runs = at_end & (ends > instant(now)) & pl.lit(period.end >= now)
    end = pl.when(runs).then(pl.lit("running")).when(at_end).then(pl.lit("end"))
    cut = (
        pl.when(at_start & at_end)
        .then(pl.format("start and {}", end))
        .when(at_start)
        .then(pl.lit("start"))
        .otherwise(end)
    )
    marked = series.with_columns(cut=cut)
    if query.weekends or every != "day":
        return marked
    return marked.filter(pl.col("bucket").dt.weekday() <= 5)


def at_least_weekly(granularity: Granularity) -> Granularity:
    """Return the granularity, a week for a day: a day has too few votes for a rate."""
    return "week" if granularity == "day" else granularity


def on_axis(
    buckets: pl.LazyFrame, parts: Sequence[pl.LazyFrame], counts: Sequence[str]
) -> pl.LazyFrame:
    """Join parts by `bucket`, in order of time; missing counts are 0, others null."""
    for part in parts:
        buckets = buckets.join(part, on="bucket", how="left")
    return buckets.with_columns(pl.col(counts).fill_null(0)).sort("bucket")


def side_by_side(parts: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Put frames of one row beside each other."""
    return pl.concat(parts, how="horizontal")
