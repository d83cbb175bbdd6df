"""Room health: which rooms live, which cool down, which have gone quiet."""

from datetime import datetime, timedelta

import polars as pl

from metrics.card_scale import estimated, steps
from metrics.expressions import count_where, ratio, row_count
from metrics.frames import Frames

SPAN = timedelta(days=28)
HEALTHY, COOLING = 70, 40
"""Points from which on a room is healthy, and cooling; below it is dormant."""
STATES = ("healthy", "cooling", "dormant")
_PART = 25
_WEEKS, _PEOPLE = 2, 4
"""Active weeks, and estimators in the middle round, that earn all points."""
_WEEK = timedelta(days=7)


def health(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return every room that ever had a round, the healthiest first.

    Columns: room_name (null: deleted), health (0-100), state, its parts of 25 points
    each (health_weeks, health_people, health_consensus, health_recent), rounds (of
    the last 28 days), last_round_at, room_number, room_id.
    """
    parts = ("health_weeks", "health_people", "health_consensus", "health_recent")
    scored = _scored(frames, now).with_columns(health=pl.sum_horizontal(parts))
    names = frames.rooms.select(room_id="id", room_number="number", room_name="name")
    return (
        scored.with_columns(state=_state())
        .join(names, on="room_id", how="left")
        .select(
            *("room_name", "health", "state", *parts),
            *("rounds", "last_round_at", "room_number", "room_id"),
        )
        .sort("health", "last_round_at", "room_id", descending=[True, True, False])
    )


def states(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the number of rooms per state, all three, healthy first.

    Only rooms with a round in the last 56 days: others have been left for good.
    """
    lately = pl.col("last_round_at") > now - 2 * SPAN
    counts = (
        health(frames, now).filter(lately).group_by("state").agg(room_count=row_count())
    )
    return (
        pl.LazyFrame({"state": STATES})
        .join(counts, on="state", how="left", maintain_order="left")
        .with_columns(pl.col("room_count").fill_null(0))
    )


def went_dormant(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return rooms that were healthy 28 days ago and are dormant now.

    Columns: room_name, health_before, health, last_round_at, room_number, room_id,
    healthy_rooms (all rooms that were healthy 28 days ago; n); those that were
    healthiest first.
    """
    before = (
        _scored(frames, now - SPAN)
        .select("room_id", health_before=pl.sum_horizontal(pl.col("^health_.*$")))
        .filter(pl.col("health_before") >= HEALTHY)
        .with_columns(healthy_rooms=row_count())
    )
    return (
        health(frames, now)
        .filter(pl.col("health") < COOLING)
        .join(before, on="room_id")
        .select(
            *("room_name", "health_before", "health", "last_round_at"),
            *("room_number", "room_id", "healthy_rooms"),
        )
        .sort("health_before", "room_id", descending=[True, False])
    )


def _scored(frames: Frames, now: datetime) -> pl.LazyFrame:
    """Return the four parts of each room's health at an instant, 0-25 each."""
    return frames.once(("health", now), lambda: _scores(frames, now))


def _scores(frames: Frames, now: datetime) -> pl.LazyFrame:
    week = (now - pl.col("voted_at")).dt.total_microseconds() // _microseconds(_WEEK)
    ended = frames.votes.filter(pl.col("voted_at") <= now, estimated())
    last = ended.group_by("room_id").agg(last_round_at=pl.col("voted_at").max())
    lately = (
        ended.filter(pl.col("voted_at") > now - SPAN)
        .group_by("room_id")
        .agg(
            rounds=row_count(),
            weeks=week.n_unique(),
            people=pl.col("amount_of_estimations").median(),
            pairs=count_where(estimated(2)),
            near=count_where(estimated(2) & (steps() <= 1)),
        )
    )
    idle = (now - pl.col("last_round_at")).dt.total_microseconds()
    return last.join(lately, on="room_id", how="left").select(
        *("room_id", "last_round_at"),
        rounds=pl.col("rounds").fill_null(0),
        health_weeks=_points(pl.col("weeks") / _WEEKS),
        health_people=_points(pl.col("people") / _PEOPLE),
        health_consensus=_points(ratio("near", "pairs")),
        health_recent=_points(1 - idle / _microseconds(SPAN)),
    )


def _points(reached: pl.Expr) -> pl.Expr:
    """Return the points of one part: none where unknown, no more than all of it."""
    return _PART * reached.fill_null(0.0).clip(0, 1)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _state() -> pl.Expr:
    healthy, cooling, dormant = (pl.lit(state) for state in STATES)
    points = pl.col("health")
    return (
        pl.when(points >= HEALTHY)
        .then(healthy)
        .when(points >= COOLING)
        .then(cooling)
        .otherwise(dormant)
    )
