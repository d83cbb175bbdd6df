"""Time axes: one row per hour, day, week or month of a period, also where nothing is.

A bucket counts what is inside the period. One that the period cuts, or that is not
over yet, is marked (`time_series`), since it looks like a fall next to whole ones.
Hours are UTC timestamps, the other buckets dates of the period's time zone.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import gcd

import polars as pl

from metrics.activity_key import changes, seconds
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity, Query
from metrics.tables import TIMESTAMP
from metrics.time_zone import UTC_ZONE

_INTERVALS: dict[Granularity, str] = {
    "hour": "1h",
    "day": "1d",
    "week": "1w",
    "month": "1mo",
}
_EPOCH = datetime(1970, 1, 1)
_HOUR, _DAY = 3_600, 86_400
# From here on, clock changes of all of history are looked up.
_BEGINNING = datetime(2015, 1, 1)


ANY_UTC = Period(_BEGINNING, _BEGINNING)
"""Stands for the zone UTC, whose clocks never change."""


def at_least_daily(granularity: Granularity) -> Granularity:
    """Return the granularity of what is counted by days: not shorter than a day."""
    return "day" if granularity == "hour" else granularity


def history_until(period: Period) -> Period:
    """Return the period with all of history before it, in the same zone."""
    return Period(min(_BEGINNING, period.start), period.end, period.zone)


def first_of(day: date, granularity: Granularity) -> date:
    """Return the first day of the bucket that a day is in; weeks from Monday."""
    if granularity == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if granularity == "week" else day


def local_days(time: pl.Expr, period: Period) -> pl.Expr:
    """Return a timestamp as days since 1970 in the period's zone."""
    return period.local_seconds(seconds(time)) // _DAY


def local_date(column: str, period: Period) -> pl.Expr:
    """Return the date of a timestamp in the period's zone."""
    if period.zone == UTC_ZONE:
        return pl.col(column).cast(pl.Date)
    return local_days(pl.col(column), period).cast(pl.Int32).cast(pl.Date)


def local_hour(column: str, period: Period) -> pl.Expr:
    """Return the hour of a timestamp in the period's zone, 0-23."""
    of_day = period.local_seconds(seconds(pl.col(column))) % _DAY
    return (of_day // _HOUR).cast(pl.Int8)


def local_time(column: str, period: Period) -> pl.Expr:
    """Return the time of day of a timestamp in the period's zone."""
    ahead = period.local_seconds(seconds(pl.col(column))) - seconds(pl.col(column))
    return (pl.col(column) + pl.duration(seconds=ahead)).dt.time()


def bucket_of(column: str, granularity: Granularity, period: Period) -> pl.Expr:
    """Return the bucket that a timestamp is in: a Date, or the start of an hour."""
    if granularity == "hour":
        return hour_at((seconds(pl.col(column)) - hour_offset(period)) // _HOUR, period)
    return first_of_each(local_date(column, period), granularity)


def hour_offset(period: Period) -> int:
    """Return at which second of UTC hours the period's hours begin.

    Clocks of zones such as Asia/Kolkata show whole hours at half past.
    """
    return int(_first_hour(period).replace(tzinfo=UTC).timestamp()) % _HOUR


def _first_hour(period: Period) -> datetime:
    """Return the start of the hour, by the zone's clocks, that the period begins in."""
    clock = period.local(period.start)
    into_it = timedelta(
        minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond
    )
    return period.start - into_it


def hour_at(hour: pl.Expr, period: Period) -> pl.Expr:
    """Return the start of an hour that is counted from 1970 and `hour_offset`."""
    second = hour.cast(pl.Int64) * _HOUR + hour_offset(period)
    return (second * 1_000_000).cast(TIMESTAMP)


def first_of_each(day: pl.Expr, granularity: Granularity) -> pl.Expr:
    """Return the first day of the bucket that each Date is in."""
    return day if granularity == "day" else day.dt.truncate(_INTERVALS[granularity])


def number_of(second: str, periods: Sequence[Period]) -> pl.Expr:
    """Return the place of the period that a second (since 1970) is in, else null.

    The periods must be in order of time and must not overlap. `second` is a column.
    """
    starts, ends = (
        [(at - _EPOCH) // timedelta(seconds=1) for at in edges]
        for edges in ([p.start for p in periods], [p.end for p in periods])
    )
    # Unsigned seconds have no difference below zero.
    time = pl.col(second).cast(pl.Int64)
    begun = _passed(time, starts)
    if starts[1:] == ends[:-1]:
        inside = (time >= starts[0]) & (time < ends[-1])
    else:
        inside = begun > _passed(time, ends)
    return pl.when(inside).then(begun - 1)


# Places of a table that is looked up; 13 years of days have a quarter as many.
_MOST_PLACES = 20_000


def _passed(time: pl.Expr, edges: Sequence[int]) -> pl.Expr:
    """Return how many edges, in order, are not after a time."""
    step = gcd(*(edge - edges[0] for edge in edges)) or 1
    places = (edges[-1] - edges[0]) // step + 1
    if places > _MOST_PLACES:
        return pl.lit(pl.Series(edges)).search_sorted(time, "right").cast(pl.Int64)
    # Edges are whole days or hours apart: one division replaces a search per row.
    at = (edges[0] + step * place for place in range(places))
    passed = pl.Series([0, *(bisect_right(edges, edge) for edge in at)])
    place = (time - edges[0]) // step + 1
    return pl.lit(passed).gather(place.clip(0, places))


def per_day(frame: pl.LazyFrame, time: str, period: Period) -> pl.LazyFrame:
    """Return the number of rows per day that has any: day, count; in no order.

    Rows are nearly in order of time: a run of equal days is one row to group, as
    many as the next run begins later. A last row ends the last run.
    """
    begins = pl.col("begins").cast(pl.Int64)
    # A last row closes the last run.
    end = pl.LazyFrame({"day": [None]}, schema={"day": pl.Int64})
    runs = (
        pl.concat([frame.select(day=local_days(pl.col(time), period)), end])
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
    if granularity == "hour":
        return pl.LazyFrame().select(
            bucket=pl.datetime_range(
                instant(_first_hour(period)), instant(period.end), "1h", closed="left"
            )
        )
    return axis(period.first_day, period.last_day, granularity)


def middle_of(period: Period, granularity: Granularity) -> date:
    """Return the bucket with which the second half of `period_axis` begins.

    Of days or longer; the middle one of an odd number is in the second half.
    """
    first = first_of(period.first_day, granularity)
    every = _INTERVALS[granularity]
    buckets = pl.date_range(first, period.last_day, every, eager=True)
    middle: date = buckets[buckets.len() // 2]
    return middle


def data_axis(buckets: pl.LazyFrame, granularity: Granularity) -> pl.LazyFrame:
    """Return all buckets from the first to the last of `bucket`; none without rows."""
    first, last = pl.col("bucket").min(), pl.col("bucket").max()
    ranges = pl.datetime_ranges if granularity == "hour" else pl.date_ranges
    # Gaps inside are filled, so that a chart shows them as zeros.
    spans = buckets.select(bucket=ranges(first, last, _INTERVALS[granularity]))
    return spans.explode("bucket").drop_nulls()


def last_of(bucket: str, granularity: Granularity) -> pl.Expr:
    """Return the last day of a bucket."""
    return pl.col(bucket).dt.offset_by(_INTERVALS[granularity]) - pl.duration(days=1)


def bucketed(frames: Frames, granularity: Granularity, period: Period) -> Frames:
    """Add to every table the column `bucket` that its time is in."""
    return frames.map(
        lambda table, frame: frame.with_columns(
            bucket=bucket_of(table.time, granularity, period)
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
    period = query.period
    edges = (period.start, period.end, query.now)
    # Dates are those of the zone: their edges are compared as its clocks show them.
    first, last, now = edges if every == "hour" else map(period.local, edges)
    begins = pl.col("bucket").cast(TIMESTAMP)
    ends = pl.col("bucket").dt.offset_by(_INTERVALS[every]).cast(TIMESTAMP)
    at_start, at_end = begins < instant(first), ends > instant(last)
    # A period that includes today ends at the clock.
    runs = at_end & (ends > instant(now)) & pl.lit(period.end >= query.now)
    end = pl.when(runs).then(pl.lit("running")).when(at_end).then(pl.lit("end"))
    cut = (
        pl.when(at_start & at_end)
        .then(pl.format("start and {}", end))
        .when(at_start)
        .then(pl.lit("start"))
        .otherwise(end)
    )
    marked = series.with_columns(cut=cut)
    # A hidden weekend is missing from the axis only: weeks and months keep its rows.
    if query.weekends or every != "day":
        return marked
    return marked.filter(pl.col("bucket").dt.weekday() <= 5)


def at_least_weekly(granularity: Granularity) -> Granularity:
    """Return the granularity, a week for a day: a day has too few votes for a rate."""
    return "week" if granularity in {"hour", "day"} else granularity


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
