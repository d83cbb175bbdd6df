"""Traffic: how many visitors come, how long they stay, and whether they join a vote."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal

import polars as pl

from metrics.activity import (
    ACT,
    activity,
    followed,
    kept,
    length,
    minutes,
    sessions,
    started_at,
)
from metrics.activity_key import (
    act_second,
    changes,
    is_kind,
    is_later,
    is_of_estimations,
    user_number,
)
from metrics.constants import SESSION_GAP, VISIT_GAP
from metrics.expressions import (
    Bins,
    count_where,
    divided,
    mean_of,
    ratio,
    rounded,
    row_count,
)
from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans, Unfinished
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS
from metrics.time_axis import (
    axis_of,
    by_number,
    number_of,
    parts_of,
    series_of,
    side_by_side,
    totals_of,
)

_VIEWS = (PAGE_VIEWS.name,)
_VIEWS_AND_ESTIMATIONS = (PAGE_VIEWS.name, ESTIMATIONS.name)
_ALL = (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name)
_NO_VISITORS = "Users without a page view in the period."
_VISIT = (
    "Activity of one user with breaks up to 30 minutes. A visit belongs to the day on "
    "which it starts."
)
_SESSION = (
    "one user's page views and estimations with breaks up to 10 minutes, from the "
    "first to the last and 10 seconds more."
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
        _NO_VISITORS,
    ),
    Definition(
        "bounce_rate",
        "Never joined",
        "share",
        "Share of visitors who joined no vote in the period. (`GET /api` compares all "
        "visitors ever with all who joined a vote since 3 June 2024.)",
        _VIEWS_AND_ESTIMATIONS,
        _NO_VISITORS,
        less_is_better=True,
    ),
    Definition(
        "activation_rate",
        "Activation rate",
        "share",
        "Share of visitors who joined a vote in the period.",
        _VIEWS_AND_ESTIMATIONS,
        _NO_VISITORS,
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
        f"Of the day on which they start: {_SESSION}",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_mean_minutes",
        "Mean session",
        "minutes",
        f"Mean length of sessions: {_SESSION}",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_median_minutes",
        "Median session",
        "minutes",
        f"Half of the sessions are shorter: {_SESSION}",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
)
LABELS = ("bucket", "cut", "order", "length")

_COUNT, _FIGURE = pl.Int64(), pl.Float64()
_COLUMNS = {
    "unique_users": _COUNT,
    "page_views": _COUNT,
    "activated_users": _COUNT,
    "bounce_rate": _FIGURE,
    "activation_rate": _FIGURE,
    "visits": _COUNT,
    "visit_bounce_rate": _FIGURE,
    "session_mean_minutes": _FIGURE,
    "session_median_minutes": _FIGURE,
}
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
    ordered = activity(shared)
    later = is_later(ACT, since)
    figures = [
        kept(ordered, is_kind(ACT, "view")).select(
            unique_users=_users_of(ACT), page_views=row_count()
        ),
        kept(ordered, later & is_of_estimations(ACT)).select(joined=_users_of(ACT)),
        sessions(kept(ordered, later), SESSION_GAP).select(
            length=divided(length().mean(), 60)
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


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the figures of the period in one row.

    Visits that started before the period do not count again in it. Columns:
    unique_users, page_views, activated_users, bounce_rate, activation_rate, visits,
    visit_bounce_rate, session_mean_minutes, session_median_minutes; rates and means
    are null without users.
    """
    period = query.period
    found = [_together(shared, part, shared.beside(period)) for part in _PARTS]

    def finish(*parts: pl.DataFrame) -> pl.DataFrame:
        row: dict[str, Any] = {}
        for (periods, _), frame in zip(found, parts, strict=True):
            row |= by_number(frame).get(periods.index(period), {})
        return totals_of(with_rates(row), _COLUMNS)

    users, *further = (plan for _, plan in found)
    return Unfinished(users, finish, further)


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, uniques counted per bucket: bucket, …, cut."""
    period, every = query.period, query.granularity
    periods = shared.beside(period)
    users, *further = (_together(shared, part, periods, every)[1] for part in _PARTS)
    earlier = parts_of(shared, periods[: periods.index(period)], every)
    buckets = axis_of(shared, period, every)

    def finish(*parts: pl.DataFrame) -> pl.DataFrame:
        rows = by_number(*parts)
        figures = {number: with_rates(row) for number, row in rows.items()}
        return series_of(query, buckets, figures, _COLUMNS, len(earlier))

    return Unfinished(users, finish, further)


def per_period(
    shared: SharedPlans, periods: tuple[Period, ...], wanted: Collection[str]
) -> list[tuple[tuple[Period, ...], pl.LazyFrame]]:
    """Return plans of the figures of `totals` for each of these periods.

    They must be in order of time and must not overlap. Each plan comes with its
    periods, maybe more than these, and has a column number, which is their place. Rates
    of users are left out (see `with_rates`), and so is what nothing is wanted of. A
    period without any activity has no row.
    """
    return [
        _together(shared, part, periods)
        for part, figures in _PARTS.items()
        if part == "users" or not figures.keys().isdisjoint(wanted)
    ]


def session_lengths(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return how long the sessions of the period last.

    Columns: order, length (a label), sessions, share; all bins in each answer.
    """
    periods = shared.beside(query.period)
    whole = Period(periods[0].start, periods[-1].end)
    found = _visits(shared, "sessions", whole).with_columns(at=started_at())
    started = found.filter(query.period.contains("at"))
    return LENGTHS.count(started, minutes(length()), "sessions")


Part = Literal["users", "visits", "sessions"]
"""Figures that come from one plan."""
_BOTH = pl.col("both")
_PARTS: Mapping[Part, Mapping[str, pl.Expr]] = {
    "users": {
        "unique_users": count_where(
            pl.col("first") & (_BOTH | pl.col("views").is_not_null())
        ),
        "page_views": pl.col("views").sum().cast(pl.Int64),
        "activated_users": count_where(_BOTH),
    },
    "visits": {
        "visits": row_count(),
        "visit_bounce_rate": pl.col("lone_view").mean(),
    },
    "sessions": {
        "session_mean_minutes": mean_of(length(), 60),
        "session_median_minutes": minutes(length().median()),
    },
}


def _together(
    shared: SharedPlans,
    part: Part,
    periods: tuple[Period, ...],
    every: Granularity | None = None,
) -> tuple[tuple[Period, ...], pl.LazyFrame]:
    """Return figures of periods, or of their buckets: number (the place), the figures.

    What has no row has no number either.
    """

    def build() -> pl.LazyFrame:
        whole = Period(periods[0].start, periods[-1].end)
        figures = _PARTS[part]
        if part == "users":
            number = number_of(act_second(ACT), shared, periods, every)
            users = _users(_work(shared, whole), number)
            return users.group_by("number").agg(**figures)
        # A visit belongs to the part in which it starts, not to all that it touches.
        place = number_of(pl.col("started_at"), shared, periods, every)
        return _visits(shared, part, whole).group_by(number=place).agg(**figures)

    return shared.together((part, every), periods, build)


def _users(acts: pl.LazyFrame, number: pl.Expr) -> pl.LazyFrame:
    """Return a row per user and part of the time, split where they alternate.

    Columns: number (the part's place), first (of the user in this part), views (how
    many; 0 for participations), both (of the first: whether there is another). `acts`
    are views and participations.
    """
    joins, row = pl.col("joins"), pl.col("row")
    # Acts are in order of user and time, so each part of a user's time is one run.
    first = changes(user_number(ACT)) | changes(pl.col("number"))
    return (
        acts.select(
            "act",
            number=number,
            joins=is_of_estimations(ACT),
        )
        .select(
            *("number", "joins"),
            first=first,
            row=pl.int_range(pl.len(), dtype=pl.UInt32),
            rows=pl.len(),
        )
        .filter(pl.col("first") | changes(joins))
        .select(
            *("number", "first"),
            views=pl.when(~joins).then(pl.coalesce(row.shift(-1), "rows") - row),
            both=pl.col("first") & ~pl.col("first").shift(-1, fill_value=True),
        )
    )


def _visits(shared: SharedPlans, part: Part, whole: Period) -> pl.LazyFrame:
    """Return the visits, or sessions, of a span and of a day around it."""

    def build() -> pl.LazyFrame:
        if part == "visits":
            return sessions(followed(shared, whole), VISIT_GAP)
        return sessions(_work(shared, whole), SESSION_GAP)

    return shared.node((part, whole), build)


def _work(shared: SharedPlans, whole: Period) -> pl.LazyFrame:
    """Return the page views and participations of a span and of a day around it."""
    return shared.node(
        ("work", whole), lambda: kept(followed(shared, whole), ~is_kind(ACT, "event"))
    )


def with_rates(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with the shares of its users; null without a user."""
    users = row.get("unique_users")
    if not users:
        return {**row, "activation_rate": None, "bounce_rate": None}
    activated = row["activated_users"]
    return {
        **row,
        "activation_rate": activated / users,
        # One minus 0.84 is 0.16000000000000003.
        "bounce_rate": (users - activated) / users,
    }


_READS = (PAGE_VIEWS, EVENTS, ESTIMATIONS)
TABLES = (
    table("traffic_totals", "Traffic", totals, *_READS),
    table("traffic_over_time", "Traffic over time", over_time, *_READS),
    table(
        "session_lengths", "Session length", session_lengths, PAGE_VIEWS, ESTIMATIONS
    ),
)
