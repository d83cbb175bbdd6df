"""Convergence: whether teams that are split agree after they have talked."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from metrics.buckets import bucket_of, on_axis, window_axis
from metrics.frames import Frames, Window
from metrics.insights.rounds import joined, rounds
from metrics.insights.shown import rate, where
from metrics.measures import aggregate, rows
from metrics.scope import Every

APART = 2
"""Steps from which on a round asks for another."""
SOON = timedelta(minutes=10)
"""How long after a round's end another one can start and be about the same."""
OVERLAP = 0.8
"""Estimators in both rounds, of those in either (Jaccard)."""
_COUNTS = ("apart_rounds", "re_votes", "converged")


def totals(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return in one row how often split rounds are voted again, and converge.

    Columns: apart_rounds (2 steps or more: n of the re-vote rate), re_votes (n of
    the convergence), converged (with fewer steps than before), re_vote_rate,
    convergence.
    """
    return _figures(_apart(frames, window), ())


def over_time(frames: Frames, window: Window, every: Every) -> pl.LazyFrame:
    """Return `totals` per bucket of the first round: bucket and its columns."""
    apart = _apart(frames, window).with_columns(bucket=bucket_of("voted_at", every))
    return on_axis(window_axis(window, every), [_figures(apart, ("bucket",))], _COUNTS)


def _apart(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return split rounds: voted_at, steps, next_steps (null: no re-vote).

    Inferred: the room's next round counts as the same story again if it starts at
    once and nearly the same people estimate.
    """
    pairs = _followed(frames, window)
    again = _same_people(frames, window, pairs)
    return pairs.join(again, on="id", how="left").select(
        "voted_at", "steps", next_steps=pl.when("same_people").then("next_steps")
    )


def _followed(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return split rounds of two or more: id, voted_at, steps, next_id, next_steps.

    The next two are null where no round starts within ten minutes.
    """
    later = Window(window.start, window.end + timedelta(days=1))

    def following(column: str) -> pl.Expr:
        return pl.col(column).shift(-1)

    pause = following("started_at") - pl.col("voted_at")
    soon = (following("room_id") == pl.col("room_id")) & pause.is_between(
        timedelta(0), SOON
    )
    return (
        rounds(frames, later)
        .sort("room_id", "voted_at", "id")
        .with_columns(
            next_id=pl.when(soon).then(following("id")),
            next_steps=pl.when(soon).then(following("steps")),
        )
        .filter(
            window.contains("voted_at"),
            pl.col("amount_of_estimations") >= 2,
            pl.col("steps") >= APART,
        )
        .select("id", "voted_at", "steps", "next_id", "next_steps")
    )


def _same_people(frames: Frames, window: Window, pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Return for pairs of rounds whether their estimators overlap: id, same_people."""
    later = Window(window.start, window.end + timedelta(days=1))
    who = joined(frames, later).select("vote_id", "user_id").unique()
    sizes = who.group_by("vote_id").agg(people=rows())
    both = (
        pairs.select("id", "next_id")
        .drop_nulls()
        .join(who, left_on="id", right_on="vote_id")
        .join(who, left_on=["next_id", "user_id"], right_on=["vote_id", "user_id"])
        .group_by("id", "next_id")
        .agg(both=rows())
        .join(sizes, left_on="id", right_on="vote_id")
        .join(sizes, left_on="next_id", right_on="vote_id", suffix="_next")
    )
    either = pl.col("people") + pl.col("people_next") - pl.col("both")
    return both.select("id", same_people=pl.col("both") >= OVERLAP * either)


def _figures(apart: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        apart,
        by,
        apart_rounds=rows(),
        re_votes=where(pl.col("next_steps").is_not_null()),
        converged=where(pl.col("next_steps") < pl.col("steps")),
    ).with_columns(
        re_vote_rate=rate("re_votes", "apart_rounds"),
        convergence=rate("converged", "re_votes"),
    )
