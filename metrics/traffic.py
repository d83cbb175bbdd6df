"""Who came, how long they stayed, and whether they took part."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from metrics.activity_key import (
    changes,
    is_kind,
    is_later,
    is_of_estimations,
    moment,
    person,
    person_day,
    second,
    split_owner_day,
)
from metrics.attendance import runs
from metrics.bins import Bins
from metrics.constants import SESSION_GAP, VISIT_GAP
from metrics.expressions import aggregate, count_where, ratio, rounded, row_count
from metrics.frames import Frames, Period
from metrics.query import Granularity
from metrics.sessions import (
    ACT,
    activity,
    followed,
    inside,
    kept,
    length,
    minutes,
    sessions,
    started_at,
    working_sessions,
)
from metrics.time_axis import (
    bucket_of,
    first_of_each,
    number_of,
    on_axis,
    period_axis,
    side_by_side,
)

_COUNTS = ("unique_users", "page_views", "activated_users", "visits")
_COLUMNS = (
    "unique_users",
    "page_views",
    "activated_users",
    "bounce_rate",
    "activation_rate",
    "visits",
    "visit_bounce_rate",
    "session_mean_minutes",
    "session_median_minutes",
)

LENGTHS = Bins(
    labels=(
        "under 1 min",
        "1–5 min",
        "5–15 min",
        "15–30 min",
        "30–60 min",
        "1–2 h",
        "2 h or more",
    ),
    edges=(1, 5, 15, 30, 60, 120),
)


def legacy(frames: Frames, since: datetime) -> pl.LazyFrame:
    """Return the old service's figures in one row.

    Columns: unique_users, page_views, bounce_rate, average_duration (minutes).
    """
    ordered = activity(frames, events=False)
    later = is_later(ACT, since)
    figures = [
        kept(ordered, is_kind(ACT, "view")).select(
            unique_users=_people_of(ACT), page_views=row_count()
        ),
        kept(ordered, later & is_of_estimations(ACT)).select(estimated=_people_of(ACT)),
        sessions(kept(ordered, later), SESSION_GAP).select(
            length=minutes(length().mean())
        ),
    ]
    bounce_rate = 1 - ratio("estimated", "unique_users")
    means = rounded(bounce_rate=bounce_rate, average_duration=pl.col("length"))
    return (
        side_by_side(figures)
        .select("unique_users", "page_views", means=means)
        .unnest("means")
    )


def _people_of(act: pl.Expr) -> pl.Expr:
    """Return the number of people in ordered activity."""
    return changes(person(act)).sum().cast(pl.Int64)


def totals(frames: Frames, period: Period | None = None) -> pl.LazyFrame:
    """Return the figures of the frames' rows, or of a window of them, in one row.

    Given a window, visits that started before it do not count again in it.
    Columns: unique_users, page_views, activated_users, bounce_rate,
    activation_rate, visits, visit_bounce_rate, session_mean_minutes,
    session_median_minutes; rates and means are null where there is nobody.
    """
    ordered = followed(frames, period)
    parts = [_people(inside(ordered, period), None), *_visits(ordered, period, None)]
    return side_by_side(parts).with_columns(*_rates()).select(_COLUMNS)


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket, uniques counted anew: bucket and its columns."""
    ordered = followed(frames, period)
    parts = [
        _people(inside(ordered, period), granularity),
        *_visits(ordered, period, granularity),
    ]
    return (
        on_axis(period_axis(period, granularity), parts, _COUNTS)
        .with_columns(*_rates())
        .select("bucket", *_COLUMNS)
    )


def per_period(frames: Frames, periods: Sequence[Period]) -> pl.LazyFrame:
    """Return `totals` of each period: number (its place) and its columns.

    The periods must be in order of time and must not overlap. A period without any
    activity is left out.
    """
    whole = Period(periods[0].start, periods[-1].end)
    ordered = followed(frames, whole)
    number = number_of(second(moment(ACT)), periods)
    acts = ordered.select("act", bucket=number).select(
        pl.all().filter(pl.col("bucket").is_not_null())
    )
    starts = changes(person(ACT)) | changes(pl.col("bucket"))
    users = runs(acts, starts, pl.col("bucket"), **_SUMS)
    figures = users.group_by("bucket").agg(**_PEOPLE_FIGURES)
    for found, of_visits in _of_visits(ordered):
        started = found.with_columns(bucket=number_of(pl.col("started_at"), periods))
        known = started.drop_nulls("bucket").group_by("bucket").agg(**of_visits)
        figures = figures.join(known, on="bucket", how="left")
    return figures.with_columns(*_rates()).select(
        pl.col("bucket").alias("number"), *_COLUMNS
    )


def session_lengths(frames: Frames, period: Period | None = None) -> pl.LazyFrame:
    """Return how long sessions last.

    Columns: order, length (a label), sessions, share; every class in each answer.
    """
    doing = _started(working_sessions(followed(frames, period)), period)
    return LENGTHS.count(doing, minutes(length()), "sessions")


def _people(acts: pl.LazyFrame, granularity: Granularity | None) -> pl.LazyFrame:
    """Return who came and who of them took part, each person once per bucket.

    `acts` are the window's activity. One row, or one per bucket that has any.
    """
    if granularity is None:
        return runs(acts, changes(person(ACT)), **_SUMS).select(**_PEOPLE_FIGURES)
    days = runs(acts, changes(person_day(ACT)), person_day(ACT).alias("key"), **_SUMS)
    return _per_bucket(days, granularity).group_by("bucket").agg(**_PEOPLE_FIGURES)


def _per_bucket(days: pl.LazyFrame, granularity: Granularity) -> pl.LazyFrame:
    """Return a row per person and bucket, of rows per person and day."""
    owner, day = split_owner_day(pl.col("key"))
    bucket = first_of_each(day.cast(pl.Int32).cast(pl.Date), granularity)
    if granularity == "day":
        return days.with_columns(bucket=bucket)
    starts = changes(pl.col("owner")) | changes(pl.col("bucket"))
    sums = {name: pl.col(name) for name in ("views", "took_part")}
    placed = days.with_columns(owner=owner, bucket=bucket)
    return runs(placed, starts, pl.col("bucket"), **sums)


_SUMS = {"views": is_kind(ACT, "view"), "took_part": is_of_estimations(ACT)}
_CAME = pl.col("views") > 0
_PEOPLE_FIGURES = {
    "unique_users": count_where(_CAME),
    "page_views": pl.col("views").sum().cast(pl.Int64),
    "activated_users": count_where(_CAME & (pl.col("took_part") > 0)),
}


def _visits(
    ordered: pl.LazyFrame, period: Period | None, granularity: Granularity | None
) -> list[pl.LazyFrame]:
    by = ("bucket",) if granularity else ()
    parts = []
    for found, figures in _of_visits(ordered):
        started = _started(found, period)
        if granularity:
            started = started.with_columns(bucket=bucket_of("at", granularity))
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


def _started(found: pl.LazyFrame, period: Period | None) -> pl.LazyFrame:
    placed = found.with_columns(at=started_at())
    return placed.filter(period.contains("at")) if period else placed


def _rates() -> tuple[pl.Expr, pl.Expr]:
    activation = ratio("activated_users", "unique_users")
    return (1 - activation).alias("bounce_rate"), activation.alias("activation_rate")
