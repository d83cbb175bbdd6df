"""Retention: of the rooms (people) that began in a week, how many live later on."""

from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from metrics.activity_key import changes, is_kind, is_later, split_owner_day
from metrics.attendance import KEY, days_of_rooms, days_of_users
from metrics.card_scale import estimated
from metrics.constants import START_DATE
from metrics.expressions import row_count
from metrics.frames import Frames
from metrics.minimum_sample import rate
from metrics.sessions import ACT, estimating

Who = Literal["rooms", "users"]
Weeks = Literal[1, 2]
"""The length of a bucket; 2 weeks are a common sprint."""
_EPOCH = date(1970, 1, 1).toordinal()


def grid(
    frames: Frames, now: datetime, who: Who, weeks: Weeks = 1, cohorts: int = 16
) -> pl.LazyFrame:
    """Return the retention of the latest cohorts, one row per cohort and age.

    A cohort is the bucket of a room's first round with two or more estimates (of a
    person's first own estimate). `frames` hold all of history. Columns: cohort
    (first day), size (n), k (age in buckets, from 0), alive (with at least one round,
    or estimate, in that bucket), share, running (the bucket has not ended). In the
    future alive, share and running are null.
    """
    step = timedelta(weeks=weeks)
    latest = _start(now.date(), step)
    first = latest - (cohorts - 1) * step

    def alive() -> pl.LazyFrame:
        lives = _lives(_days(frames, now, who), step).filter(pl.col("cohort") >= first)
        return lives.group_by("cohort", "bucket").agg(alive=row_count())

    # The average of a grid is shown beside it.
    counts = frames.once(("alive", who, step, first, now), alive)
    return (
        _cells(first, latest, step, cohorts)
        .join(counts, on=["cohort", "bucket"], how="left")
        .sort("cohort", "k")
        .with_columns(_past(latest, pl.col("alive").fill_null(0)).alias("alive"))
        .with_columns(size=pl.col("alive").first().over("cohort"))
        .select(
            *("cohort", "size", "k", "alive"),
            share=rate("alive", "size"),
            running=_past(latest, pl.col("bucket") == latest),
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


def _days(frames: Frames, now: datetime, who: Who) -> pl.LazyFrame:
    """Return the days on which rooms (people) were alive, until now: key."""
    if who == "users":
        own = is_kind(ACT, "estimation") & ~is_later(ACT, now)
        return days_of_users(estimating(frames), own)
    held = frames.votes.filter(estimated(2), pl.col("voted_at") <= now)
    return days_of_rooms(held, "voted_at")


def _lives(days: pl.LazyFrame, step: timedelta) -> pl.LazyFrame:
    """Return a row for each owner and bucket in which he or she was alive.

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


def _start(day: date, step: timedelta) -> date:
    return day - (day - START_DATE) % step


def _cells(first: date, latest: date, step: timedelta, cohorts: int) -> pl.LazyFrame:
    """Return every cohort with every age: cohort, k, bucket."""
    interval = f"{step.days}d"
    starts = pl.LazyFrame().select(cohort=pl.date_range(first, latest, interval))
    ages = pl.LazyFrame({"k": range(cohorts)}, schema={"k": pl.Int64})
    return starts.join(ages, how="cross").with_columns(
        bucket=pl.col("cohort") + pl.duration(days=pl.col("k") * step.days)
    )


def _past(latest: date, value: pl.Expr) -> pl.Expr:
    """Return the value of buckets that have begun, null for those to come."""
    return pl.when(pl.col("bucket") <= latest).then(value)
