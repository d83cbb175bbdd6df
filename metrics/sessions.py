"""What people do, split into sessions and visits wherever they pause."""

from datetime import timedelta

import polars as pl

from metrics.activity_key import either, is_kind, is_within, kind, moment, pack, second
from metrics.card_scale import is_estimation
from metrics.constants import SESSION_BONUS, SESSION_GAP, VISIT_MARGIN
from metrics.expressions import divided
from metrics.frames import Frames, Period
from metrics.tables import TIMESTAMP, USER

ACT = pl.col("act")
"""The column of `activity`."""


def activity(frames: Frames, *, events: bool = True) -> pl.LazyFrame:
    """Return what people did, all of one person together, in order of time.

    One column, act (see `packed`): page views, estimations (and rows of those who
    only watch), and events unless they are not asked for.
    """
    acts = [
        _acts(frames.page_views, "viewed_at", kind("view")),
        _estimations(frames.estimations),
    ]
    if events:
        acts.append(_acts(frames.events, "event_at", kind("event")))
    return frames.once(("activity", events), lambda: pl.concat(acts).sort("act"))


def estimating(frames: Frames) -> pl.LazyFrame:
    """Return the part of `activity` that is estimating, in its order."""
    rows = all_estimations(frames)
    return frames.once("estimating", lambda: _estimations(rows).sort("act"))


def all_estimations(frames: Frames) -> pl.LazyFrame:
    """Return estimations for who reads all of them, read once for all who do."""
    return frames.once("estimations", lambda: frames.estimations)


def _estimations(rows: pl.LazyFrame) -> pl.LazyFrame:
    of_kind = either("estimation", is_estimation(), "watching")
    return _acts(rows, "estimated_at", of_kind)


def _acts(frame: pl.LazyFrame, time: str, of_kind: pl.Expr) -> pl.LazyFrame:
    return frame.select(act=pack(pl.col(USER), pl.col(time), of_kind))


def kept(ordered: pl.LazyFrame, which: pl.Expr) -> pl.LazyFrame:
    """Keep some of what people did, in its order.

    Polars moves a `filter` of the frame beneath the sort, which then runs once for
    each filter; this one stays above, and all share the sort.
    """
    return ordered.select(ACT.filter(which))


def followed(frames: Frames, period: Period | None) -> pl.LazyFrame:
    """Return the activity of a window and a day around it: no visit is cut short."""
    if period is None:
        return activity(frames)
    around = Period(period.start - VISIT_MARGIN, period.end + VISIT_MARGIN)
    return activity(frames.within(around))


def inside(ordered: pl.LazyFrame, period: Period | None) -> pl.LazyFrame:
    """Keep what was done in a window."""
    if period is None:
        return ordered
    return kept(ordered, is_within(ACT, period.start, period.end))


def sessions(ordered: pl.LazyFrame, gap: timedelta) -> pl.LazyFrame:
    """Split activity where a person pauses for longer than `gap`.

    Columns: started_at, ended_at (seconds since 1970), lone_view (nothing but one
    page view).
    """
    at = pl.col("at")
    # Another person's moment is far away as well.
    pause = at - at.shift() > gap // timedelta(seconds=1)
    return (
        ordered.select("act", at=moment(ACT))
        .with_columns(starts=pause.fill_null(value=True))
        .with_columns(ends=pl.col("starts").shift(-1, fill_value=True))
        .select(
            started_at=second(at.filter("starts")),
            ended_at=second(at.filter("ends")),
            lone_view=(pl.col("ends") & is_kind(ACT, "view")).filter("starts"),
        )
    )


def started_at() -> pl.Expr:
    """Return when a session started, as a timestamp."""
    return (pl.col("started_at").cast(pl.Int64) * 1_000_000).cast(TIMESTAMP)


def length() -> pl.Expr:
    """Return a session's length in seconds, whose sums are exact."""
    spent = pl.col("ended_at") - pl.col("started_at")
    return spent.cast(pl.Int64) + SESSION_BONUS // timedelta(seconds=1)


def minutes(seconds: pl.Expr) -> pl.Expr:
    """Return seconds as a float of minutes."""
    return divided(seconds, 60)


def working_sessions(ordered: pl.LazyFrame) -> pl.LazyFrame:
    """Return sessions of page views and estimations, as the old service's were."""
    return sessions(kept(ordered, ~is_kind(ACT, "event")), SESSION_GAP)
