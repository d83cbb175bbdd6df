"""Convergence: whether a re-vote brings a split team closer together."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from metrics.card_scale import estimated, steps
from metrics.estimated_votes import AFTERWARDS, estimations_with_later_votes
from metrics.expressions import aggregate, count_where, rate, row_count
from metrics.frames import Period
from metrics.query import Query, SharedPlans
from metrics.sentences import changed, only_row, percent
from metrics.subject import Definition, Unit, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    on_axis,
    period_axis,
    time_series,
)

APART = 2
"""Steps from which on a vote is wide, and asks for another."""
SOON = timedelta(minutes=10)
"""How long after a vote's end another one can start and be a re-vote."""
OVERLAP = 0.8
"""Estimators in both votes, of those in either (Jaccard)."""
_COUNTS = ("apart_rounds", "re_votes", "converged")


def _define(
    key: str, title: str, unit: Unit, formula: str, *, less_is_better: bool = False
) -> Definition:
    return Definition(
        key,
        title,
        unit,
        formula,
        (VOTES.name, ESTIMATIONS.name),
        "Spectators, and estimations without a vote within 2 seconds. Hidden below 20 "
        "votes.",
        less_is_better,
    )


DEFINITIONS = (
    _define(
        "apart_rounds",
        "Wide votes (n)",
        "count",
        "Votes with a spread of 2 or more.",
        less_is_better=True,
    ),
    _define(
        "re_votes",
        "Re-votes (n)",
        "count",
        "Wide votes after which the room's next vote starts within 10 minutes with "
        "nearly the same estimators (at least 80% of those in either). Inferred.",
    ),
    _define("converged", "Closer (n)", "count", "Re-votes with a smaller spread."),
    _define(
        "re_vote_rate",
        "Re-vote rate",
        "share",
        "Share of wide votes followed by a re-vote. Inferred.",
    ),
    _define(
        "convergence",
        "Convergence",
        "share",
        "Share of re-votes with a smaller spread than the vote before.",
    ),
)
LABELS = ("bucket", "cut")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how often wide votes are followed by a re-vote, and converge.

    Columns: apart_rounds (2 steps or more: n of the re-vote rate), re_votes (n of
    the convergence), converged (with fewer steps than before), re_vote_rate,
    convergence.
    """
    return _figures(_wide_votes(shared, query.period), ())


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bucket of the first vote, at least weekly: bucket, …, cut."""
    period, every = query.period, at_least_weekly(query.granularity)
    wide = _wide_votes(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    figures = [_figures(wide, ("bucket",))]
    return time_series(
        on_axis(period_axis(period, every), figures, _COUNTS), query, every
    )


def re_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the re-votes of the period's wide votes: id."""
    wide = _wide_votes(shared, period).filter(pl.col("next_steps").is_not_null())
    return wide.select(id="next_id")


def _wide_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return wide votes: voted_at, steps, next_id, next_steps (null: no re-vote).

    Inferred: the room's next vote counts as a re-vote if it starts at once and nearly
    the same users estimate; an empty vote is passed over.
    """

    def build() -> pl.LazyFrame:
        later = Period(period.start, period.end + AFTERWARDS)
        votes = shared.frames.votes.filter(later.contains("voted_at"), estimated())
        users = (
            estimations_with_later_votes(shared, period)
            .group_by("vote_id")
            .agg(users="user")
        )
        here, there = pl.col("users"), pl.col("users_next")
        both = here.list.set_intersection(there).list.len()
        either = here.list.set_union(there).list.len()
        return (
            _with_next(votes)
            .filter(period.contains("voted_at"))
            .join(users, left_on="id", right_on="vote_id", how="left")
            .join(
                users, left_on="next_id", right_on="vote_id", how="left", suffix="_next"
            )
            .select(
                *("voted_at", "steps", "next_id"),
                next_steps=pl.when(both >= OVERLAP * either).then("next_steps"),
            )
        )

    return shared.node(("wide votes", period), build)


def _with_next(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return wide votes with two estimations or more, and the room's next vote.

    Columns: id, voted_at, steps, next_id, next_steps; the last two are null where no
    vote starts within ten minutes.
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


def _figures(wide: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        wide,
        by,
        apart_rounds=row_count(),
        re_votes=count_where(pl.col("next_steps").is_not_null()),
        converged=count_where(pl.col("next_steps") < pl.col("steps")),
    ).with_columns(
        re_vote_rate=rate("re_votes", "apart_rounds"),
        convergence=rate("converged", "re_votes"),
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how often teams vote again, and whether it brings them closer."""
    found = only_row(frame)
    again, closer = found["re_vote_rate"], found["convergence"]
    if again is None:
        return None
    start = (
        f"{percent(again)} of {found['apart_rounds']:,} votes two or more steps apart "
        "led to a re-vote"
    )
    if closer is None:
        return f"{start}."
    return f"{start}; {percent(closer)} of these ended closer."


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of closer re-votes changed in the period."""
    return changed(frame, "converged", "re_votes", "closer re-votes")


_READS = (VOTES, ESTIMATIONS)
_SAMPLE_SIZES = {"re_vote_rate": "apart_rounds", "convergence": "re_votes"}
TABLES = (
    table(
        "convergence",
        "Do re-votes bring teams closer?",
        totals,
        *_READS,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "convergence_over_time",
        "Do re-votes help more than before?",
        over_time,
        *_READS,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
    ),
)
