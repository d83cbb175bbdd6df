"""What people do, split into sessions and visits wherever they pause."""

from datetime import timedelta

import polars as pl
from polars import selectors as cs

from metrics.constants import SESSION_BONUS, SESSION_GAP
from metrics.frames import Frames
from metrics.measures import divided

_KIND = pl.Enum(["view", "event", "estimation"])


def activity(frames: Frames, *, events: bool = True) -> pl.LazyFrame:
    """Return what people did, all of one person together, in order of time.

    Columns: person (a number that only this answer knows), at, kind ("view",
    "estimation", and "event" unless they are not asked for).
    """
    kinds = (
        (frames.page_views, "viewed_at", "view"),
        (frames.estimations, "estimated_at", "estimation"),
        *(((frames.events, "event_at", "event"),) if events else ()),
    )
    return by_person(
        pl.concat(
            frame.select("user", at=pl.col(time), kind=pl.lit(kind, _KIND))
            for frame, time, kind in kinds
        )
    )


def by_person(rows: pl.LazyFrame, key: str = "user") -> pl.LazyFrame:
    """Bring the rows of each person together, in order of the column `at`.

    The column `key` becomes `person`, a number. Sorting times and grouping keys,
    which keeps the order within a group, takes half as long as sorting by both.
    """
    return (
        rows.sort("at")
        .group_by(key)
        .agg(pl.all())
        .drop(key)
        .with_row_index("person")
        .explode(cs.exclude("person"))
    )


def sessions(ordered: pl.LazyFrame, gap: timedelta) -> pl.LazyFrame:
    """Split activity where a person pauses for longer than `gap`.

    Columns: started_at, ended_at, lone_view (nothing but one page view).
    """
    new_person = pl.col("person") != pl.col("person").shift()
    pause = pl.col("at") - pl.col("at").shift()
    starts = (new_person | (pause > gap)).fill_null(value=True)
    return (
        ordered.with_columns(starts=starts, before=pl.col("at").shift())
        .with_columns(
            alone=pl.col("starts").shift(-1, fill_value=True), latest=pl.last("at")
        )
        .filter("starts")
        .select(
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
