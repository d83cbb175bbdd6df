"""Retention: how many of the rooms (users) of a cohort come back later."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from metrics.activity import ACT, KEY, days_of_rooms, days_of_users, participating
from metrics.activity_key import changes, is_kind, is_later, split_owner_day
from metrics.card_scale import estimated
from metrics.constants import START_DATE
from metrics.expressions import rate, row_count
from metrics.frames import Period, instant
from metrics.query import Query, SharedPlans
from metrics.sentences import percent, share_of
from metrics.subject import Answer, Definition, MetricTable, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import history_until
from metrics.time_zone import UTC_ZONE, to_local

Cohorts = Literal["rooms", "users"]
Weeks = Literal[1, 2]
"""The length of a bucket; 2 weeks are a common sprint."""
COHORTS = 16
"""The latest cohorts, and the ages, that a grid shows."""
_EPOCH = date(1970, 1, 1).toordinal()
_READS = (VOTES.name, ESTIMATIONS.name)

DEFINITIONS = (
    Definition(
        "size",
        "Cohort size",
        "count",
        "Rooms (users) that started: with the first vote of two or more estimations "
        "(first own estimation) in the cohort's weeks.",
        _READS,
    ),
    Definition(
        "alive",
        "Came back",
        "count",
        "Those active again: with at least one such vote (estimation) at that age; "
        "blank in the future.",
        _READS,
    ),
)
LABELS = ("cohort", "k", "running")


def grid(
    shared: SharedPlans,
    as_of: datetime,
    who: Cohorts,
    weeks: Weeks = 1,
    cohorts: int = COHORTS,
    zone: ZoneInfo = UTC_ZONE,
) -> pl.LazyFrame:
    """Return the retention of the latest cohorts, one row per cohort and age.

    A cohort is the bucket of a room's first vote with two or more estimations (of a
    user's first own estimation). What is at `as_of` or later does not count. Columns:
    cohort (first day), size (n), k (age in buckets, from 0), alive (with at least one
    vote, or estimation, in that bucket), share, running (the bucket has not ended).
    Where a bucket has not begun, alive, share and running are null.
    """
    step = timedelta(weeks=weeks)
    latest = _latest(as_of, step, zone)
    first = latest - (cohorts - 1) * step

    def alive() -> pl.LazyFrame:
        lives = _lives(_days(shared, as_of, who, zone), step).filter(
            pl.col("cohort") >= first
        )
        return lives.group_by("cohort", "bucket").agg(alive=row_count())

    # The average of a grid is shown beside it.
    counts = shared.node(("alive", who, step, first, as_of, zone), alive)
    last = latest + step - timedelta(days=1)
    ends_later = Period.of_days(latest, last, zone).end > as_of
    runs = (pl.col("bucket") == latest) & ends_later
    return (
        _cells(first, latest, step, cohorts)
        .join(counts, on=["cohort", "bucket"], how="left")
        .sort("cohort", "k")
        .with_columns(_begun(latest, pl.col("alive").fill_null(0)).alias("alive"))
        .with_columns(size=pl.col("alive").first().over("cohort"))
        .select(
            *("cohort", "size", "k", "alive"),
            share=rate("alive", "size"),
            running=_begun(latest, runs),
        )
    )


def average(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Return the weighted average row of a grid, by age: k, size (n), alive, share.

    Sums over cohorts whose bucket of that age has ended; an age that no cohort has
    reached is left out.
    """
    return (
        cells.filter(~pl.col("running"))
        .group_by("k")
        .agg(pl.col("size", "alive").sum())
        .with_columns(share=rate("alive", "size"))
        .sort("k")
    )


def _days(
    shared: SharedPlans, as_of: datetime, who: Cohorts, zone: ZoneInfo
) -> pl.LazyFrame:
    """Return the days on which rooms (users) were active, until as_of: key."""
    history = history_until(Period(as_of, as_of, zone))
    if who == "users":
        last = as_of - timedelta.resolution
        own = is_kind(ACT, "estimation") & ~is_later(ACT, last)
        return days_of_users(participating(shared), own, history)
    before = pl.col("voted_at") < instant(as_of)
    held = shared.frames.votes.filter(estimated(2), before)
    return days_of_rooms(held, "voted_at", history)


def _lives(days: pl.LazyFrame, step: timedelta) -> pl.LazyFrame:
    """Return a row for each owner and bucket in which the owner was active.

    Columns: cohort (the owner's first bucket), bucket.
    """
    owner, day = split_owner_day(KEY)
    # Days between a day and the start of its bucket; START_DATE is a Monday.
    age = (day - START_DATE.toordinal() + _EPOCH) % step.days
    begins, bucket = changes(pl.col("owner")), pl.col("bucket")
    return (
        days.select(owner=owner, bucket=(day - age).cast(pl.Int32).cast(pl.Date))
        .filter(begins | changes(bucket))
        .select("bucket", cohort=pl.when(begins).then(bucket).forward_fill())
    )


def _latest(as_of: datetime, step: timedelta, zone: ZoneInfo) -> date:
    """Return the first day of the latest bucket that has begun before as_of."""
    day = to_local(as_of - timedelta.resolution, zone).date()
    return day - (day - START_DATE) % step


def _cells(first: date, latest: date, step: timedelta, cohorts: int) -> pl.LazyFrame:
    """Return every cohort with every age: cohort, k, bucket."""
    interval = f"{step.days}d"
    starts = pl.LazyFrame().select(cohort=pl.date_range(first, latest, interval))
    ages = pl.LazyFrame({"k": range(cohorts)}, schema={"k": pl.Int64})
    return starts.join(ages, how="cross").with_columns(
        bucket=pl.col("cohort") + pl.duration(days=pl.col("k") * step.days)
    )


def _begun(latest: date, value: pl.Expr) -> pl.Expr:
    """Return the value of buckets that have begun, null for those to come."""
    return pl.when(pl.col("bucket") <= latest).then(value)


_LATER = 4
"""The age that is named beside the first, where it is known."""


def _answer(frame: pl.DataFrame, what: str, unit: str) -> str | None:
    """Say how many come back after one bucket, and after some more.

    Takes a grid or its weighted average.
    """
    soon, later = (_share_at(frame, age) for age in (1, _LATER))
    if soon is None:
        return None
    start = f"{percent(soon)} of {what} after 1 {unit}"
    if later is None:
        return f"{start}."
    return f"{start}, {percent(later)} after {_LATER} {unit}s."


def _share_at(frame: pl.DataFrame, age: int) -> float | None:
    """Return the share alive over all cohorts whose bucket of that age has ended."""
    cells = frame.filter(pl.col("k") == age)
    if "running" in frame.columns:
        cells = cells.filter(~pl.col("running"))
    return share_of(cells, "alive", "size")


def _grid_of(
    query: Query, shared: SharedPlans, who: Cohorts, weeks: Weeks
) -> pl.LazyFrame:
    return grid(shared, query.as_of, who, weeks, zone=query.zone)


def _average_of(
    query: Query, shared: SharedPlans, who: Cohorts, weeks: Weeks
) -> pl.LazyFrame:
    return average(grid(shared, query.as_of, who, weeks, zone=query.zone))


def _covered(query: Query, weeks: Weeks) -> Period:
    """Return the days from the first cohort's to the end."""
    step = timedelta(weeks=weeks)
    first = _latest(query.as_of, step, query.zone) - (COHORTS - 1) * step
    start = Period.of_days(first, first, query.zone).start
    return Period(start, query.as_of, query.zone)


def _tables_of(who: Cohorts, weeks: Weeks) -> tuple[MetricTable, MetricTable]:
    """Return a grid and its average: rooms or users, in weeks or sprints."""
    unit, title = ("week", "weeks") if weeks == 1 else ("sprint", "sprints")
    again = "rooms were used again" if who == "rooms" else "users estimated again"
    reads = VOTES if who == "rooms" else ESTIMATIONS
    name = f"retention_{who}_by_{title}"
    answer: Answer = partial(_answer, what=again, unit=unit)
    covers: Callable[[Query], Period] = partial(_covered, weeks=weeks)
    return (
        table(
            name,
            f"How many {who} come back?",
            partial(_grid_of, who=who, weeks=weeks),
            reads,
            answer=answer,
            sample_sizes={"share": "size"},
            covers=covers,
        ),
        table(
            f"{name}_average",
            "Average return rate",
            partial(_average_of, who=who, weeks=weeks),
            reads,
            answer=answer,
            sample_sizes={"share": "size"},
            covers=covers,
        ),
    )


TABLES = (
    *_tables_of("rooms", 1),
    *_tables_of("rooms", 2),
    *_tables_of("users", 1),
    *_tables_of("users", 2),
)
