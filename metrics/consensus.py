"""Consensus: whether teams agree at first sight."""

from collections.abc import Sequence

import polars as pl

from metrics.estimated_votes import rounds
from metrics.expressions import aggregate, count_where, row_count
from metrics.frames import Frames, Period
from metrics.minimum_sample import hide_small_samples, rate
from metrics.query import Granularity
from metrics.time_axis import bucket_of, on_axis, period_axis

TEAM_SIZES = ("2–3", "4–6", "7 or more")
"""Classes of the number of people who estimated in a round."""
_COUNTS = ("rounds", "consensus_rounds", "near_rounds", "split_rounds")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how often rounds with two or more estimates agree.

    Columns: rounds (n), consensus_rounds (0 steps), near_rounds (at most 1),
    split_rounds (3 or more), consensus, near_consensus, split, mean_steps.
    """
    return _figures(rounds(frames, period, 2), ())


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket: bucket and its columns."""
    held = rounds(frames, period, 2).with_columns(
        bucket=bucket_of("voted_at", granularity)
    )
    return on_axis(
        period_axis(period, granularity), [_figures(held, ("bucket",))], _COUNTS
    )


def by_team_size(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return `totals` per class of team size, all three: order, team_size, …."""
    held = rounds(frames, period, 2).with_columns(order=size_class())
    return on_sizes(_figures(held, ("order",)), _COUNTS)


def over_time_by_team_size(
    frames: Frames, period: Period, granularity: Granularity
) -> pl.LazyFrame:
    """Return per bucket and class of team size how often rounds end within one card.

    Every class in every bucket. Columns: bucket, order, team_size, rounds (n),
    near_rounds, near_consensus.
    """
    held = rounds(frames, period, 2).with_columns(
        bucket=bucket_of("voted_at", granularity), order=size_class()
    )
    by = ["bucket", "order"]
    counts = aggregate(
        held, by, rounds=row_count(), near_rounds=count_where(pl.col("steps") <= 1)
    )
    return (
        period_axis(period, granularity)
        .join(_classes(), how="cross")
        .join(counts, on=by, how="left")
        .with_columns(pl.col("rounds", "near_rounds").fill_null(0))
        .with_columns(near_consensus=rate("near_rounds", "rounds"))
        .sort("bucket", "order")
    )


def size_class() -> pl.Expr:
    """Return the class of a round's team size, 1-3: 2-3, 4-6, 7 or more people."""
    amount = pl.col("amount_of_estimations")
    return 1 + (amount >= 4).cast(pl.Int64) + (amount >= 7).cast(pl.Int64)


def on_sizes(figures: pl.LazyFrame, counts: Sequence[str]) -> pl.LazyFrame:
    """Join figures by `order` to all classes of team size; missing counts are 0."""
    return (
        _classes()
        .join(figures, on="order", how="left", maintain_order="left")
        .with_columns(pl.col(counts).fill_null(0))
    )


def _classes() -> pl.LazyFrame:
    return pl.LazyFrame({"order": [1, 2, 3], "team_size": TEAM_SIZES})


def _figures(held: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    steps = pl.col("steps")
    counts = aggregate(
        held,
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
