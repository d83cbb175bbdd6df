"""Retention: how many of the rooms (users) of a cohort come back later."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from metrics.activity import ACT, KEY, days_of_rooms, days_of_users, participating
from metrics.activity_key import changes, is_kind, is_later, split_owner_day
from metrics.card_scale import estimated
from metrics.constants import MATURE, START_DATE
from metrics.expressions import count_where, rate, row_count
from metrics.frames import Period, instant
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import portion, portion_of, share_of
from metrics.subject import Answer, Definition, MetricTable, table
from metrics.tables import ESTIMATIONS, VOTES, Table
from metrics.time_axis import history_until
from metrics.time_zone import UTC_ZONE, to_local
from metrics.uncertainty import intervals, sums

Cohorts = Literal["rooms", "users"]
Weeks = Literal[1, 2]
"""The length of a bucket; 2 weeks are a common sprint."""
COHORTS = 16
"""The latest cohorts, and the ages, that a grid shows."""
LAST_AGE = COHORTS // 2
"""The oldest age of an average."""
_EPOCH = date(1970, 1, 1).toordinal()
_READS_OF: Mapping[Cohorts, Table] = {"rooms": VOTES, "users": ESTIMATIONS}
_READS = tuple(live.name for live in _READS_OF.values())

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
        "Those active again: rooms with a vote of two or more estimations (users with "
        "an own estimation) at that age; blank in the future.",
        _READS,
    ),
    Definition(
        "later",
        "Then or later (n)",
        "count",
        "Those active at that age or later, so far; blank in the future.",
        _READS,
    ),
    Definition(
        "later_share",
        "Then or later",
        "share",
        "Share of the cohort active at that age or later, so far.",
        _READS,
        "Hidden below a cohort size of 20.",
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
    since: date = date.min,
) -> pl.LazyFrame:
    """Return the retention of the latest cohorts, one row per cohort and age.

    A cohort is the bucket of a room's first vote with two or more estimations (of a
    user's first own estimation), none that begins before `since`. What is at `as_of`
    or later does not count. Columns:
    cohort (first day), size (n), k (age in buckets, from 0), alive (with at least one
    vote, or estimation, in that bucket), share, later (in that bucket or a later one),
    later_share, running (the bucket has not ended). Where a bucket has not begun, all
    but the first three are null.
    """
    step = timedelta(weeks=weeks)
    latest = _latest(as_of, step, zone)
    first = max(latest - (cohorts - 1) * step, since + (latest - since) % step)

    def alive() -> pl.LazyFrame:
        lives = _lives(_days(shared, as_of, who, zone), step).filter(
            pl.col("cohort") >= first
        )
        return lives.group_by("cohort", "bucket").agg(
            alive=row_count(), gone=count_where(pl.col("last"))
        )

    # The average of a grid is shown beside it.
    counts = shared.node(("alive", who, step, first, as_of, zone), alive)
    last = latest + step - timedelta(days=1)
    # The newest cohort is not over, so its share may still grow.
    ends_later = Period.of_days(latest, last, zone).end > as_of
    runs = (pl.col("bucket") == latest) & ends_later
    return (
        _cells(first, latest, step, cohorts)
        .join(counts, on=["cohort", "bucket"], how="left")
        .sort("cohort", "k")
        .with_columns(
            _begun(latest, pl.col("alive").fill_null(0)).alias("alive"),
            later=_begun(
                latest,
                pl.col("gone").fill_null(0).cum_sum(reverse=True).over("cohort"),
            ),
        )
        .with_columns(size=pl.col("alive").first().over("cohort"))
        .select(
            *("cohort", "size", "k", "alive"),
            share=rate("alive", "size"),
            later="later",
            later_share=rate("later", "size"),
            running=_begun(latest, runs),
        )
    )


def average(cells: pl.LazyFrame, ages: int = LAST_AGE) -> Unfinished:
    """Return the weighted average row of a grid, by age, over the same cohorts.

    They are the cohorts whose bucket of the last age, `ages`, has ended: a curve over
    other cohorts at each age would mix how old they are with when they began. Columns:
    k (0 to `ages`), size (n), alive, share with _low and _high, later, later_share with
    _low and _high (cohorts are the clusters of the intervals; see `uncertainty`; null
    at age 0, where all are active by definition).
    """
    old = cells.filter(_is_old(ages))
    same = cells.filter(pl.col("k") <= ages).join(
        old.select("cohort"), on="cohort", how="semi"
    )
    series = same.group_by("k").agg(
        pl.sum("size", "alive", "later"),
        share_sums=sums("alive", "size"),
        later_share_sums=sums("later", "size"),
    )
    shares = "share", "later_share"

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        ends = [f"{name}{end}" for name in shares for end in ("_low", "_high")]
        # All of a cohort are there at its start: that is certain.
        known = pl.when(pl.col("k") > 0).then(pl.col(ends))
        return intervals(*shares)(found).with_columns(known.name.keep())

    return Unfinished(series.sort("k"), finish)


def _is_old(ages: int = LAST_AGE) -> pl.Expr:
    """Return whether a cell is that of the last age of an average, which has ended."""
    return (pl.col("k") == ages) & ~pl.col("running")


def days_of_average(cells: pl.DataFrame, weeks: Weeks) -> tuple[date, date] | None:
    """Return the first and last day on which those of a grid's average started."""
    old = cells.filter(_is_old(), pl.col("size") > 0)
    cohorts = old["cohort"].sort().to_list()
    if not cohorts:
        return None
    return cohorts[0], cohorts[-1] + timedelta(weeks=weeks, days=-1)


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

    Columns: cohort (the owner's first bucket), bucket, last (whether it is the owner's
    last).
    """
    owner, day = split_owner_day(KEY)
    # Days between a day and the start of its bucket; START_DATE is a Monday.
    age = (day - START_DATE.toordinal() + _EPOCH) % step.days
    begins, bucket = changes(pl.col("owner")), pl.col("bucket")
    return (
        days.select(owner=owner, bucket=(day - age).cast(pl.Int32).cast(pl.Date))
        .filter(begins | changes(bucket))
        .select(
            "bucket",
            cohort=pl.when(begins).then(bucket).forward_fill(),
            last=begins.shift(-1, fill_value=True),
        )
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


# The age that is named beside the first, where it is known.
_LATER = 4


def _answer(frame: pl.DataFrame, what: str, unit: str) -> str | None:
    """Say how many come back after one bucket, and after some more.

    Takes a grid or its weighted average, and says the same of both.
    """
    if "running" in frame.columns:
        old = frame.filter(_is_old())
        frame = frame.join(old.select("cohort"), on="cohort", how="semi")
    soon, later = (
        share_of(frame.filter(pl.col("k") == age), "alive", "size")
        for age in (1, _LATER)
    )
    if soon is None or later is None:
        return None
    return (
        f"{portion_of(soon, what)} after 1 {unit}, "
        f"{portion(later, none='none')} after {_LATER} {unit}s."
    )


def _grid_of(
    query: Query, shared: SharedPlans, who: Cohorts, weeks: Weeks
) -> pl.LazyFrame:
    live, since = _READS_OF[who].name, date.min
    # Where the table begins late, those who were there before would look new.
    if begins := query.later_begins.get(live):
        since = begins + MATURE
    return grid(shared, query.as_of, who, weeks, zone=query.zone, since=since)


def _average_of(
    query: Query, shared: SharedPlans, who: Cohorts, weeks: Weeks
) -> Unfinished:
    return average(_grid_of(query, shared, who, weeks))


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
    reads = _READS_OF[who]
    back = {reads.name: MATURE}
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
            sample_sizes={"share": "size", "later_share": "size"},
            covers=covers,
            looks_back=back,
        ),
        table(
            f"{name}_average",
            "Average return rate",
            partial(_average_of, who=who, weeks=weeks),
            reads,
            answer=answer,
            sample_sizes={"share": "size", "later_share": "size"},
            covers=covers,
            looks_back=back,
        ),
    )


TABLES = (
    *_tables_of("rooms", 2),
    *_tables_of("rooms", 1),
    *_tables_of("users", 2),
    *_tables_of("users", 1),
)
