"""Time axes: one row per day, week or month of a window, also where nothing is."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from metrics.frames import Frames, Window
from metrics.packed import changes, days
from metrics.scope import Every

_INTERVALS: dict[Every, str] = {"day": "1d", "week": "1w", "month": "1mo"}


def first_of(day: date, every: Every) -> date:
    """Return the first day of the bucket that a day lies in; weeks from Monday."""
    if every == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if every == "week" else day


def bucket_of(column: str, every: Every) -> pl.Expr:
    """Return the first day of the bucket that a timestamp lies in, as a Date."""
    return first_of_each(pl.col(column).cast(pl.Date), every)


def first_of_each(day: pl.Expr, every: Every) -> pl.Expr:
    """Return the first day of the bucket that each Date lies in."""
    return day if every == "day" else day.dt.truncate(_INTERVALS[every])


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


def per_bucket(frame: pl.LazyFrame, time: str, every: Every, name: str) -> pl.LazyFrame:
    """Return the number of rows per bucket that has any: bucket, `name`."""
    counts = per_day(frame, time).group_by(bucket=first_of_each(pl.col("day"), every))
    return counts.agg(pl.col("count").sum().alias(name))


def axis(first: date, last: date, every: Every) -> pl.LazyFrame:
    """Return the buckets from one day's to another's, both included: `bucket`."""
    return pl.LazyFrame().select(
        bucket=pl.date_range(first_of(first, every), last, _INTERVALS[every])
    )


def window_axis(window: Window, every: Every) -> pl.LazyFrame:
    """Return every bucket that overlaps a window: `bucket`."""
    return axis(window.first_day, window.last_day, every)


def data_axis(buckets: pl.LazyFrame, every: Every) -> pl.LazyFrame:
    """Return all buckets from the first to the last of `bucket`; none without rows."""
    first, last = pl.col("bucket").min(), pl.col("bucket").max()
    spans = buckets.select(bucket=pl.date_ranges(first, last, _INTERVALS[every]))
    return spans.explode("bucket").drop_nulls()


def last_of(bucket: str, every: Every) -> pl.Expr:
    """Return the last day of a bucket."""
    return pl.col(bucket).dt.offset_by(_INTERVALS[every]) - pl.duration(days=1)


def bucketed(frames: Frames, every: Every) -> Frames:
    """Add to every table the column `bucket` that its time lies in."""
    return frames.map(
        lambda table, frame: frame.with_columns(bucket=bucket_of(table.time, every))
    )


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
