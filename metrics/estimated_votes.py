"""Rounds, the estimates given in them, and the meetings they form."""

from datetime import timedelta

import polars as pl

from metrics.card_scale import estimated, is_estimation, place, steps
from metrics.frames import Frames, Period
from metrics.query import Granularity

JOINED_WITHIN = timedelta(seconds=2)
"""How far an estimate's time may be from its round's."""
AFTERWARDS = timedelta(days=1)
"""How long after a window the next round of its last ones is looked for."""
MEETING_GAP = timedelta(hours=1)
"""Rounds of a room that are less apart belong to one meeting."""


def rounds(frames: Frames, period: Period, at_least: int = 1) -> pl.LazyFrame:
    """Return the window's rounds with so many estimates.

    Columns: those of votes, and started_at, steps.
    """
    held = frames.once(("rounds", period), lambda: _rounds(frames, period))
    return held if at_least == 1 else held.filter(estimated(at_least))


def _rounds(frames: Frames, period: Period) -> pl.LazyFrame:
    return frames.votes.filter(period.contains("voted_at"), estimated()).select(
        pl.all(),
        started_at=pl.col("voted_at") - pl.duration(seconds="duration"),
        steps=steps(),
    )


def only_estimations(estimations: pl.LazyFrame) -> pl.LazyFrame:
    """Keep what people estimated themselves: no spectators, no empty rows."""
    return estimations.filter(is_estimation())


def joined(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return the estimates of the window's rounds, each with its round.

    Columns: those of `with_rounds`; estimates without a round are left out.
    """
    return joined_on(frames, period).filter(period.contains("voted_at"))


def joined_on(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return what `joined` does, and the rounds of one day more: what came next."""
    longer = Period(period.start, period.end + AFTERWARDS)
    return frames.once(("joined", period), lambda: _joined(frames, longer))


def _joined(frames: Frames, period: Period) -> pl.LazyFrame:
    around = Period(period.start - JOINED_WITHIN, period.end + JOINED_WITHIN)
    near = frames.estimations.filter(around.contains("estimated_at"))
    return with_rounds(near, frames.votes.filter(around.contains("voted_at"))).filter(
        period.contains("voted_at")
    )


def with_rounds(estimations: pl.LazyFrame, votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return own estimates with their round: the room's nearest within 2 seconds.

    Estimates carry no round id. Columns: user, place (0-6), estimated_at, and
    vote_id, voted_at, amount_of_estimations, null where there is no such round.
    """
    estimates = only_estimations(estimations).select(
        *("room_id", "user", "estimated_at"), place=place(pl.col("estimation"))
    )
    ended = votes.filter(estimated()).select(
        "room_id", "voted_at", "amount_of_estimations", vote_id="id"
    )
    return (
        estimates.sort("estimated_at")
        .join_asof(
            ended.sort("voted_at"),
            left_on="estimated_at",
            right_on="voted_at",
            by="room_id",
            strategy="nearest",
            tolerance=JOINED_WITHIN,
            coalesce=False,
            # Both sides are sorted by time right above; with `by` it cannot tell.
            check_sortedness=False,
        )
        .drop("room_id")
    )


def meetings(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return `rounds`, per room in order of time, with the meeting they belong to.

    Adds first (whether a meeting starts), talk (seconds from the end of the round
    before to its start, not below 0; null for the first).
    """
    gap = pl.col("voted_at") - pl.col("voted_at").shift()
    same_room = pl.col("room_id") == pl.col("room_id").shift()
    pause = pl.col("started_at") - pl.col("voted_at").shift()
    first = (~(same_room & (gap < MEETING_GAP))).fill_null(value=True)
    return (
        rounds(frames, period)
        .sort("room_id", "voted_at", "id")
        .with_columns(first=first, talk=pause.dt.total_seconds().clip(0))
        .with_columns(talk=pl.when(~pl.col("first")).then("talk"))
    )


def at_least_weekly(granularity: Granularity) -> Granularity:
    """Return the bucket, not shorter than a week: a day has too few rounds."""
    return "week" if granularity == "day" else granularity
