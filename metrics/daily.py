"""Daily: the running day, and the last 24 hours."""

from datetime import datetime, timedelta

import polars as pl

from metrics.expressions import distinct_count, row_count, total
from metrics.frames import Frames, Period, instant
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import PAGE_VIEWS, ROOMS, USERS, VOTES
from metrics.time_axis import side_by_side

_TODAY = (VOTES.name, PAGE_VIEWS.name, USERS.name)
_NO_BOTS = "Bots."
DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "today",
        "So far",
        "count",
        "Counted since midnight, up to the end of the data.",
        _TODAY,
        _NO_BOTS,
    ),
    Definition(
        "median",
        "Median",
        "number",
        "Median of the same weekday in the 8 weeks before, up to the same time of day; "
        "empty with fewer than 4 weeks of data.",
        _TODAY,
        _NO_BOTS,
    ),
    Definition(
        "lowest",
        "Lowest",
        "count",
        "The lowest of these days, up to the same time of day.",
        _TODAY,
        _NO_BOTS,
    ),
    Definition(
        "highest",
        "Highest",
        "count",
        "The highest of these days, up to the same time of day.",
        _TODAY,
        _NO_BOTS,
    ),
    Definition(
        "weeks",
        "Weeks (n)",
        "count",
        "Number of these days after the first one with data.",
        _TODAY,
        _NO_BOTS,
    ),
)
LABELS = ("span",)


def legacy(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the rows strictly later than 24 hours ago, counted, in one row.

    Columns: votes, estimations (sum over votes), rooms (distinct, of those votes),
    unique_users (of page views), page_views. Bots count.
    """
    since = now - timedelta(hours=24)
    later = frames.map(lambda t, frame: frame.filter(pl.col(t.time) > instant(since)))
    return side_by_side(_counts(later))


def summary(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the running day and the last 24 hours, one row each, up to the clock.

    Columns: span ("today" or "last 24 hours"), those of `legacy`, new_users and
    rooms_new.
    """
    now = query.now
    midnight = Period.of_days(query.today, query.today, query.zone).start
    day = Period(midnight, now)
    # What is exactly 24 hours ago is not in it.
    late = Period(now - timedelta(hours=24) + timedelta.resolution, now)
    recent = shared.prefetching(late)
    spans = {"today": day, "last 24 hours": late}
    return pl.concat(
        _of(recent.within(period)).select(pl.lit(span).alias("span"), pl.all())
        for span, period in spans.items()
    )


def _last_day(query: Query) -> Period:
    return Period(query.now - timedelta(hours=24), query.now, query.zone)


def _of(inside: Frames) -> pl.LazyFrame:
    new = [
        inside.users.select(new_users=row_count()),
        inside.rooms.select(rooms_new=row_count()),
    ]
    return side_by_side([*_counts(inside), *new])


def _counts(frames: Frames) -> list[pl.LazyFrame]:
    return [
        frames.votes.select(
            votes=row_count(),
            estimations=total("amount_of_estimations"),
            rooms=distinct_count("room_id"),
        ),
        frames.page_views.select(
            unique_users=distinct_count("user"), page_views=row_count()
        ),
    ]


TABLES = (
    table(
        "daily_summary",
        "Today and the last 24 hours",
        summary,
        VOTES,
        PAGE_VIEWS,
        USERS,
        ROOMS,
        covers=_last_day,
    ),
)
