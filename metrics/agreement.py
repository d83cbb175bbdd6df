"""Agreement: how many estimations, and pairs of them, match.

The range of a vote grows with the number of estimators, and so does the share of
estimations off the most common card. Pairs do not: of two estimations in the same
vote, the share on the same card is the same for teams of all sizes that agree as much.
What is compared between sizes, over time or between rooms is therefore a share of
pairs.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import polars as pl

from metrics.card_scale import STEPS, has_spread
from metrics.estimated_votes import estimated_votes, estimations_with_vote
from metrics.expressions import count_where, rate, row_count
from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans, Unfinished
from metrics.sentences import (
    changed,
    compared,
    only_row,
    portion,
    with_interval,
)
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
from metrics.uncertainty import (
    HIGHER,
    LOWER,
    comparisons,
    halves,
    intervals,
    sums,
    sums_beside,
    sums_of_trend,
    trends,
    wholes,
)

FAR = 2
"""Steps from the vote's median from which an estimation is an outlier."""
# Estimations on each place of the scale, and on all places up to it.
_BARS = [f"bar_{step}" for step in STEPS]
_UP_TO = [f"up_to_{step}" for step in STEPS]
TEAM_SIZES = ("2–3", "4–6", "7 or more")
"""Bins of the number of estimators in a vote."""
_OF_PAIRS = ("estimation_pairs", "matching_pairs", "near_pairs")
_COUNTS = ("rounds", "covered_rounds", "estimates", "agreeing", "outliers", *_OF_PAIRS)
_RATES = {
    "coverage": ("covered_rounds", "rounds"),
    "agreement": ("agreeing", "estimates"),
    "outlier_share": ("outliers", "estimates"),
    "matching_pair_share": ("matching_pairs", "estimation_pairs"),
    "near_pair_share": ("near_pairs", "estimation_pairs"),
}

_define = partial(
    Definition,
    tables=(VOTES.name, ESTIMATIONS.name),
    excludes="Spectators, empty participations, and estimations that are not within 2 "
    "seconds of a vote by 2+ users. Shares are hidden below a sample of 20.",
)

DEFINITIONS = (
    _define(
        "estimates",
        "Estimations found",
        "count",
        "Estimations joined to a vote by 2+ users.",
    ),
    _define(
        "agreeing",
        "Matching (n)",
        "count",
        "Estimations on their vote's most common card.",
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
        "Matching pairs",
        "share",
        "Share of pairs of estimations in the same vote on the same card. It does not "
        "depend on team size.",
    ),
    _define(
        "near_pair_share",
        "Near pairs",
        "share",
        "Share of pairs of estimations in the same vote at most one step apart. It "
        "does not depend on team size.",
    ),
    _define(
        "covered_rounds",
        "Complete votes (n)",
        "count",
        "Votes joined to as many estimations as they count.",
    ),
    _define(
        "coverage",
        "Coverage",
        "share",
        "Share of votes joined to all their estimations. The data does not say which "
        "vote an estimation belongs to, so each joins its room's nearest vote within "
        "2 seconds.",
    ),
)
LABELS = ("bucket", "cut", "order", "team_size", "half")


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return in one row how estimations match, in votes that have a spread.

    Columns: rounds (votes, whether or not their estimations were found),
    covered_rounds (all of their estimations were found), estimates (n), agreeing (on
    the most common card), outliers (2 or more steps from the median), estimation_pairs
    (n of the pairs), matching_pairs, near_pairs, coverage, agreement, outlier_share,
    matching_pair_share and near_pair_share, each with _low and _high.
    """
    every = at_least_weekly(query.granularity)
    rooms = _counts_per_room(shared, query.period, every).group_by("room_id")
    counts = rooms.agg(pl.col(_COUNTS).sum()).select(
        pl.col(_COUNTS).sum(),
        **_sums(sums, *PAIR_SHARES),
    )
    figures = counts.select(*_COUNTS, *_rates(), pl.col("^.*_sums$"))
    return Unfinished(figures, intervals(*PAIR_SHARES))


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut.

    The share of matching pairs has the columns of a trend (see `uncertainty`).
    """
    every = at_least_weekly(query.granularity)
    name = "matching_pair_share"
    series = agreement_per_bucket(shared, query, every).select(
        "bucket", *_COUNTS, *_rates(), f"{name}_sums", "cut"
    )
    return Unfinished(series, trends(name, middle_of(query.known, every)))


def by_team_size(query: Query, shared: SharedPlans) -> Unfinished:
    """Return which share of pairs match per bin of team size, all three.

    Columns: order, team_size, rounds (votes), estimation_pairs (n), matching_pairs,
    matching_pair_share and what compares it with the other sizes (see `uncertainty`).
    """
    return _compared_sizes(query, shared, "matching_pair_share")


def near_by_team_size(query: Query, shared: SharedPlans) -> Unfinished:
    """Return which share of pairs is within one step per bin of team size, all three.

    Columns: order, team_size, rounds (votes), estimation_pairs (n), near_pairs,
    near_pair_share and what compares it with the other sizes (see `uncertainty`).
    """
    return _compared_sizes(query, shared, "near_pair_share")


def near_by_team_size_over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return per bucket and team size which share of pairs is within one step.

    Every bin in every bucket. Columns: bucket, order, team_size, rounds (votes),
    estimation_pairs (n), near_pairs, near_pair_share, the columns of a trend for each
    size (see `uncertainty`), cut.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    name, by = "near_pair_share", ("bucket", "order")
    middle = middle_of(query.known, every)
    pairs = ("estimation_pairs", "near_pairs")
    counted = ("rounds", *pairs)
    counts = (
        _counts_per_room(shared, period, every)
        .with_columns(*halves(pairs, "room_id", middle, ["order"]))
        .group_by(by)
        .agg(pl.col(counted).sum(), **_sums(sums_of_trend, name))
    )
    series = (
        period_axis(period, every)
        .join(_sizes(), how="cross")
        .join(counts, on=by, how="left")
        .with_columns(pl.col(counted).fill_null(0))
        .sort(by)
    )
    return Unfinished(
        time_series(series, query, every), trends(name, middle, ["order"])
    )


PAIR_SHARES = {
    "matching_pair_share": "matching_pairs",
    "near_pair_share": "near_pairs",
}


def agreement_per_bucket(
    shared: SharedPlans, query: Query, every: Granularity
) -> pl.LazyFrame:
    """Return how estimations match per bucket, in order.

    Columns: bucket, the counts of `totals`, the `sums_of_trend` of both shares of
    pairs, and cut.
    """
    period = query.period

    def build() -> pl.LazyFrame:
        rooms = _counts_per_room(shared, period, every).group_by("bucket", "room_id")
        middle = middle_of(query.known, every)
        counts = (
            rooms.agg(pl.col(_COUNTS).sum())
            .with_columns(*halves(_OF_PAIRS, "room_id", middle))
            .group_by("bucket")
            .agg(pl.col(_COUNTS).sum(), **_sums(sums_of_trend, *PAIR_SHARES))
        )
        series = on_axis(period_axis(period, every), [counts], _COUNTS)
        return time_series(series, query, every)

    return shared.node(("agreement per bucket", period, every), build)


def _counts_per_room(
    shared: SharedPlans, period: Period, every: Granularity
) -> pl.LazyFrame:
    """Return how estimations match: bucket, order (bin of size), room_id, the counts.

    What all tables add up: the votes themselves are read once.
    """

    def build(span: Period, late: pl.Expr) -> pl.LazyFrame:
        found = pl.col("found")
        return (
            votes_with_pairs(shared, span)
            .group_by(
                "room_id",
                bucket=bucket_of("voted_at", every, span),
                order=_size_bin(),
                late=late,
            )
            .agg(
                rounds=row_count(),
                covered_rounds=count_where(found == pl.col("amount_of_estimations")),
                estimates=found.sum(),
                **{name: pl.col(name).sum() for name in _COUNTS[3:]},
            )
        )

    return shared.per_period(("agreement per room", every), period, build)


def _compared_sizes(query: Query, shared: SharedPlans, name: str) -> Unfinished:
    period, every = query.period, at_least_weekly(query.granularity)

    def build() -> pl.LazyFrame:
        rooms = _counts_per_room(shared, period, every).group_by("order", "room_id")
        return (
            rooms.agg(pl.sum("rounds", *_OF_PAIRS))
            .with_columns(wholes(_OF_PAIRS, "room_id"))
            .group_by("order")
            .agg(pl.sum("rounds", *_OF_PAIRS), **_sums(sums_beside, *PAIR_SHARES))
        )

    counts = shared.node(("agreement per size", period), build)
    counted = ("rounds", "estimation_pairs", PAIR_SHARES[name])
    sizes = (
        _sizes()
        .join(counts, on="order", how="left", maintain_order="left")
        .select("order", "team_size", pl.col(counted).fill_null(0), f"{name}_sums")
    )
    return Unfinished(sizes, comparisons(name, "order"))


def _sums(of: Callable[[str, str], pl.Expr], *names: str) -> dict[str, pl.Expr]:
    return {f"{name}_sums": of(PAIR_SHARES[name], "estimation_pairs") for name in names}


def _size_bin() -> pl.Expr:
    """Return the bin of a vote's team size, 1-3: 2-3, 4-6, 7 or more estimators."""
    amount = pl.col("amount_of_estimations")
    return 1 + (amount >= 4).cast(pl.Int64) + (amount >= 7).cast(pl.Int64)


def _sizes() -> pl.LazyFrame:
    return pl.LazyFrame({"order": [1, 2, 3], "team_size": TEAM_SIZES})


def votes_with_pairs(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the votes that have a spread, and what was found of each.

    Columns: vote_id, room_id, voted_at, amount_of_estimations, found, agreeing,
    outliers, estimation_pairs, matching_pairs, near_pairs; all 0 from `found` on where
    no estimation was found.
    """

    def build() -> pl.LazyFrame:
        votes = (
            estimated_votes(shared, period)
            .filter(has_spread())
            .select(*("room_id", "voted_at", "amount_of_estimations"), vote_id="id")
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
    place, found = pl.col("place"), pl.col(_UP_TO[-1])
    bars = (pl.col(high) - pl.col(low) for low, high in pairwise(_UP_TO))
    squares = pl.sum_horizontal(pl.col(bar) * pl.col(bar) for bar in _BARS)
    neighbours = pl.sum_horizontal(
        pl.col(low) * pl.col(high) for low, high in pairwise(_BARS)
    )
    return (
        estimations_with_vote(shared, period)
        .filter(pl.col("amount_of_estimations") >= 2)
        .group_by("vote_id")
        .agg(
            (place <= step).sum().cast(pl.Int64).alias(name)
            for step, name in zip(STEPS, _UP_TO, strict=True)
        )
        .with_columns(
            pl.col(_UP_TO[0]).alias(_BARS[0]),
            *(bar.alias(name) for bar, name in zip(bars, _BARS[1:], strict=True)),
            found=found,
            lower_middle=(found - 1) // 2,
            upper_middle=found // 2,
        )
        .with_columns(
            twice_median=_twice_the_median(),
            # Half of the ordered pairs on one card.
            matching_pairs=(squares - found) // 2,
        )
        .select(
            *("vote_id", "found", "matching_pairs"),
            agreeing=pl.max_horizontal(_BARS),
            outliers=_outliers(),
            estimation_pairs=found * (found - 1) // 2,
            near_pairs=pl.col("matching_pairs") + neighbours,
        )
    )


def _twice_the_median() -> pl.Expr:
    """Return the sum of the places of the middle estimation or two, counted from 0."""
    # The place of a rank: the number of running sums that do not reach beyond it.
    return pl.sum_horizontal(
        pl.col(total) <= pl.col(rank)
        for rank in ("lower_middle", "upper_middle")
        for total in _UP_TO
    ).cast(pl.Int64)


def _outliers() -> pl.Expr:
    """Return how many estimations of a histogram are outliers."""
    off = ((pl.col("twice_median") - 2 * step).abs() >= 2 * FAR for step in STEPS)
    return pl.sum_horizontal(
        pl.when(is_far).then(bar).otherwise(0)
        for is_far, bar in zip(off, _BARS, strict=True)
    )


def _rates() -> list[pl.Expr]:
    return [rate(part, n).alias(name) for name, (part, n) in _RATES.items()]


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many pairs of estimations match and how many estimations are far off."""
    found = only_row(frame)
    matching, far = found["matching_pair_share"], found["outlier_share"]
    if matching is None or far is None:
        return None
    share = with_interval(found, "matching_pair_share", none="None")
    pairs = f"{share} of {'the ' if matching == 0 else ''}pairs of estimations match"
    outliers = portion(far, none="none")
    return (
        f"{pairs}; {outliers} of the estimations are two or more steps from their "
        "vote's median."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the share of matching pairs changed in the period."""
    return changed(frame, "matching_pair_share", "pairs of estimations that match")


def answer_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say whether team size makes a difference to how many pairs match."""
    counts = "matching_pairs", "estimation_pairs"
    what = "team sizes", "match"
    return compared(frame, "matching_pair_share", counts, what, _of_size, _OF_ALL)


def answer_near_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say whether team size makes a difference to how many pairs are near."""
    counts = "near_pairs", "estimation_pairs"
    what = "team sizes", "are within one step"
    return compared(frame, "near_pair_share", counts, what, _of_size, _OF_ALL)


_OF_ALL = "pairs of estimations"


def _of_size(row: Mapping[str, Any]) -> str:
    return f"of the pairs in teams of {row['team_size']}"


def answer_near_by_team_size_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of near pairs changed, in the largest teams that say most.

    A clear change says more than none, and that more than too few rooms.
    """
    name, what = "near_pair_share", "pairs within one step in teams of {}"
    sizes = frame.sort("order", "bucket").group_by("team_size", maintain_order=True)
    found: dict[str, int] = {}
    for (size,), rows in reversed([*sizes]):
        if sentence := changed(rows, name, what.format(size)):
            verdicts = rows[f"{name}_verdict"].drop_nulls()
            is_clear = verdicts.is_in([HIGHER, LOWER]).any()
            found[sentence] = 2 if is_clear else 1 if verdicts.len() else 0
    return max(found, key=found.__getitem__, default=None)


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
        "Do more estimations match than before?",
        over_time,
        *_READS,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
        needs_all_users=True,
        buckets=at_least_weekly,
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
        buckets=at_least_weekly,
    ),
)
