"""Returning: how many users and rooms join votes on a second working day."""

from datetime import date, timedelta

import polars as pl

from metrics.activity import (
    ACT,
    activity,
    all_participations,
    days_of_rooms,
    days_of_users,
    participating,
)
from metrics.activity_key import (
    changes,
    is_later,
    is_of_estimations,
    split_owner_day,
)
from metrics.constants import INACTIVE_AFTER, MATURE, START_DATE
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS
from metrics.time_axis import (
    ANY_UTC,
    at_least_daily,
    axis,
    history_until,
    last_of,
    period_axis,
    time_series,
)

COUNTS = (
    "reoccurring_users",
    "reoccurring_rooms",
    "adjusted_reoccurring_users",
    "adjusted_reoccurring_rooms",
)
_CHANGES = ("second", "comes", "goes")
_TOO_FAR = INACTIVE_AFTER.days + 1


def _definitions(key: str, joined: str) -> tuple[Definition, Definition]:
    excludes = "Participations on Saturdays, Sundays and before 3 June 2024."
    return (
        Definition(
            f"reoccurring_{key}",
            f"Returning {key}",
            "count",
            f"{joined} on 2 or more working days up to then; spectators count.",
            (ESTIMATIONS.name,),
            excludes,
        ),
        Definition(
            f"adjusted_reoccurring_{key}",
            f"Returning {key}, active",
            "count",
            f"{joined} on 2 or more working days, the last of them at most 30 calendar "
            "days before the last working day up to then.",
            (ESTIMATIONS.name,),
            excludes,
        ),
    )


DEFINITIONS = (
    *_definitions("users", "Users who joined votes"),
    *_definitions("rooms", "Rooms with participations"),
)
LABELS = ("bucket", "cut", "date")


def legacy(shared: SharedPlans, start: date, today: date) -> pl.LazyFrame:
    """Return one row per weekday (Monday to Friday) from start to today.

    Columns: date; reoccurring_users and reoccurring_rooms: so many joined a vote on a
    second of these days by then; adjusted_…: those of them whose last one is at
    most 30 calendar days back. Participations at weekends do not count.
    """
    # The same sort as that of traffic, which is computed together.
    days = (
        days_of_users(activity(shared), is_of_estimations(ACT), ANY_UTC),
        days_of_rooms(shared.frames.estimations, "estimated_at", ANY_UTC),
    )
    return _states(*days, start, today)


def _states(
    of_users: pl.LazyFrame, of_rooms: pl.LazyFrame, start: date, today: date
) -> pl.LazyFrame:
    # Running sums need every day, weekends too; they are left out at the end.
    everyday = axis(start, today, "day").rename({"bucket": "date"})
    for own, name in (
        (of_users, "reoccurring_users"),
        (of_rooms, "reoccurring_rooms"),
    ):
        everyday = (
            everyday.join(_changes(_working(own, start, today)), on="date", how="left")
            .sort("date")
            .with_columns(pl.col(_CHANGES).fill_null(0).cum_sum())
            .with_columns(
                pl.col("second").alias(name),
                # Who has stayed away for too long no longer counts.
                (pl.col("comes") - pl.col("goes").shift(_TOO_FAR, fill_value=0)).alias(
                    f"adjusted_{name}"
                ),
            )
            .drop(_CHANGES)
        )
    return everyday.select("date", *COUNTS).filter(pl.col("date").dt.weekday() <= 5)


def series(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the state on the last working day of each bucket of the period.

    Counted from 2024-06-03, whatever the period; 0 before. Columns: bucket, the counts,
    cut; a bucket without a working day repeats the state before it.
    """
    period = query.period
    history = history_until(period)
    # A running day ends with the period here too: clocks of the database may be ahead.
    wanted = is_of_estimations(ACT) & ~is_later(ACT, period.end - timedelta.resolution)
    # A `filter` would move below the shared rows, which then run twice.
    rows = all_participations(shared).select(
        pl.col("room_id", "estimated_at").filter(history.contains("estimated_at"))
    )
    days = (
        days_of_users(participating(shared), wanted, history),
        days_of_rooms(rows, "estimated_at", history),
    )
    # The state of a day depends on all days before it, wherever the period begins.
    last = max(START_DATE, period.last_day)
    states = _states(*days, START_DATE, last)
    every = at_least_daily(query.granularity)
    last_day = pl.min_horizontal(last_of("bucket", every), pl.lit(period.last_day))
    buckets = period_axis(period, every).with_columns(last=last_day)
    # The last day of a bucket may be a Sunday: take the Friday before it.
    found = buckets.join_asof(states.sort("date"), left_on="last", right_on="date")
    counts = pl.col(COUNTS).fill_null(0)
    return time_series(found.select("bucket", counts), query, every)


def _working(keys: pl.LazyFrame, start: date, today: date) -> pl.LazyFrame:
    """Keep working days from start to today: key, owner, date."""
    owner, date = split_owner_day(pl.col("key"))
    own = keys.select("key", owner=owner, date=date.cast(pl.Int32).cast(pl.Date))
    return own.filter(
        pl.col("date").is_between(start, today), pl.col("date").dt.weekday() <= 5
    )


def _changes(own: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many come and go on each day.

    Columns: date, second (on their second day), comes (on their second day, or after
    a longer absence), goes (was there on a second day or a later one, and stays away
    for longer from then on).
    """
    first, key = changes(pl.col("owner")), pl.col("key")
    # Keys of one owner are as far apart as their days.
    returns = ~first & (key - key.shift() > INACTIVE_AFTER.days)
    second = ~first & first.shift(fill_value=True)
    # The next row is the same owner's next day if it is neither first nor returns.
    goes = (first | returns).shift(-1, fill_value=True)
    by_row = own.select(
        "date", second=second, comes=second | returns, goes=~first & goes
    )
    return by_row.group_by("date").agg(pl.col(_CHANGES).sum().cast(pl.Int64))


TABLES = (
    table(
        "reoccurring",
        "Returning users and rooms",
        series,
        ESTIMATIONS,
        buckets=at_least_daily,
        looks_back={ESTIMATIONS.name: MATURE},
    ),
)
