"""What people do, split into sessions and visits wherever they pause."""

from datetime import timedelta

import polars as pl

from metrics.constants import SESSION_BONUS, SESSION_GAP
from metrics.frames import Frames
from metrics.measures import divided

_KIND = pl.Enum(["view", "event", "estimation"])


def activity(frames: Frames) -> pl.LazyFrame:
    """Return all that people did, per person in order of time.

    Columns: user_id, at, kind ("view", "event" or "estimation").
    """
    kinds = (
        (frames.page_views, "viewed_at", "view"),
        (frames.events, "event_at", "event"),
        (frames.estimations, "estimated_at", "estimation"),
    )
    return pl.concat(
        frame.select("user_id", at=pl.col(time), kind=pl.lit(kind, _KIND))
        for frame, time, kind in kinds
    ).sort("user_id", "at")


def sessions(ordered: pl.LazyFrame, gap: timedelta) -> pl.LazyFrame:
    """Split activity, sorted by person and time, where a pause exceeds `gap`.

    Columns: user_id, started_at, ended_at, lone_view (nothing but one page view).
    """
    new_person = pl.col("user_id").ne_missing(pl.col("user_id").shift())
    pause = pl.col("at") - pl.col("at").shift()
    starts = (new_person | (pause > gap)).fill_null(value=True)
    return (
        ordered.with_columns(starts=starts, before=pl.col("at").shift())
        .with_columns(
            alone=pl.col("starts").shift(-1, fill_value=True), latest=pl.last("at")
        )
        .filter("starts")
        .select(
            "user_id",
            started_at="at",
            # A session ends right before the next one in this order starts.
            ended_at=pl.col("before").shift(-1).fill_null(pl.col("latest")),
            lone_view=pl.col("alone") & (pl.col("kind") == "view"),
        )
    )


def length() -> pl.Expr:
    """Return a session's length in microseconds, whose sums are exact."""
    spent = pl.col("ended_at") - pl.col("started_at") + SESSION_BONUS
    return spent.dt.total_microseconds()


def minutes(microseconds: pl.Expr) -> pl.Expr:
    """Return microseconds as a float of minutes."""
    return divided(microseconds, 60_000_000)


def working_sessions(ordered: pl.LazyFrame) -> pl.LazyFrame:
    """Return sessions of page views and estimations, as the old service's were."""
    return sessions(ordered.filter(pl.col("kind") != "event"), SESSION_GAP)
