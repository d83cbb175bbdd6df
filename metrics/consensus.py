"""Consensus: how far apart the estimations of a vote are."""

from functools import partial

import polars as pl

from metrics.agreement import agreement_per_bucket
from metrics.card_scale import has_spread
from metrics.estimated_votes import estimated_votes
from metrics.expressions import count_where, rate, row_count
from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans, Unfinished
from metrics.sentences import adding_up, changed, only_row
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    middle_of,
)
from metrics.uncertainty import trends

_COUNTS = ("rounds", "consensus_rounds", "near_rounds", "split_rounds")

_define = partial(
    Definition,
    tables=(VOTES.name,),
    excludes="Votes with fewer than two estimations, or whose highest card is below "
    "their lowest. Shares and the mean are hidden "
    "below 20 votes.",
)

DEFINITIONS = (
    Definition(
        "rounds",
        "Votes by 2+ users",
        "count",
        "Votes with two or more estimations.",
        (VOTES.name,),
        "Votes whose highest card is below their lowest.",
    ),
    _define("consensus_rounds", "Consensus (n)", "count", "Votes with a spread of 0."),
    _define(
        "near_rounds", "Near consensus (n)", "count", "Votes with a spread of up to 1."
    ),
    _define(
        "split_rounds",
        "Split votes (n)",
        "count",
        "Votes with a spread of 3 or more.",
        less_is_better=True,
    ),
    _define("consensus", "Consensus", "share", "Share of votes with a spread of 0."),
    _define(
        "near_consensus",
        "Near consensus",
        "share",
        "Share of votes with a spread of up to 1: at most one step of the scale (1, 2, "
        "3, 5, 8, 13, 21) from the lowest to the highest estimation.",
    ),
    _define(
        "split",
        "Split votes",
        "share",
        "Share of votes with a spread of 3 or more.",
        less_is_better=True,
    ),
    _define(
        "mean_steps",
        "Mean spread",
        "number",
        "Mean number of steps from the lowest to the highest estimation.",
        less_is_better=True,
    ),
)
LABELS = ("bucket", "cut", "half")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how often votes with two or more estimations agree.

    Columns: rounds (n), consensus_rounds (0 steps), near_rounds (at most 1),
    split_rounds (3 or more), consensus, near_consensus, split, mean_steps.
    """
    every = at_least_weekly(query.granularity)
    counts = _per_bucket(shared, query.period, every)
    return counts.select(pl.sum(*_COUNTS, "steps")).select(*_COUNTS, *_rates())


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut.

    Adds estimation_pairs (n), near_pairs and near_pair_share with the columns of a
    trend (see `uncertainty`): teams of other sizes may vote later on, and the spread of
    a vote grows with its size.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    name, counted = "near_pair_share", ("estimation_pairs", "near_pairs")
    series = (
        agreement_per_bucket(shared, query, every)
        .select("bucket", *counted, f"{name}_sums", "cut")
        .join(
            _per_bucket(shared, period, every),
            on="bucket",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col(_COUNTS).fill_null(0))
        .select("bucket", *_COUNTS, *_rates(), *counted, f"{name}_sums", "cut")
    )
    return Unfinished(series, trends(name, middle_of(query.known, every)))


def _per_bucket(
    shared: SharedPlans, period: Period, every: Granularity
) -> pl.LazyFrame:
    """Return counts of votes, and their steps, per bucket that has any."""
    steps = pl.col("steps")

    def build(span: Period, late: pl.Expr) -> pl.LazyFrame:
        return (
            estimated_votes(shared, span)
            .filter(has_spread())
            .group_by(
                bucket=bucket_of("voted_at", every, span),
                late=late,
            )
            .agg(
                rounds=row_count(),
                consensus_rounds=count_where(steps == 0),
                near_rounds=count_where(steps <= 1),
                split_rounds=count_where(steps >= 3),
                steps=steps.cast(pl.Int64).sum(),
            )
        )

    return shared.per_period(("consensus", every), period, build)


def _rates() -> list[pl.Expr]:
    return [
        rate(part, "rounds").alias(name)
        for name, part in {
            "consensus": "consensus_rounds",
            "near_consensus": "near_rounds",
            "split": "split_rounds",
            "mean_steps": "steps",
        }.items()
    ]


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many votes ended how far apart; the shares add up to 100%."""
    found = only_row(frame)
    if found["near_consensus"] is None:
        return None
    votes, same, near, split = (int(found[name] or 0) for name in _COUNTS)
    parts = same, near - same, votes - near - split, split
    on_one, one, two, more = adding_up(parts)
    return (
        f"Of {votes:,} votes with two or more estimations, {on_one} ended on one card, "
        f"{one} one step apart, {two} two steps and {more} three or more."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the share of pairs within one step changed in the period."""
    return changed(frame, "near_pair_share", "pairs of estimations within one step")


_SAMPLE_SIZES = dict.fromkeys(
    ("near_consensus", "consensus", "split", "mean_steps"), "rounds"
)
TABLES = (
    table(
        "consensus",
        "How often do teams agree?",
        totals,
        VOTES,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "consensus_over_time",
        "Do teams agree more than before?",
        over_time,
        VOTES,
        ESTIMATIONS,
        answer=answer_over_time,
        sample_sizes={**_SAMPLE_SIZES, "near_pair_share": "estimation_pairs"},
        needs_all_users=True,
        buckets=at_least_weekly,
    ),
)
