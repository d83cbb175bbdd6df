"""Convergence: whether teams that are split agree after they have talked."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from metrics.card_scale import estimated, steps
from metrics.estimated_votes import AFTERWARDS, joined_on
from metrics.expressions import aggregate, count_where, row_count
from metrics.frames import Frames, Period
from metrics.minimum_sample import rate
from metrics.query import Granularity
from metrics.time_axis import bucket_of, on_axis, period_axis

APART = 2
"""Steps from which on a round asks for another."""
SOON = timedelta(minutes=10)
"""How long after a round's end another one can start and be about the same."""
OVERLAP = 0.8
"""Estimators in both rounds, of those in either (Jaccard)."""
_COUNTS = ("apart_rounds", "re_votes", "converged")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how often split rounds are voted again, and converge.

    Columns: apart_rounds (2 steps or more: n of the re-vote rate), re_votes (n of
    the convergence), converged (with fewer steps than before), re_vote_rate,
    convergence.
    """
    return _figures(_apart(frames, period), ())


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket of the first round: bucket and its columns."""
    apart = _apart(frames, period).with_columns(
        bucket=bucket_of("voted_at", granularity)
    )
    return on_axis(
        period_axis(period, granularity), [_figures(apart, ("bucket",))], _COUNTS
    )


def re_votes(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return the re-votes of the window's split rounds: id."""
    apart = _apart(frames, period).filter(pl.col("next_steps").is_not_null())
    return apart.select(id="next_id")


def _apart(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return split rounds: voted_at, steps, next_id, next_steps (null: no re-vote).

    Inferred: the room's next round counts as the same story again if it starts at
    once and nearly the same people estimate; one that nobody estimated is passed over.
    """
    return frames.once(("apart", period), lambda: _compared(frames, period))


def _compared(frames: Frames, period: Period) -> pl.LazyFrame:
    later = Period(period.start, period.end + AFTERWARDS)
    people = joined_on(frames, period).group_by("vote_id").agg(people="user")
    here, there = pl.col("people"), pl.col("people_next")
    both = here.list.set_intersection(there).list.len()
    either = here.list.set_union(there).list.len()
    return (
        _followed(frames.votes.filter(later.contains("voted_at"), estimated()))
        .filter(period.contains("voted_at"))
        .join(people, left_on="id", right_on="vote_id", how="left")
        .join(people, left_on="next_id", right_on="vote_id", how="left", suffix="_next")
        .select(
            *("voted_at", "steps", "next_id"),
            next_steps=pl.when(both >= OVERLAP * either).then("next_steps"),
        )
    )


def _followed(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return split rounds with two estimates or more, and the room's next round.

    Columns: id, voted_at, steps, next_id, next_steps; the last two are null where no
    round starts within ten minutes.
    """
    start = pl.col("voted_at") - pl.duration(seconds="duration")
    pause = start.shift(-1) - pl.col("voted_at")
    same_room = pl.col("room_id").shift(-1) == pl.col("room_id")
    soon = same_room & pause.is_between(timedelta(0), SOON)
    return (
        votes.sort("room_id", "voted_at", "id")
        .select(
            *("id", "voted_at", "amount_of_estimations"),
            steps=steps(),
            next_id=pl.when(soon).then(pl.col("id").shift(-1)),
            next_steps=pl.when(soon).then(steps().shift(-1)),
        )
        .filter(estimated(2), pl.col("steps") >= APART)
    )


def _figures(apart: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        apart,
        by,
        apart_rounds=row_count(),
        re_votes=count_where(pl.col("next_steps").is_not_null()),
        converged=count_where(pl.col("next_steps") < pl.col("steps")),
    ).with_columns(
        re_vote_rate=rate("re_votes", "apart_rounds"),
        convergence=rate("converged", "re_votes"),
    )
