"""The last 24 hours, and the running day."""

from datetime import datetime, timedelta

import polars as pl

from metrics.buckets import side_by_side
from metrics.frames import Frames, Window, instant
from metrics.measures import distinct, rows


def reference(frames: Frames, now: datetime) -> pl.LazyFrame:
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
    return _of(frames, Window.of_days(now.date(), now.date()))


def summary(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the running day and the last 24 hours, one row each.

    Columns: span ("today" or "last 24 hours") and those of `today`.
    """
    day = Window.of_days(now.date(), now.date())
    # What is exactly 24 hours ago is not in it.
    since = now - timedelta(hours=24) + timedelta.resolution
    late = Window(since, day.end)
    frames = frames.reaching(late)
    spans = {"today": day, "last 24 hours": late}
    return pl.concat(
        _of(frames, window).select(pl.lit(span).alias("span"), pl.all())
        for span, window in spans.items()
    )


def _of(frames: Frames, window: Window) -> pl.LazyFrame:
    inside = frames.within(window)
    return side_by_side([*_counts(inside), *_new(inside)])


def _counts(frames: Frames) -> list[pl.LazyFrame]:
    return [
        frames.votes.select(
            votes=rows(),
            estimations=pl.col("amount_of_estimations").sum().cast(pl.Int64),
            rooms=distinct("room_id"),
        ),
        frames.page_views.select(unique_users=distinct("user"), page_views=rows()),
    ]


def _new(frames: Frames) -> list[pl.LazyFrame]:
    return [
        frames.users.select(new_users=rows()),
        frames.rooms.select(rooms_new=rows()),
    ]
