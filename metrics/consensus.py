"""Consensus: how often teams agree, and whether that depends on team size."""

from collections.abc import Sequence

import polars as pl

from metrics.estimated_votes import estimated_votes
from metrics.expressions import (
    aggregate,
    count_where,
    hide_small_samples,
    rate,
    row_count,
)
from metrics.query import Query, SharedPlans
from metrics.sentences import changed, halves, only_row, percent, portion, share_of
from metrics.subject import Definition, Unit, table
from metrics.tables import VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    on_axis,
    period_axis,
    time_series,
)

TEAM_SIZES = ("2–3", "4–6", "7 or more")
"""Bins of the number of estimators in a vote."""
_COUNTS = ("rounds", "consensus_rounds", "near_rounds", "split_rounds")


def _define(
    key: str, title: str, unit: Unit, formula: str, *, less_is_better: bool = False
) -> Definition:
    return Definition(
        key,
        title,
        unit,
        formula,
        (VOTES.name,),
        "Votes with fewer than two estimations. Hidden below 20 votes.",
        less_is_better,
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
LABELS = ("bucket", "cut", "order", "team_size")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how often votes with two or more estimations agree.

    Columns: rounds (n), consensus_rounds (0 steps), near_rounds (at most 1),
    split_rounds (3 or more), consensus, near_consensus, split, mean_steps.
    """
    return _figures(estimated_votes(shared, query.period, 2), ())


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut."""
    period, every = query.period, at_least_weekly(query.granularity)
    votes = estimated_votes(shared, period, 2).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    figures = [_figures(votes, ("bucket",))]
    return time_series(
        on_axis(period_axis(period, every), figures, _COUNTS), query, every
    )


def by_team_size(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bin of team size, all three: order, team_size, …."""
    votes = estimated_votes(shared, query.period, 2).with_columns(order=size_bin())
    return on_sizes(_figures(votes, ("order",)), _COUNTS)


def by_team_size_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return per bucket and team size how often votes end within one step.

    Every bin in every bucket. Columns: bucket, order, team_size, rounds (n),
    near_rounds, near_consensus, cut.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    votes = estimated_votes(shared, period, 2).with_columns(
        bucket=bucket_of("voted_at", every, period), order=size_bin()
    )
    by = ["bucket", "order"]
    near = count_where(pl.col("steps") <= 1)
    counts = aggregate(votes, by, rounds=row_count(), near_rounds=near)
    series = (
        period_axis(period, every)
        .join(_sizes(), how="cross")
        .join(counts, on=by, how="left")
        .with_columns(pl.col("rounds", "near_rounds").fill_null(0))
        .with_columns(near_consensus=rate("near_rounds", "rounds"))
        .sort("bucket", "order")
    )
    return time_series(series, query, every)


def size_bin() -> pl.Expr:
    """Return the bin of a vote's team size, 1-3: 2-3, 4-6, 7 or more estimators."""
    amount = pl.col("amount_of_estimations")
    return 1 + (amount >= 4).cast(pl.Int64) + (amount >= 7).cast(pl.Int64)


def on_sizes(figures: pl.LazyFrame, counts: Sequence[str]) -> pl.LazyFrame:
    """Join figures by `order` to all bins of team size; missing counts are 0."""
    return (
        _sizes()
        .join(figures, on="order", how="left", maintain_order="left")
        .with_columns(pl.col(counts).fill_null(0))
    )


def _sizes() -> pl.LazyFrame:
    return pl.LazyFrame({"order": [1, 2, 3], "team_size": TEAM_SIZES})


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
    """Say how many votes ended within one step, on one card, and far apart."""
    found = only_row(frame)
    near, same, split = (found[key] for key in ("near_consensus", "consensus", "split"))
    if near is None or same is None or split is None:
        return None
    return (
        f"{portion(near)} of {found['rounds']:,} votes ended within one step, "
        f"{percent(same)} on one card; {percent(split)} were three or more steps apart."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of votes within one step changed in the period."""
    return changed(frame, "near_rounds", "rounds", "votes within one step")


def answer_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say how many votes ended within one step, and whether team size matters."""
    return compare_sizes(
        *(frame, "near_rounds", "rounds", "near_consensus"),
        "of votes ended within one step",
    )


def compare_sizes(
    frame: pl.DataFrame, part: str, n: str, share: str, what: str
) -> str | None:
    """Say a share over all teams, and of the smallest and the largest of them."""
    overall = share_of(frame, part, n)
    if overall is None:
        return None
    sizes = frame.drop_nulls(share).sort("order")
    if sizes.height < 2:
        return f"{portion(overall)} {what}."
    small, large = sizes.row(0, named=True), sizes.row(-1, named=True)
    low, high = percent(small[share]), percent(large[share])
    if low == high:
        return f"No clear difference between team sizes: about {low} {what}."
    return (
        f"{portion(overall)} {what}: {low} in teams of {small['team_size']}, {high} in "
        f"teams of {large['team_size']}."
    )


def answer_by_team_size_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share within one step changed in the largest teams with enough.

    Halves of the period are compared, and the smallest teams beside the largest.
    """
    sizes = frame.sort("order", "bucket").group_by("team_size", maintain_order=True)
    halved = [(size, halves(rows, "near_rounds", "rounds")) for (size,), rows in sizes]
    shown = [(size, both) for size, both in halved if both is not None]
    if not shown:
        return None
    size, (before, after) = shown[-1]
    first, second = percent(before), percent(after)
    start = f"In teams of {size}, the share of votes within one step"
    if first == second:
        text = f"{start} was {first} in both halves of the period"
    else:
        went = "rose" if after > before else "fell"
        text = (
            f"{start} {went} from {first} in the first half of the period to {second} "
            "in the second"
        )
    if len(shown) == 1:
        return f"{text}."
    size, (before, after) = shown[0]
    return f"{text}; in teams of {size} it was {percent(before)} and {percent(after)}."


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
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "consensus_by_team_size",
        "Do small teams agree more often?",
        by_team_size,
        VOTES,
        answer=answer_by_team_size,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "consensus_by_team_size_over_time",
        "Is agreement changing by team size?",
        by_team_size_over_time,
        VOTES,
        answer=answer_by_team_size_over_time,
        sample_sizes={"near_consensus": "rounds"},
    ),
)
