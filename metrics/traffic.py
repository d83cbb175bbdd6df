"""Traffic: how many visitors come, how long they stay, and whether they join a vote."""

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl

from metrics.activity import (
    ACT,
    activity,
    at_local_days,
    followed,
    inside,
    kept,
    length,
    minutes,
    runs,
    sessions,
    started_at,
    working_sessions,
)
from metrics.activity_key import (
    act_second,
    at_local_time,
    changes,
    is_kind,
    is_later,
    is_of_estimations,
    split_owner_day,
    split_user_hour,
    user_day,
    user_hour,
    user_number,
)
from metrics.constants import SESSION_GAP, VISIT_GAP
from metrics.expressions import Bins, aggregate, count_where, ratio, rounded, row_count
from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS
from metrics.time_axis import (
    bucket_of,
    first_of_each,
    hour_at,
    hour_offset,
    number_of,
    on_axis,
    period_axis,
    side_by_side,
    time_series,
)

_VIEWS = (PAGE_VIEWS.name,)
_VIEWS_AND_ESTIMATIONS = (PAGE_VIEWS.name, ESTIMATIONS.name)
_ALL = (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name)
_SAME_USERS = (
    "Users without a page view in the period. (The `bounce_rate` of `GET /api` "
    "compares all visitors ever with all users who joined a vote since 3 June 2024.)"
)
_VISIT = (
    "Activity of one user with breaks up to 30 minutes. A visit belongs to the day on "
    "which it starts."
)
_SESSION = (
    "A session is one user's page views and estimations with breaks up to 10 minutes; "
    "it lasts from the first to the last of them, plus 10 seconds."
)
_EARLIER_VISITS = "Visits that started before the period."
_NO_EVENTS = "Events: they neither start nor prolong a session."

DEFINITIONS = (
    Definition(
        "unique_users",
        "Unique users",
        "count",
        "Users with a page view in the period.",
        _VIEWS,
    ),
    Definition(
        "page_views", "Page views", "count", "Pages viewed in the period.", _VIEWS
    ),
    Definition(
        "activated_users",
        "Activated users",
        "count",
        "Visitors who joined a vote in the period, as estimator or as spectator.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_USERS,
    ),
    Definition(
        "bounce_rate",
        "Never joined",
        "share",
        "Share of visitors who joined no vote in the period.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_USERS,
        less_is_better=True,
    ),
    Definition(
        "activation_rate",
        "Activation rate",
        "share",
        "Share of visitors who joined a vote in the period.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_USERS,
    ),
    Definition("visits", "Visits", "count", _VISIT, _ALL, _EARLIER_VISITS),
    Definition(
        "visit_bounce_rate",
        "Visit bounce rate",
        "share",
        "Share of visits with one page view and nothing else.",
        _ALL,
        _EARLIER_VISITS,
        less_is_better=True,
    ),
    Definition(
        "sessions",
        "Sessions",
        "count",
        f"{_SESSION} It belongs to the day on which it starts.",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_mean_minutes",
        "Mean session",
        "minutes",
        f"Mean length of the sessions of the period. {_SESSION}",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_median_minutes",
        "Median session",
        "minutes",
        f"Half of the sessions of the period are shorter. {_SESSION}",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
)
LABELS = ("bucket", "cut", "order", "length")

_COUNTS = ("unique_users", "page_views", "activated_users", "visits")
_COLUMNS = (
    *("unique_users", "page_views", "activated_users"),
    *("bounce_rate", "activation_rate", "visits", "visit_bounce_rate"),
    *("session_mean_minutes", "session_median_minutes"),
)
LENGTHS = Bins(
    labels=(
        *("under 1 min", "1–5 min", "5–15 min", "15–30 min", "30–60 min"),
        *("1–2 h", "2 h or more"),
    ),
    edges=(1, 5, 15, 30, 60, 120),
)


def legacy(shared: SharedPlans, since: datetime) -> pl.LazyFrame:
    """Return the old service's figures in one row.

    Columns: unique_users, page_views, bounce_rate, average_duration (minutes).
    """
    ordered = activity(shared, events=False)
    later = is_later(ACT, since)
    figures = [
        kept(ordered, is_kind(ACT, "view")).select(
            unique_users=_users_of(ACT), page_views=row_count()
        ),
        kept(ordered, later & is_of_estimations(ACT)).select(joined=_users_of(ACT)),
        sessions(kept(ordered, later), SESSION_GAP).select(
            length=minutes(length().mean())
        ),
    ]
    # As the old service had it: all visitors ever, but those who joined since a date.
    bounce_rate = 1 - ratio("joined", "unique_users")
    means = rounded(bounce_rate=bounce_rate, average_duration=pl.col("length"))
    return (
        side_by_side(figures)
        .select("unique_users", "page_views", means=means)
        .unnest("means")
    )


def _users_of(act: pl.Expr) -> pl.Expr:
    """Return the number of users in ordered activity."""
    return changes(user_number(act)).sum().cast(pl.Int64)


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the figures of the period in one row.

    Visits that started before the period do not count again in it. Columns:
    unique_users, page_views, activated_users, bounce_rate, activation_rate, visits,
    visit_bounce_rate, session_mean_minutes, session_median_minutes; rates and means
    are null without users.
    """
    period, ordered = query.period, followed(shared, query.period)
    # Users count inside the period; visits are followed across its edges.
    parts = [_users(inside(ordered, period)), *_visits(ordered, period, None)]
    return side_by_side(parts).with_columns(*_rates()).select(_COLUMNS)


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bucket, uniques counted per bucket: bucket, …, cut."""
    period, every = query.period, query.granularity
    ordered = followed(shared, period)
    users = _users_over_time(inside(ordered, period), period, every)
    parts = [users, *_visits(ordered, period, every)]
    series = (
        on_axis(period_axis(period, every), parts, _COUNTS)
        .with_columns(*_rates())
        .select("bucket", *_COLUMNS)
    )
    return time_series(series, query)


def per_period(
    shared: SharedPlans, periods: Sequence[Period], wanted: Collection[str]
) -> pl.LazyFrame:
    """Return figures of `totals` for each period: number (its place), those wanted.

    The periods must be in order of time and must not overlap. A period without any
    activity is left out.
    """
    whole = Period(periods[0].start, periods[-1].end)
    ordered = followed(
        shared, whole, events=not _VISIT_FIGURES.keys().isdisjoint(wanted)
    )
    numbered = ordered.select("act", second=act_second(ACT)).select(
        "act", bucket=number_of("second", periods)
    )
    acts = numbered.select(pl.all().filter(pl.col("bucket").is_not_null()))
    # Acts are in order of user and time, so each period of a user is one run.
    starts = changes(user_number(ACT)) | changes(pl.col("bucket"))
    users = runs(acts, starts, pl.col("bucket"), **_SUMS)
    figures = users.group_by("bucket").agg(**_USER_FIGURES)
    for found, of_visits in _of_visits(ordered):
        # What nothing is wanted of would be joined all the same.
        if of_visits.keys().isdisjoint(wanted):
            continue
        # A visit belongs to the period in which it starts, not to each that it touches.
        started = found.with_columns(bucket=number_of("started_at", periods))
        known = started.drop_nulls("bucket").group_by("bucket").agg(**of_visits)
        figures = figures.join(known, on="bucket", how="left")
    return figures.with_columns(*_rates()).select(
        pl.col("bucket").alias("number"), *wanted
    )


def session_lengths(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return how long the sessions of the period last.

    Columns: order, length (a label), sessions, share; all bins in each answer.
    """
    found = working_sessions(followed(shared, query.period))
    return LENGTHS.count(_started(found, query.period), minutes(length()), "sessions")


def _users(acts: pl.LazyFrame) -> pl.LazyFrame:
    """Return visitors and who of them joined a vote, of a period's activity."""
    return runs(acts, changes(user_number(ACT)), **_SUMS).select(**_USER_FIGURES)


def _users_over_time(
    acts: pl.LazyFrame, period: Period, every: Granularity
) -> pl.LazyFrame:
    """Return `_users` per bucket that has any, each user once per bucket."""
    per_bucket = (
        _per_hour(acts, period)
        if every == "hour"
        else _per_bucket(_per_day(acts, period), every)
    )
    return per_bucket.group_by("bucket").agg(**_USER_FIGURES)


def _per_day(acts: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Return a row per user and day: key and the sums."""
    day = user_day(ACT)
    return runs(at_local_days(acts, period), changes(day), day.alias("key"), **_SUMS)


def _per_hour(acts: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Return a row per user and hour: bucket and the sums."""
    # Zones like India's are half an hour off: their hours start at half past in UTC.
    shifted = at_local_time(ACT, act_second(ACT) - hour_offset(period))
    key = user_hour(ACT)
    hours = runs(acts.select(shifted), changes(key), key.alias("key"), **_SUMS)
    _, hour = split_user_hour(pl.col("key"))
    return hours.with_columns(bucket=hour_at(hour, period))


def _per_bucket(days: pl.LazyFrame, every: Granularity) -> pl.LazyFrame:
    """Return a row per user and bucket, of rows per user and day."""
    owner, day = split_owner_day(pl.col("key"))
    bucket = first_of_each(day.cast(pl.Int32).cast(pl.Date), every)
    # Days are the runs already.
    if every == "day":
        return days.with_columns(bucket=bucket)
    starts = changes(pl.col("owner")) | changes(pl.col("bucket"))
    sums = {name: pl.col(name) for name in ("views", "joined")}
    placed = days.with_columns(owner=owner, bucket=bucket)
    return runs(placed, starts, pl.col("bucket"), **sums)


_SUMS = {"views": is_kind(ACT, "view"), "joined": is_of_estimations(ACT)}
_CAME = pl.col("views") > 0
_USER_FIGURES = {
    "unique_users": count_where(_CAME),
    "page_views": pl.col("views").sum().cast(pl.Int64),
    "activated_users": count_where(_CAME & (pl.col("joined") > 0)),
}


def _visits(
    ordered: pl.LazyFrame, period: Period, every: Granularity | None
) -> list[pl.LazyFrame]:
    by = ("bucket",) if every else ()
    parts = []
    for found, figures in _of_visits(ordered):
        started = _started(found, period)
        if every:
            started = started.with_columns(bucket=bucket_of("at", every, period))
        parts.append(aggregate(started, by, **figures))
    return parts


def _of_visits(
    ordered: pl.LazyFrame,
) -> tuple[tuple[pl.LazyFrame, dict[str, pl.Expr]], ...]:
    """Return visits and sessions, each with its figures."""
    return (
        (sessions(ordered, VISIT_GAP), _VISIT_FIGURES),
        (working_sessions(ordered), _SESSION_FIGURES),
    )


_VISIT_FIGURES = {
    "visits": row_count(),
    "visit_bounce_rate": pl.col("lone_view").mean(),
}
_SESSION_FIGURES = {
    "session_mean_minutes": minutes(length().mean()),
    "session_median_minutes": minutes(length().median()),
}


def _started(found: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    return found.with_columns(at=started_at()).filter(period.contains("at"))


def _rates() -> tuple[pl.Expr, pl.Expr]:
    activation = ratio("activated_users", "unique_users")
    return (1 - activation).alias("bounce_rate"), activation.alias("activation_rate")


_READS = (PAGE_VIEWS, EVENTS, ESTIMATIONS)
TABLES = (
    table("traffic_totals", "Traffic", totals, *_READS),
    table("traffic_over_time", "Traffic over time", over_time, *_READS),
    table(
        "session_lengths", "Session length", session_lengths, PAGE_VIEWS, ESTIMATIONS
    ),
)
