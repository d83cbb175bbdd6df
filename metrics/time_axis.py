"""Time axes: one row per hour, day, week or month of a period, also where nothing is.

A bucket counts what is inside the period. One that the period or the data's beginning
cuts, or that is not over yet, is marked (`time_series`): it looks like a fall next to
whole ones.
Hours are UTC timestamps, the other buckets dates of the period's time zone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from math import gcd
from typing import Any

import polars as pl

from metrics.activity_key import changes, seconds
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity, Query, SharedPlans
from metrics.tables import TIMESTAMP
from metrics.time_zone import UTC_ZONE, clock_changes, to_utc

INTERVALS: Mapping[Granularity, str] = {
    "hour": "1h",
    "day": "1d",
    "week": "1w",
    "month": "1mo",
}
"""The length of a bucket, as Polars takes it."""
_EPOCH = datetime(1970, 1, 1)
_HOUR, _DAY = 3_600, 86_400
# From here on, clock changes of all of history are looked up.
_BEGINNING = datetime(2015, 1, 1)


ANY_UTC = Period(_BEGINNING, _BEGINNING)
"""Stands for the zone UTC, whose clocks never change."""


def at_least_daily(granularity: Granularity) -> Granularity:
    """Return the granularity of what is counted by days: not shorter than a day."""
    return "day" if granularity == "hour" else granularity


def always_daily(_: Granularity) -> Granularity:
    """Return a day, whatever is asked for."""
    return "day"


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


def place_of_first(granularity: Granularity, first: date, other: date) -> int:
    """Return beside which bucket of a period the first one of another is.

    Both are given by their first days: from a Monday on, the first week is whole, from
    a Sunday on it is one day, and the second one is beside that of the Monday. So is a
    month beside the one that begins as many days into its period, as nearly as months
    can: 1 November to October is compared with 26 October on by matching weekdays.
    """
    if granularity == "week":
        return round((first.weekday() - other.weekday()) / 7)
    return round((first.day - other.day) / _MONTH) if granularity == "month" else 0


# Days; a difference of dates is never half of it.
_MONTH = 365.25 / 12


def first_of_each(day: pl.Expr, granularity: Granularity) -> pl.Expr:
    """Return the first day of the bucket that each Date is in."""
    return day if granularity == "day" else day.dt.truncate(INTERVALS[granularity])


def number_of(
    second: pl.Expr,
    shared: SharedPlans,
    periods: tuple[Period, ...],
    every: Granularity | None = None,
) -> pl.Expr:
    """Return the place of the period that a second (since 1970) is in, else null.

    With `every` it is the place of the bucket in `parts_of`. The periods must be in
    order of time and must not overlap.
    """

    def places() -> Callable[[pl.Expr], pl.Expr]:
        return places_in(parts_of(shared, periods, every) if every else periods)

    return shared.once(("places", periods, every), places)(second)


def places_in(periods: Sequence[Period]) -> Callable[[pl.Expr], pl.Expr]:
    """Return how to find the place of the period that a second is in (`number_of`)."""
    # A clock shows parts of a second, rows do not: the next whole one is the edge.
    starts, ends = (
        [-((_EPOCH - at) // timedelta(seconds=1)) for at in edges]
        for edges in ([p.start for p in periods], [p.end for p in periods])
    )
    # A period that has just begun has no bucket yet: then nothing has a place.
    edges = sorted({*starts, *ends}) or [0]
    # Edges are whole days or hours apart: one division replaces a search per row.
    step = gcd(*(edge - edges[0] for edge in edges)) or 1
    # The first place is before all edges, the last one after them.
    moments = range(edges[0] - step, edges[-1] + 1, step)
    divided = len(moments) <= _MOST_PLACES
    if divided:
        place_of, last = moments.index, len(moments) - 1
    else:
        places = {edge: place for place, edge in enumerate(edges, 1)}
        place_of, last = places.__getitem__, len(edges)
    numbers: list[int | None] = [None] * (last + 1)
    for number, between in enumerate(zip(starts, ends, strict=True)):
        begin, end = map(place_of, between)
        numbers[begin:end] = [number] * (end - begin)
    # One for each row that is looked at: 32 bits are half the memory.
    table = pl.lit(pl.Series(numbers, dtype=pl.Int32))

    def place(second: pl.Expr) -> pl.Expr:
        # Unsigned seconds have no difference below zero.
        time = second.cast(pl.Int64)
        if divided:
            found = ((time - moments[0]) // step).clip(0, last)
        else:
            found = pl.lit(pl.Series(edges)).search_sorted(time, "right")
        return table.gather(found)

    return place


# Places of a table that is looked up; 13 years of days have a quarter as many.
_MOST_PLACES = 20_000


def per_day(frame: pl.LazyFrame, time: str, period: Period) -> pl.LazyFrame:
    """Return the number of rows per day that has any: day, count; in no order.

    Rows are nearly in order of time: a run of equal days is one row to group, as
    many as the next run begins later. A last row ends the last run.
    """
    begins = pl.col("begins").cast(pl.Int64)
    # Not `rle`, which fails in Polars 2.1 where several files are streamed.
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


def on_the_clock(period: Period) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when clocks go in a period until they are changed, and on."""
    first, changes = clock_changes(period.zone, period.start, period.end)
    moments = (_EPOCH + timedelta(seconds=when) for when, _ in changes)
    edges = [period.start, *(min(m, period.end) for m in moments), period.end]
    offsets = accumulate((by for _, by in changes), initial=first)
    for (start, end), offset in zip(pairwise(edges), offsets, strict=True):
        # Clocks that change as the period ends show nothing else in it.
        if start < end:
            ahead = timedelta(seconds=offset)
            yield start + ahead, end + ahead


def clocks_shown(period: Period) -> tuple[datetime, datetime]:
    """Return the earliest time that clocks show in a period, and the end of the latest.

    Clocks that go back after it begins, or before it ends, show earlier and later times
    than those of its ends; where they skip an hour as it ends, it is not shown.
    """
    shown = [*on_the_clock(period)] or [(period.wall(period.start),) * 2]
    return min(since for since, _ in shown), max(until for _, until in shown)


def same_weekdays(
    start: datetime,
    end: datetime,
    weekday: int,
    clock: time,
    length: timedelta = timedelta(),
) -> int:
    """Return how many days of a weekday (1-7) have a time of day between two edges.

    `start` (inside) and `end` (outside) are as clocks show them. A time that lasts for
    `length` counts where any of it is inside.
    """
    first, last = start.date(), end.date()
    # By arithmetic, not by walking: a period may have ten thousand days.
    days = (last - first).days + 1
    count = (days - (weekday - first.isoweekday()) % 7 + 6) // 7
    on_first, on_last = (datetime.combine(day, clock) for day in (first, last))
    if weekday == first.isoweekday() and on_first < start >= on_first + length:
        count -= 1
    if weekday == last.isoweekday() and on_last >= end:
        count -= 1
    return max(count, 0)


def axis(first: date, last: date, granularity: Granularity) -> pl.LazyFrame:
    """Return the buckets from one day's to another's, both included: `bucket`."""
    return pl.LazyFrame().select(
        bucket=pl.date_range(first_of(first, granularity), last, INTERVALS[granularity])
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


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of a time axis."""

    start: date | datetime
    """What it is named by: its first day, or in UTC the start of an hour."""
    end: date | datetime
    """Where the next one starts."""
    part: Period
    """What of it is inside the period."""


def buckets_of(period: Period, granularity: Granularity) -> list[Bucket]:
    """Return every bucket that overlaps a period, as `period_axis` does."""
    starts: list[date | datetime] = [*_starts(period, granularity)]
    if granularity == "hour":
        edges: list[Any] = starts
    else:
        edges = [to_utc(_midnight(day), period.zone) for day in starts]
    # The first and the last bucket may reach out of the period.
    inside = [min(max(edge, period.start), period.end) for edge in edges]
    return [
        Bucket(start, after, Period(begin, end, period.zone))
        for (start, after), (begin, end) in zip(
            pairwise(starts), pairwise(inside), strict=True
        )
    ]


def _starts(period: Period, granularity: Granularity) -> Iterator[date | datetime]:
    """Yield where buckets start, and last where the one after them would."""
    start, last = _ends(period, granularity)
    while start <= last:
        yield start
        start = _next(start, granularity)
    yield start


def _ends(
    period: Period, granularity: Granularity
) -> tuple[date | datetime, date | datetime]:
    """Return the starts of the first and the last bucket of a period."""
    if granularity != "hour":
        days = period.first_day, period.last_day
        first, last = (first_of(day, granularity) for day in days)
        return first, last
    # The end is not in the period.
    start, into_it = _first_hour(period), period.end - timedelta.resolution
    return start, start + (into_it - start) // _ONE_HOUR * _ONE_HOUR


def _next(start: date | datetime, granularity: Granularity) -> date | datetime:
    """Return where the bucket after this one starts."""
    match granularity:
        case "hour":
            return start + _ONE_HOUR
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(weeks=1)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)


_ONE_HOUR = timedelta(hours=1)


def axis_of(
    shared: SharedPlans, period: Period, granularity: Granularity
) -> Sequence[Bucket]:
    """Return `buckets_of` a period, made once for all tables of a request."""
    name = ("buckets", period, granularity)
    return shared.once(name, lambda: buckets_of(period, granularity))


def parts_of(
    shared: SharedPlans, periods: Iterable[Period], granularity: Granularity
) -> list[Period]:
    """Return the buckets of several periods, each as its part of its period."""
    axes = (axis_of(shared, period, granularity) for period in periods)
    return [bucket.part for buckets in axes for bucket in buckets]


def series_of(
    query: Query,
    buckets: Sequence[Bucket],
    rows: Mapping[int, Mapping[str, Any]],
    columns: Mapping[str, pl.DataType],
    first: int,
) -> pl.DataFrame:
    """Return a finished table over time from the rows of its buckets (`axis_of`).

    `rows` has those of the buckets with any, by their place in `parts_of`; `first` is
    the place of the period's first bucket. A count (Int64) that is missing is 0,
    others are null. Columns: bucket, `columns`, cut; weekends as in `time_series`.
    """
    every = query.granularity
    cut, begins = _cut_by(query, every), first_known(query, every)
    missing = _missing(columns)
    shown = [
        (bucket, {**missing, **rows.get(place, _NO_ROW)})
        for place, bucket in enumerate(buckets, first)
        if bucket.start >= begins
        and (query.weekends or every != "day" or bucket.start.weekday() < SATURDAY)
    ]
    of_buckets = TIMESTAMP if every == "hour" else pl.Date()
    schema = {"bucket": of_buckets, **columns, "cut": pl.String()}
    data = [
        (bucket.start, *(row[name] for name in columns), cut(bucket.start, bucket.end))
        for bucket, row in shown
    ]
    return pl.DataFrame(data, schema, orient="row")


def totals_of(
    row: Mapping[str, Any], columns: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Return a finished table of one row; what it lacks is as in `series_of`."""
    return pl.DataFrame([{**_missing(columns), **row}], columns)


def _missing(columns: Mapping[str, pl.DataType]) -> dict[str, int | None]:
    return {name: 0 if of == pl.Int64 else None for name, of in columns.items()}


_NO_ROW: Mapping[str, Any] = {}
SATURDAY = 5


def _cut_by(
    query: Query, every: Granularity
) -> Callable[[date | datetime, date | datetime], str | None]:
    """Return what says where a bucket is cut, from its start and its end."""
    first, last = _first_whole(query, every), query.period.end
    if every != "hour":
        last = query.period.wall(last)
    # A period that includes today ends at the clock.
    cut_last = "running" if query.period.end >= query.now else "end"

    def cut(*bucket: date | datetime) -> str | None:
        start, end = (
            edge if isinstance(edge, datetime) else _midnight(edge) for edge in bucket
        )
        at_end = cut_last if end > last else None
        if start < first:
            return f"start and {at_end}" if at_end else "start"
        return at_end

    return cut


def first_known(query: Query, every: Granularity) -> Any:
    """Return the first bucket of a table over time: the one in which data begins.

    Zeros before it would say that nothing happened.
    """
    return _ends(query.known, every)[0]


def first_bucket(begins: date, every: Granularity, query: Query) -> date | datetime:
    """Return the bucket in which a day begins."""
    if every != "hour":
        return first_of(begins, every)
    return to_utc(_midnight(begins), query.zone)


def cut_at_start(bucket: date | datetime) -> pl.Expr:
    """Return the column cut with one bucket cut at its start as well."""
    cut = pl.col("cut")
    marked = (
        pl.when(cut.is_null() | cut.str.starts_with("start"))
        .then(pl.coalesce(cut, pl.lit("start")))
        .otherwise(pl.lit("start and ") + cut)
    )
    return (
        pl.when(pl.col("bucket") == pl.lit(bucket))
        .then(marked)
        .otherwise(cut)
        .alias("cut")
    )


def _first_whole(query: Query, every: Granularity) -> datetime:
    """Return when the first whole bucket starts at the earliest.

    Dates are those of the zone: their edges are compared as its clocks show them.
    """
    if every == "hour":
        return query.known.start
    first, begins = query.period.wall(query.period.start), query.data_begins
    # The first row may be at any time of its day, which is no whole one.
    return max(first, _midnight(begins) + datetime.resolution) if begins else first


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def by_number(*frames: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """Return the rows of frames by their column number, those of one number as one.

    Rows without a number, which are in no part of the time, are left out.
    """
    rows: dict[int, dict[str, Any]] = {}
    for frame in frames:
        names = frame.columns
        place = names.index("number")
        for values in frame.rows():
            if values[place] is not None:
                row = rows.setdefault(values[place], {})
                row.update(zip(names, values, strict=True))
    return rows


def middle_of(period: Period, granularity: Granularity) -> date:
    """Return the bucket with which the second half of `period_axis` begins.

    Of days or longer: the one that begins nearest to the middle, the earlier of two.
    28 days from a Sunday have five weeks, of which the first is one day.
    """
    *starts, _ = _starts(period, granularity)
    start, end = period.wall(period.start), period.wall(period.end)
    middle = start + (end - start) / 2
    return min(starts, key=lambda begins: abs(_midnight(begins) - middle))


def data_axis(buckets: pl.LazyFrame, granularity: Granularity) -> pl.LazyFrame:
    """Return all buckets from the first to the last of `bucket`; none without rows."""
    first, last = pl.col("bucket").min(), pl.col("bucket").max()
    ranges = pl.datetime_ranges if granularity == "hour" else pl.date_ranges
    # Gaps inside are filled, so that a chart shows them as zeros.
    spans = buckets.select(bucket=ranges(first, last, INTERVALS[granularity]))
    return spans.explode("bucket").drop_nulls()


def last_of(bucket: str, granularity: Granularity) -> pl.Expr:
    """Return the last day of a bucket."""
    return pl.col(bucket).dt.offset_by(INTERVALS[granularity]) - pl.duration(days=1)


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
    """Finish a table over time: begin with the data, mark cut buckets, hide weekends.

    Hidden weekends are missing from the axis only: weeks and months keep their rows.

    Adds the column cut: null for a whole bucket, else where the period or the data cuts
    it: "start" (up to the day on which the data begins), "end" or "start and end";
    "running" instead of "end" where the bucket is not over. `granularity` is that of
    the buckets where it is not the query's.
    """
    every, bucket = granularity or query.granularity, pl.col("bucket")
    _, last = _ends(query.period, every)
    # Only the last bucket may be cut at its end.
    of_last = _cut_by(query, every)(last, _next(last, every))
    known = series.filter(bucket >= pl.lit(first_known(query, every)))
    marked = known.with_columns(
        cut=pl.when(bucket == pl.lit(last))
        .then(pl.lit(of_last, pl.String))
        .when(bucket < pl.lit(_first_whole(query, every)))
        .then(pl.lit("start"))
    )
    if query.weekends or every != "day":
        return marked
    return marked.filter(bucket.dt.weekday() <= 5)


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
