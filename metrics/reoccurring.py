"""People and rooms that come back on a second working day."""

from datetime import date, timedelta

import polars as pl

from metrics.buckets import axis, last_of, window_axis
from metrics.constants import INACTIVE_AFTER, START_DATE
from metrics.frames import Frames, Window
from metrics.scope import Every
from metrics.sessions import by_person

COUNTS = (
    "reoccurring_users",
    "reoccurring_rooms",
    "adjusted_reoccurring_users",
    "adjusted_reoccurring_rooms",
)


def reference(frames: Frames, start: date, today: date) -> pl.LazyFrame:
    """Return one row per weekday (Monday to Friday) from start to today.

    Columns: date; reoccurring_users and reoccurring_rooms: so many estimated on a
    second such day by then; adjusted_…: those of them whose last such day is at
    most 30 calendar days back. Estimations at weekends do not count.
    """
    days = frames.estimations.select(
        "user", "room_id", day=pl.col("estimated_at").cast(pl.Date)
    ).filter(pl.col("day").is_between(start, today), pl.col("day").dt.weekday() <= 5)
    changes = [
        _changes(days, "user", "reoccurring_users"),
        _changes(days, "room_id", "reoccurring_rooms"),
    ]
    everyday = axis(start, today, "day").rename({"bucket": "date"})
    for change in changes:
        everyday = everyday.join(change, on="date", how="left")
    return (
        everyday.sort("date")
        .select("date", pl.col(COUNTS).fill_null(0).cum_sum())
        .filter(pl.col("date").dt.weekday() <= 5)
    )


def series(frames: Frames, window: Window, every: Every) -> pl.LazyFrame:
    """Return the state on the last working day of each bucket of the window.

    Counted from 2024-06-03, whatever the window. Columns: bucket and the counts; a
    bucket without a working day repeats the state before it.
    """
    first = min(START_DATE, window.first_day)
    states = reference(frames, first, window.last_day).sort("date")
    buckets = window_axis(window, every).with_columns(
        last=pl.min_horizontal(last_of("bucket", every), pl.lit(window.last_day))
    )
    return buckets.join_asof(states, left_on="last", right_on="date").select(
        "bucket", pl.col(COUNTS).fill_null(0)
    )


def _changes(days: pl.LazyFrame, key: str, name: str) -> pl.LazyFrame:
    """Return by how much the counts change on a date: date, name, adjusted_name.

    A second day adds one for good. Adjusted, it adds one as well, and so does a day
    after a longer absence; a day that is followed by such an absence takes one away
    again on the first date that is too far.
    """
    later = _later_days(days, key)
    enters = later.select(
        date="at",
        total=pl.col("second").cast(pl.Int64),
        adjusted=(pl.col("second") | pl.col("returns")).cast(pl.Int64),
    )
    leaves = later.filter(~pl.col("stays")).select(
        date=pl.col("at") + INACTIVE_AFTER + timedelta(days=1),
        total=pl.lit(0, pl.Int64),
        adjusted=pl.lit(-1, pl.Int64),
    )
    changes = pl.concat([enters, leaves]).group_by("date").agg(pl.all().sum())
    return changes.rename({"total": name, "adjusted": f"adjusted_{name}"})


def _later_days(days: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Return everybody's days but the first, from neighbours in one sort.

    Columns: at, second (the second day), returns (after a longer absence), stays
    (comes again before such an absence).
    """
    person, day = pl.col("person"), pl.col("at")
    first = (person != person.shift()).fill_null(value=True)
    return (
        by_person(days.select(key, at="day"), key)
        .filter(first | (day != day.shift()))
        .select(
            "at",
            again=~first,
            second=~first & (person != person.shift(2)).fill_null(value=True),
            returns=((day - day.shift()) > INACTIVE_AFTER).fill_null(value=False),
        )
        .with_columns(
            # The next row is the same person's next day if that row is "again".
            stays=(pl.col("again") & ~pl.col("returns")).shift(-1, fill_value=False)
        )
        .filter("again")
    )
