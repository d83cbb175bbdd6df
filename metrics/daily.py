"""The last 24 hours, and the running day."""

from datetime import datetime, timedelta

import polars as pl

from metrics.expressions import distinct_count, row_count
from metrics.frames import Frames, Period, instant
from metrics.time_axis import side_by_side


def legacy(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the rows strictly later than 24 hours ago, counted, in one row.

    Columns: votes, estimations (sum over votes), rooms (distinct, of those votes),
    unique_users (of page views), page_views.
    """
    since = now - timedelta(hours=24)
    later = frames.map(lambda t, frame: frame.filter(pl.col(t.time) > instant(since)))
    return side_by_side(_counts(later))


def today(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the rows of the running day in UTC, counted, in one row.

    Columns: those of `reference`, new_users, rooms_new.
    """
    return _of(frames, Period.of_days(now.date(), now.date()))


def summary(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the running day and the last 24 hours, one row each.

    Columns: span ("today" or "last 24 hours") and those of `today`.
    """
    day = Period.of_days(now.date(), now.date())
    # What is exactly 24 hours ago is not in it.
    since = now - timedelta(hours=24) + timedelta.resolution
    late = Period(since, day.end)
    frames = frames.reaching(late)
    spans = {"today": day, "last 24 hours": late}
    return pl.concat(
        _of(frames, period).select(pl.lit(span).alias("span"), pl.all())
        for span, period in spans.items()
    )


def _of(frames: Frames, period: Period) -> pl.LazyFrame:
    inside = frames.within(period)
    return side_by_side([*_counts(inside), *_new(inside)])


def _counts(frames: Frames) -> list[pl.LazyFrame]:
    return [
        frames.votes.select(
            votes=row_count(),
            estimations=pl.col("amount_of_estimations").sum().cast(pl.Int64),
            rooms=distinct_count("room_id"),
        ),
        frames.page_views.select(
            unique_users=distinct_count("user"), page_views=row_count()
        ),
    ]


def _new(frames: Frames) -> list[pl.LazyFrame]:
    return [
        frames.users.select(new_users=row_count()),
        frames.rooms.select(rooms_new=row_count()),
    ]
