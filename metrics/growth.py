"""Growth: what is new per bucket, its 30-day average, and totals since the start."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import polars as pl

from metrics.constants import MOVING_AVERAGE
from metrics.expressions import count_where, divided, row_count
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity, Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import (
    ESTIMATIONS,
    PAGE_VIEWS,
    ROOMS,
    USERS,
    VOTES,
    Table,
)
from metrics.tables import (
    TABLES as LIVE_TABLES,
)
from metrics.time_axis import (
    ANY_UTC,
    INTERVALS,
    axis,
    bucket_of,
    data_axis,
    first_bucket,
    first_of_each,
    history_until,
    on_axis,
    per_day,
    period_axis,
    time_series,
)

NAME = "historical"
"""The table; `rooms` and `estimations` mean something else in others."""
# Column → the table whose rows are counted, title, definition.
_COUNTED: Mapping[str, tuple[Table, str, str]] = {
    "new_users": (USERS, "New users", "Users first seen in the bucket."),
    "page_views": (PAGE_VIEWS, "Page views", "Pages viewed in the bucket."),
    "rooms": (ROOMS, "New rooms", "Rooms first used in the bucket."),
    "estimations": (
        ESTIMATIONS,
        "Participations",
        "Users in votes, once per vote, with spectators.",
    ),
    "votes": (VOTES, "Votes", "Finished rounds of estimating, including empty ones."),
}
COUNTS = tuple(_COUNTED)
# What they did stays behind, and is counted.
_NO_USERS, _NO_ROOMS = "Deleted users.", "Deleted rooms."
_EARLIEST, _PLAUSIBLE = date(1970, 1, 1), date(2015, 1, 1)
_GAP_DAYS, _STRAY_PART = 366, 1_000
"""Before so long a gap, fewer than so small a part of all rows are stray ones."""
_FIRST_STORED = 1_000
"""Rows of a table among which one that is old is looked for."""


def _total(key: str, name: str, live: Table) -> Definition:
    return Definition(
        f"acc_{key}",
        f"Total {name}",
        "count",
        f"All rows of `{live.name}` from the start to the end of the bucket, or of the "
        "period where that is earlier. Every day counts, also where weekends are "
        "hidden.",
        (live.name,),
        "Nothing: stray rows from before All time begins count. (`GET /api` adds up "
        "Monday to Friday since 3 June 2024 only.)",
    )


def _moving_average(key: str, title: str, live: Table) -> Definition:
    return Definition(
        f"ma_{key}",
        f"{title}, avg of 30",
        "number",
        "Mean of the last 30 buckets (hours, days, weeks or months) of rows of "
        f"`{live.name}`; empty for the first 29 of the data.",
        (live.name,),
        "Nothing: weekends count. (`GET /api` averages the last 30 working days.)",
    )


DEFINITIONS = (
    Definition(
        "new_users",
        "New users",
        "count",
        "Users first seen in the period.",
        (USERS.name,),
        _NO_USERS,
    ),
    Definition("rooms", "Active rooms", "count", "Rooms with a vote.", (VOTES.name,)),
    Definition(
        "rooms_new",
        "New rooms",
        "count",
        "Rooms first used in the period.",
        (ROOMS.name,),
        _NO_ROOMS,
    ),
    *(
        Definition(
            key,
            title,
            "count",
            formula,
            (live.name,),
            _NO_ROOMS if live == ROOMS else "Nothing.",
            only_in=NAME,
        )
        for key, (live, title, formula) in _COUNTED.items()
        if key in {"rooms", "estimations"}
    ),
    *(
        _total(key, title.removeprefix("New ").lower(), live)
        for key, (live, title, _) in _COUNTED.items()
    ),
    *(_moving_average(key, title, live) for key, (live, title, _) in _COUNTED.items()),
)
LABELS = ("bucket", "cut", "date")


def legacy(frames: Frames, start: date, today: date) -> pl.LazyFrame:
    """Return one row per weekday (Monday to Friday) from start to today.

    Columns: date; the counts; acc_ of each, summed over the listed rows only; ma_
    of each, the mean of the last 30 listed rows to 2 decimals, null before.
    """
    # The old service summed working days only; its clients compare with these totals.
    days = axis(start, today, "day").filter(pl.col("bucket").dt.weekday() <= 5)
    counts = on_axis(days, [_counts(frames, "day", ANY_UTC)], COUNTS)
    return counts.select(
        pl.col("bucket").alias("date"),
        pl.col(COUNTS),
        *_totals(),
        # No thirtieth is near a half of a hundredth: any rounding is Python's.
        *(average.round(2) for average in _averages()),
    )


def historical(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return one row per bucket that overlaps the period, every day counted.

    A count covers what is inside the period. acc_ adds up from the first row of the
    data, and ma_ is the mean of the last 30 buckets (whole ones, where the period
    starts inside one), null where history is shorter.
    Columns: bucket; the counts; acc_ and ma_ of each; cut.
    """
    period, every = query.period, query.granularity
    past = shared.frames.map(
        lambda live, frame: frame.filter(pl.col(live.time) < instant(period.end))
    )
    inside = [_inside(name) for name in COUNTS]
    shown = period_axis(period, every)
    # Averages need as many buckets before the period; all that is earlier is in the
    # first of them, however far back a stray row is.
    back = f"-{MOVING_AVERAGE}{INTERVALS[every].removeprefix('1')}"
    since = shown.select(since=pl.col("bucket").min().dt.offset_by(back))
    counts = (
        _counts(past, every, history_until(period), period)
        .join(since, how="cross")
        .group_by(bucket=pl.max_horizontal("bucket", "since"))
        .agg(pl.col(*COUNTS, *inside).sum())
    )
    # A period may begin long before the data: its first buckets are no history.
    some = pl.sum_horizontal(f"acc_{name}" for name in COUNTS) > 0
    # It may begin in the comparison: then there is history before the period.
    if query.data_begins is not None:
        some &= pl.col("bucket") >= pl.lit(
            first_bucket(query.data_begins, every, query)
        )
    known = dict.fromkeys(COUNTS, some)
    for name, (live, _, _) in _COUNTED.items():
        if begins := query.later_begins.get(live.name):
            first = first_bucket(begins, every, query)
            known[name] = some & (pl.col("bucket") >= pl.lit(first))
    buckets = pl.concat([since.select(bucket="since"), shown])
    series = (
        on_axis(data_axis(buckets, every), [counts], [*COUNTS, *inside])
        .with_columns(_totals())
        .with_columns(_averages(known))
        .with_columns(pl.col(_inside(name)).alias(name) for name in COUNTS)
        .drop(inside)
        .join(shown, on="bucket", how="semi", maintain_order="left")
    )
    return time_series(series, query)


def beginning(frames: Frames) -> pl.LazyFrame:
    """Return where the data begins in earnest, in one row: first_day, older_rows.

    A few stray rows (a clock set to 1970) are no beginning: what precedes a gap of
    more than a year and is less than a thousandth of all rows, or older than any
    product of this kind, is left out and counted in older_rows, as is whatever
    precedes 1970. first_day is null without any other row.
    """
    day, count, before = (pl.col(name) for name in ("day", "count", "before"))
    per_table = [
        per_day(frames.by_name[live.name], live.time, ANY_UTC) for live in LIVE_TABLES
    ]
    days = pl.concat(per_table).group_by("day").agg(pl.col("count").sum()).sort("day")
    gap = (day - day.shift()).dt.total_days() > _GAP_DAYS
    # A gap alone is no stray row: a product may pause for a year.
    few = before * _STRAY_PART < count.sum()
    possible = day >= pl.lit(_EARLIEST)
    first = possible & ~possible.shift(fill_value=False)
    # In a small store a clock set to 1970 is no small part.
    implausible = day.shift() < pl.lit(_PLAUSIBLE)
    starts = first | (possible & gap & (few | implausible))
    counted = days.with_columns(before=count.cum_sum() - count)
    return counted.select(
        first_day=day.filter(starts).last(),
        older_rows=pl.coalesce(before.filter(starts).last(), count.sum()),
    )


def year_until(moment: datetime) -> Period:
    """Return the year before a moment: data without a longer gap reaches into it."""
    return Period(moment - timedelta(days=_GAP_DAYS), moment)


def year_before(
    frames: Frames, moment: datetime, live: Table = PAGE_VIEWS
) -> pl.LazyFrame:
    """Return the time of one row of the year before a moment; no row without any.

    That the data begins earlier shows in any row, and to look for the first would take
    a walk through all. One that is older still may be a stray row.
    """
    times = frames.by_name[live.name].select(live.time)
    return times.filter(year_until(moment).contains(live.time)).head(1)


def old_rows(frames: Frames) -> pl.LazyFrame:
    """Return a plausible time of each live table that has any: table, at.

    It is that of one of the first rows that are stored, which is one of the oldest, if
    not the oldest.
    """
    # Of all rows, the search for a plausible one takes ten times as long.
    return pl.concat(
        _plausible_times(frames.by_name[live.name].head(_FIRST_STORED), live).head(1)
        for live in LIVE_TABLES
    )


def first_rows(frames: Frames) -> pl.LazyFrame:
    """Return when each live table begins, without implausible times: table, at."""
    rows = [
        _plausible_times(frames.by_name[live.name], live).min() for live in LIVE_TABLES
    ]
    return pl.concat(rows).drop_nulls("at")


def _plausible_times(rows: pl.LazyFrame, live: Table) -> pl.LazyFrame:
    """Return the times of rows that are not older than any product of this kind."""
    since = instant(datetime.combine(_PLAUSIBLE, time.min))
    times = rows.filter(pl.col(live.time) >= since)
    return times.select(table=pl.lit(live.name), at=pl.col(live.time))


def first_row(frames: Frames, day: date) -> pl.LazyFrame:
    """Return when the first row of a day (UTC) is, in one row: at."""
    ends = (datetime.combine(day, edge) for edge in (time.min, time.max))
    first, last = (instant(end) for end in ends)
    per_table = [
        frames.by_name[live.name]
        .filter(pl.col(live.time).is_between(first, last))
        .select(at=pl.col(live.time).min())
        for live in LIVE_TABLES
    ]
    return pl.concat(per_table).min()


def _counts(
    frames: Frames, every: Granularity, period: Period, shown: Period | None = None
) -> pl.LazyFrame:
    """Return rows per bucket that has any: bucket, the count of each table.

    `shown` adds how many of them are not before that period.
    """
    parts = []
    for name, (live, _, _) in _COUNTED.items():
        rows = frames.by_name[live.name]
        if every == "hour":
            # Clocks may have shown other minutes when history began.
            hour = bucket_of(live.time, every, shown or period)
            by_hour = rows.group_by(bucket=hour)
            sums = {name: row_count()}
            if shown:
                late = pl.col(live.time) >= instant(shown.start)
                sums[_inside(name)] = count_where(late)
            parts.append(by_hour.agg(**sums))
            continue
        days = per_day(rows, live.time, period)
        count = pl.col("count")
        sums = {name: count.sum()}
        if shown and shown.begins_within_a_day:
            # Its first day counts in part.
            rest = rows.filter(pl.col(live.time) >= instant(shown.start))
            inside = per_day(rest, live.time, period).rename({"count": "inside"})
            days = days.join(inside, on="day", how="left")
            sums[_inside(name)] = pl.col("inside").sum()
        elif shown:
            since = pl.lit(shown.first_day)
            sums[_inside(name)] = count.filter(pl.col("day") >= since).sum()
        bucket = first_of_each(pl.col("day"), every)
        parts.append(days.group_by(bucket=bucket).agg(**sums))
    # One sum over all of them instead of as many joins.
    counts = pl.concat(parts, how="diagonal").group_by("bucket").sum()
    return counts.cache()


def _inside(name: str) -> str:
    return f"{name}_inside"


def _totals() -> list[pl.Expr]:
    return [pl.col(name).cum_sum().alias(f"acc_{name}") for name in COUNTS]


def _averages(known: Mapping[str, pl.Expr] | None = None) -> list[pl.Expr]:
    """Return the mean of the last 30 rows of each count, all of them `known` ones."""
    # Sums of integers are exact; a rolling mean of floats drifts.
    counts = {name: pl.col(name) for name in COUNTS}
    if known is not None:
        counts = {name: pl.when(known[name]).then(counts[name]) for name in COUNTS}
    return [
        divided(count.rolling_sum(MOVING_AVERAGE), MOVING_AVERAGE).alias(f"ma_{name}")
        for name, count in counts.items()
    ]


_READS = [live for live, _, _ in _COUNTED.values()]
TABLES = (table(NAME, "Growth", historical, *_READS),)
