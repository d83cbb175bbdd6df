"""Agreement: how many estimations, and pairs of them, match.

The range of a vote grows with the number of estimators, and so does the share of
estimations off the most common card. Pairs do not: of two estimations in the same
vote, the share on the same card is the same for teams of all sizes that agree as much.
What is compared between sizes, over time or between rooms is therefore a share of
pairs.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any

import polars as pl

from metrics.card_scale import STEPS
from metrics.estimated_votes import estimated_votes, estimations_with_vote
from metrics.expressions import aggregate, count_where, rate
from metrics.frames import Period
from metrics.query import Query, SharedPlans
from metrics.sentences import changed, compared, only_row, percent, with_interval
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    middle_of,
    on_axis,
    period_axis,
    side_by_side,
    time_series,
)
from metrics.uncertainty import HIGHER, LOWER, shares, trend
from metrics.uncertainty import compared as compare_labels

FAR = 2
"""Steps from the vote's median from which an estimation is an outlier."""
_BARS = {step: f"bar_{step}" for step in STEPS}
TEAM_SIZES = ("2–3", "4–6", "7 or more")
"""Bins of the number of estimators in a vote."""
_OF_PAIRS = ("estimation_pairs", "matching_pairs", "near_pairs")
_COUNTS = ("rounds", "covered_rounds", "estimates", "agreeing", "outliers", *_OF_PAIRS)

_define = partial(
    Definition,
    tables=(VOTES.name, ESTIMATIONS.name),
    excludes="Spectators, empty participations, votes with one estimation, and "
    "estimations without a vote within 2 seconds. Hidden below 20 cases.",
)

DEFINITIONS = (
    _define(
        "estimates",
        "Estimations (n)",
        "count",
        "Estimations for which a vote was found.",
    ),
    _define(
        "agreeing", "Matching (n)", "count", "Estimations on their vote's top card."
    ),
    _define(
        "outliers",
        "Outliers (n)",
        "count",
        "Estimations two or more steps from their vote's median.",
        less_is_better=True,
    ),
    _define(
        "agreement",
        "Matching estimations",
        "share",
        "Share of estimations on their vote's most common card.",
    ),
    _define(
        "outlier_share",
        "Outlier share",
        "share",
        "Share of estimations two or more steps from their vote's median.",
        less_is_better=True,
    ),
    _define(
        "estimation_pairs",
        "Pairs (n)",
        "count",
        "Pairs of estimations in the same vote: 1 of two estimations, 10 of five.",
    ),
    _define("matching_pairs", "Matching pairs (n)", "count", "Pairs on the same card."),
    _define(
        "near_pairs",
        "Near pairs (n)",
        "count",
        "Pairs at most one step of the scale (1, 2, 3, 5, 8, 13, 21) apart.",
    ),
    _define(
        "matching_pair_share",
        "Pairs that match",
        "share",
        "Share of pairs of estimations in the same vote on the same card. It does not "
        "depend on team size.",
    ),
    _define(
        "near_pair_share",
        "Pairs within a step",
        "share",
        "Share of pairs of estimations in the same vote at most one step apart. It "
        "does not depend on team size.",
    ),
    _define(
        "covered_rounds",
        "Complete votes (n)",
        "count",
        "Votes of which as many estimations were found as the vote says.",
    ),
    _define(
        "coverage",
        "Coverage",
        "share",
        "Share of votes of which all estimations were found, votes without any found "
        "included. Estimations carry no vote, so each is joined to its room's nearest "
        "vote within 2 seconds.",
    ),
)
LABELS = ("bucket", "cut", "order", "team_size", "half")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how estimations match, in votes with two or more.

    Columns: rounds (votes, whether or not their estimations were found),
    covered_rounds (all of their estimations were found), estimates (n), agreeing (on
    the most common card), outliers (2 or more steps from the median), estimation_pairs
    (n of the pairs), matching_pairs, near_pairs, coverage, agreement, outlier_share,
    matching_pair_share and near_pair_share, each with _low and _high.
    """
    votes = votes_with_pairs(shared, query.period)
    intervals = [
        shares(pairs_per_room(votes, part, ()), [], name).drop(name)
        for name, part in PAIR_SHARES.items()
    ]
    return side_by_side([_figures(votes, ()), *intervals])


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut.

    The share of matching pairs has the columns of a trend (see `uncertainty`).
    """
    period, every = query.period, at_least_weekly(query.granularity)
    votes = votes_with_pairs(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    buckets, name = period_axis(period, every), "matching_pair_share"
    middle = middle_of(period, every)
    changes = trend_of_pairs(votes, buckets, middle, name).drop(name)
    series = on_axis(buckets, [_figures(votes, ("bucket",)), changes], _COUNTS)
    return time_series(series, query, every)


def by_team_size(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return which share of pairs match per bin of team size, all three.

    Columns: order, team_size, rounds (votes), estimation_pairs (n), matching_pairs,
    matching_pair_share and what compares it with the other sizes (see `uncertainty`).
    """
    return _compared_sizes(shared, query.period, "matching_pair_share")


def near_by_team_size(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return which share of pairs is within one step per bin of team size, all three.

    Columns: order, team_size, rounds (votes), estimation_pairs (n), near_pairs,
    near_pair_share and what compares it with the other sizes (see `uncertainty`).
    """
    return _compared_sizes(shared, query.period, "near_pair_share")


def near_by_team_size_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return per bucket and team size which share of pairs is within one step.

    Every bin in every bucket. Columns: bucket, order, team_size, rounds (votes),
    estimation_pairs (n), near_pairs, near_pair_share, the columns of a trend for each
    size (see `uncertainty`), cut.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    votes = votes_with_pairs(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period), order=_size_bin()
    )
    name, by = "near_pair_share", ("bucket", "order")
    counts = votes.group_by(by).agg(
        pl.sum("estimation_pairs", "near_pairs"), rounds=pl.len().cast(pl.Int64)
    )
    buckets = period_axis(period, every).join(_sizes(), how="cross")
    counted = ("rounds", "estimation_pairs", "near_pairs")
    series = (
        trend_of_pairs(votes, buckets, middle_of(period, every), name, ["order"])
        .join(counts, on=by, how="left")
        .with_columns(pl.col(counted).fill_null(0))
        .select(*by, "team_size", *counted, pl.exclude(*by, "team_size", *counted))
        .sort(by)
    )
    return time_series(series, query, every)


PAIR_SHARES = {
    "matching_pair_share": "matching_pairs",
    "near_pair_share": "near_pairs",
}


def pairs_per_room(votes: pl.LazyFrame, part: str, by: Sequence[str]) -> pl.LazyFrame:
    """Return pairs that count (part) and all pairs (n) per room: by, room_id, …."""
    return votes.group_by(*by, "room_id").agg(
        part=pl.col(part).sum(), n=pl.col("estimation_pairs").sum()
    )


def trend_of_pairs(
    votes: pl.LazyFrame,
    buckets: pl.LazyFrame,
    middle: date,
    name: str,
    of: Sequence[str] = (),
) -> pl.LazyFrame:
    """Return the `uncertainty.trend` of a share of pairs, of votes with a bucket."""
    clusters = pairs_per_room(votes, PAIR_SHARES[name], ("bucket", *of))
    return trend(clusters, buckets, middle, "room_id", name, of)


def _compared_sizes(shared: SharedPlans, period: Period, name: str) -> pl.LazyFrame:
    part = PAIR_SHARES[name]
    votes = votes_with_pairs(shared, period).with_columns(order=_size_bin())
    counts = votes.group_by("order").agg(
        pl.col("estimation_pairs", part).sum(), rounds=pl.len().cast(pl.Int64)
    )
    per_room = pairs_per_room(votes, part, ("order",))
    compared_sizes = compare_labels(per_room, "order", "room_id", name)
    return (
        _sizes()
        .join(counts, on="order", how="left", maintain_order="left")
        .with_columns(pl.col("rounds", "estimation_pairs", part).fill_null(0))
        .select("order", "team_size", "rounds", "estimation_pairs", part)
        .join(compared_sizes, on="order", how="left", maintain_order="left")
    )


def _size_bin() -> pl.Expr:
    """Return the bin of a vote's team size, 1-3: 2-3, 4-6, 7 or more estimators."""
    amount = pl.col("amount_of_estimations")
    return 1 + (amount >= 4).cast(pl.Int64) + (amount >= 7).cast(pl.Int64)


def _sizes() -> pl.LazyFrame:
    return pl.LazyFrame({"order": [1, 2, 3], "team_size": TEAM_SIZES})


def votes_with_pairs(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the votes with two or more estimations, and what was found of each.

    Columns: vote_id, room_id, voted_at, amount_of_estimations, found, agreeing,
    outliers, estimation_pairs, matching_pairs, near_pairs; all 0 from `found` on where
    no estimation was found.
    """

    def build() -> pl.LazyFrame:
        votes = estimated_votes(shared, period, 2).select(
            *("room_id", "voted_at", "amount_of_estimations"), vote_id="id"
        )
        counts = _histograms(shared, period)
        return votes.join(counts, on="vote_id", how="left").with_columns(
            pl.col("found", "agreeing", "outliers", *_OF_PAIRS).fill_null(0)
        )

    return shared.node(("agreement", period), build)


def _histograms(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return vote_id, found and the counts of votes with estimations found.

    Each vote becomes a histogram over the places of the scale: plain sums are much
    faster than a mode and a median in every group.
    """
    return (
        estimations_with_vote(shared, period)
        .filter(pl.col("amount_of_estimations") >= 2)
        .select(
            "vote_id",
            *(
                (pl.col("place") == step).cast(pl.Int64).alias(bar)
                for step, bar in _BARS.items()
            ),
        )
        .group_by("vote_id")
        .agg(pl.col(*_BARS.values()).sum())
        .with_columns(
            found=pl.sum_horizontal(_BARS.values()),
            agreeing=pl.max_horizontal(_BARS.values()),
        )
        .with_columns(median=_median())
        .select(
            *("vote_id", "found", "agreeing"),
            outliers=_outliers(),
            estimation_pairs=_pairs_among(pl.col("found")),
            matching_pairs=_matching(),
            near_pairs=_matching() + _neighbours(),
        )
    )


def _pairs_among(count: pl.Expr) -> pl.Expr:
    return count * (count - 1) // 2


def _matching() -> pl.Expr:
    """Return how many pairs of a histogram are on the same card."""
    return pl.sum_horizontal(_pairs_among(pl.col(bar)) for bar in _BARS.values())


def _neighbours() -> pl.Expr:
    """Return how many pairs of a histogram are one step apart."""
    return pl.sum_horizontal(
        pl.col(low) * pl.col(high) for low, high in pairwise(_BARS.values())
    )


def _median() -> pl.Expr:
    """Return the median place of a histogram: the mean of the middle one or two."""
    n = pl.col("found")
    up_to = [pl.sum_horizontal([*_BARS.values()][: step + 1]) for step in STEPS]
    # The place of a rank: the number of running sums that do not reach beyond it.
    low, high = (
        pl.sum_horizontal((total <= rank).cast(pl.Int64) for total in up_to)
        for rank in ((n - 1) // 2, n // 2)
    )
    return (low + high) / 2


def _outliers() -> pl.Expr:
    """Return how many estimations of a histogram are outliers."""
    return pl.sum_horizontal(
        pl.when((pl.col("median") - step).abs() >= FAR).then(bar).otherwise(0)
        for step, bar in _BARS.items()
    )


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        votes,
        by,
        rounds=pl.len().cast(pl.Int64),
        covered_rounds=count_where(pl.col("found") == pl.col("amount_of_estimations")),
        estimates=pl.col("found").sum(),
        agreeing=pl.col("agreeing").sum(),
        outliers=pl.col("outliers").sum(),
        **{name: pl.col(name).sum() for name in _OF_PAIRS},
    ).with_columns(
        coverage=rate("covered_rounds", "rounds"),
        agreement=rate("agreeing", "estimates"),
        outlier_share=rate("outliers", "estimates"),
        matching_pair_share=rate("matching_pairs", "estimation_pairs"),
        near_pair_share=rate("near_pairs", "estimation_pairs"),
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many pairs of estimations match and how many estimations are far off."""
    found = only_row(frame)
    matching, far = found["matching_pair_share"], found["outlier_share"]
    if matching is None or far is None:
        return None
    return (
        f"{with_interval(found, 'matching_pair_share')} of pairs of estimations match; "
        f"{percent(far)} of estimations are two or more steps from their vote's median."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the share of matching pairs changed in the period."""
    return changed(frame, "matching_pair_share", "pairs of estimations that match")


def answer_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say whether team size makes a difference to how many pairs match."""
    counts = "matching_pairs", "estimation_pairs"
    what = "team sizes", "match"
    return compared(frame, "matching_pair_share", counts, what, _of_size)


def answer_near_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say whether team size makes a difference to how many pairs are near."""
    counts = "near_pairs", "estimation_pairs"
    what = "team sizes", "are within one step"
    return compared(frame, "near_pair_share", counts, what, _of_size)


def _of_size(row: Mapping[str, Any]) -> str:
    return f"of pairs in teams of {row['team_size']}"


def answer_near_by_team_size_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of near pairs changed: clearly, or in the largest teams."""
    name, what = "near_pair_share", "pairs within one step in teams of {}"
    sizes = frame.sort("order", "bucket").group_by("team_size", maintain_order=True)
    found = {
        sentence: rows[f"{name}_verdict"].is_in([HIGHER, LOWER]).any()
        for (size,), rows in reversed([*sizes])
        if (sentence := changed(rows, name, what.format(size)))
    }
    clear = (sentence for sentence, is_clear in found.items() if is_clear)
    return next(clear, next(iter(found), None))


_READS = (VOTES, ESTIMATIONS)
_SAMPLE_SIZES = {
    **dict.fromkeys(("agreement", "outlier_share"), "estimates"),
    **dict.fromkeys(PAIR_SHARES, "estimation_pairs"),
    "coverage": "rounds",
}
TABLES = (
    table(
        "agreement",
        "How many estimations match?",
        totals,
        *_READS,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
        needs_all_users=True,
    ),
    table(
        "agreement_over_time",
        "Do estimations match more than before?",
        over_time,
        *_READS,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
        needs_all_users=True,
    ),
    table(
        "agreement_by_team_size",
        "Do estimations match more in small teams?",
        by_team_size,
        *_READS,
        answer=answer_by_team_size,
        sample_sizes={"matching_pair_share": "estimation_pairs"},
        needs_all_users=True,
    ),
    table(
        "consensus_by_team_size",
        "Do small teams agree more often?",
        near_by_team_size,
        *_READS,
        answer=answer_near_by_team_size,
        sample_sizes={"near_pair_share": "estimation_pairs"},
        needs_all_users=True,
    ),
    table(
        "consensus_by_team_size_over_time",
        "Is agreement changing by team size?",
        near_by_team_size_over_time,
        *_READS,
        answer=answer_near_by_team_size_over_time,
        sample_sizes={"near_pair_share": "estimation_pairs"},
        needs_all_users=True,
    ),
)
