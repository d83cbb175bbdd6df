"""What users do in order of time: sessions, visits, days of users and rooms."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from metrics.activity_key import (
    act_second,
    at_local_time,
    changes,
    either,
    is_kind,
    is_within,
    kind,
    moment,
    owner_day,
    pack,
    second,
    user_day,
)
from metrics.card_scale import is_estimation
from metrics.constants import SESSION_BONUS, VISIT_MARGIN
from metrics.expressions import divided
from metrics.frames import Frames, Period
from metrics.query import SharedPlans
from metrics.tables import TIMESTAMP, USER
from metrics.time_axis import local_days
from metrics.time_zone import UTC_ZONE

ACT = pl.col("act")
"""The column of `activity`."""
KEY = pl.col("key")
"""Owner and day (see `owner_day`), each once, in order."""


def activity(shared: SharedPlans) -> pl.LazyFrame:
    """Return the page views and participations of all of history.

    One column, act (see `pack`): all of one user together, in order of time.
    """
    return shared.node(
        "activity", lambda: _in_order(shared, _views_and_participations(shared.frames))
    )


def _views_and_participations(frames: Frames) -> list[pl.LazyFrame]:
    return [
        _acts(frames.page_views, "viewed_at", kind("view")),
        _participations(frames.estimations),
    ]


def _in_order(shared: SharedPlans, acts: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    # Few rows are sorted sooner by one thread than by several.
    several = not shared.frames.in_memory
    return pl.concat(acts).sort("act", multithreaded=several)


def participating(shared: SharedPlans) -> pl.LazyFrame:
    """Return the participations of all of history, as `activity` has them."""

    def build() -> pl.LazyFrame:
        return _participations(all_participations(shared)).sort("act")

    return shared.node("participating", build)


def all_participations(shared: SharedPlans) -> pl.LazyFrame:
    """Return the table of participations, read once for all plans that read it all."""
    return shared.node("participations", lambda: shared.frames.estimations)


def _participations(rows: pl.LazyFrame) -> pl.LazyFrame:
    of_kind = either("estimation", is_estimation(), "watching")
    return _acts(rows, "estimated_at", of_kind)


def _acts(frame: pl.LazyFrame, time: str, of_kind: pl.Expr) -> pl.LazyFrame:
    return frame.select(act=pack(pl.col(USER), pl.col(time), of_kind))


def kept(ordered: pl.LazyFrame, which: pl.Expr) -> pl.LazyFrame:
    """Keep some of what users did, in its order.

    Polars moves a `filter` of the frame beneath the sort, which then runs once for
    each filter; this one stays above, and all share the sort.
    """
    return ordered.select(ACT.filter(which))


def followed(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return what users did in a period and a day around it: no visit is cut short.

    As `activity`, and events.
    """
    around = Period(period.start - VISIT_MARGIN, period.end + VISIT_MARGIN)

    def build() -> pl.LazyFrame:
        frames = shared.within(around)
        events = _acts(frames.events, "event_at", kind("event"))
        return _in_order(shared, [*_views_and_participations(frames), events])

    span, ordered = shared.covering("activity around", around, build)
    if span == around:
        return ordered
    # Part of what is sorted: to choose rows is quicker than to sort them again.
    return shared.node(("activity in", around), lambda: inside(ordered, around))


def inside(ordered: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Keep what was done in a period."""
    return kept(ordered, is_within(ACT, period.start, period.end))


def sessions(ordered: pl.LazyFrame, gap: timedelta) -> pl.LazyFrame:
    """Split activity where a user pauses for longer than `gap`.

    Columns: started_at, ended_at (seconds since 1970), lone_view (nothing but one
    page view).
    """
    at = pl.col("at")
    # Another user's moment is far away as well.
    pause = at - at.shift() > gap // timedelta(seconds=1)
    return (
        # The running sum at the end of a run, minus that at the end of the run before.
        ordered.select("act", at=moment(ACT))
        .with_columns(starts=pause.fill_null(value=True))
        .with_columns(ends=pl.col("starts").shift(-1, fill_value=True))
        .select(
            # Filtering the expressions, not the frame, keeps the shared sort below.
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


def at_local_days(acts: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Return activity of a period whose days are those of its zone."""
    # Most teams never leave UTC: shifting every act costs as much as the sort saves.
    if period.zone == UTC_ZONE:
        return acts
    return acts.select(at_local_time(ACT, period.local_seconds(act_second(ACT))))


def days_of_users(
    ordered: pl.LazyFrame, wanted: pl.Expr, period: Period
) -> pl.LazyFrame:
    """Return the days on which users did something that is wanted: key.

    `ordered` is activity, or a part of it in its order, in the period's span.
    """
    acts = at_local_days(kept(ordered, wanted), period)
    keys = acts.select(key=user_day(ACT)).filter(changes(KEY))
    return keys.cast(pl.Int64)


def days_of_rooms(rows: pl.LazyFrame, time: str, period: Period) -> pl.LazyFrame:
    """Return the days on which rooms have rows, in the period's zone: key."""
    day = local_days(pl.col(time), period)
    keys = rows.select(key=owner_day(pl.col("room_id"), day))
    # Rows of one vote are adjacent: dropping repeats leaves less to sort.
    return keys.filter(changes(KEY)).unique().sort("key")
