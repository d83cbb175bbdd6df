"""Consensus: how far apart the estimations of a vote are."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from metrics.agreement import counts_per_bucket
from metrics.estimated_votes import estimated_votes
from metrics.expressions import (
    aggregate,
    count_where,
    hide_small_samples,
    rate,
    row_count,
)
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import adding_up, changed, only_row
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    middle_of,
    on_axis,
    period_axis,
    time_series,
)
from metrics.uncertainty import trends

_COUNTS = ("rounds", "consensus_rounds", "near_rounds", "split_rounds")

_define = partial(
    Definition,
    tables=(VOTES.name,),
    excludes="Votes with fewer than two estimations. Hidden below 20 votes.",
)

DEFINITIONS = (
    Definition(
        "rounds",
        "Votes (n)",
        "count",
        "Votes that the figures in the same row are based on.",
        (VOTES.name,),
        "Empty votes; for consensus and agreement also votes with one estimation.",
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
    return _figures(estimated_votes(shared, query.period, 2), ())


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut.

    Adds estimation_pairs (n), near_pairs and near_pair_share with the columns of a
    trend (see `uncertainty`): teams of other sizes may vote later on, and the spread of
    a vote grows with its size.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    bucket, buckets = bucket_of("voted_at", every, period), period_axis(period, every)
    votes = estimated_votes(shared, period, 2).with_columns(bucket=bucket)
    name, counted = "near_pair_share", ("estimation_pairs", "near_pairs")
    pairs = counts_per_bucket(shared, period, every).select(
        "bucket", *counted, f"{name}_sums"
    )
    figures = [_figures(votes, ("bucket",)), pairs]
    series = on_axis(buckets, figures, (*_COUNTS, *counted))
    finish = trends(name, middle_of(period, every))
    return Unfinished(time_series(series, query, every), finish)


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    steps = pl.col("steps")
    counts = aggregate(
        votes,
        by,
        rounds=row_count(),
        consensus_rounds=count_where(steps == 0),
        near_rounds=count_where(steps <= 1),
        split_rounds=count_where(steps >= 3),
        mean_steps=steps.mean(),
    )
    return counts.select(
        *by,
        *_COUNTS,
        consensus=rate("consensus_rounds", "rounds"),
        near_consensus=rate("near_rounds", "rounds"),
        split=rate("split_rounds", "rounds"),
        mean_steps=hide_small_samples(pl.col("mean_steps"), "rounds"),
    )


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
    ),
)
