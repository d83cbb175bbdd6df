"""Agreement: how many stand on a round's most common card, how many far off."""

from collections.abc import Sequence

import polars as pl

from metrics.buckets import bucket_of, on_axis, window_axis
from metrics.frames import Frames, Window
from metrics.insights.consensus import on_sizes, size_class
from metrics.insights.rounds import joined
from metrics.insights.shown import rate, where
from metrics.measures import aggregate, rows
from metrics.scale import STEPS
from metrics.scope import Every

FAR = 2
"""Steps from the round's median from which an estimate is an outlier."""
_COUNTS = ("rounds", "covered_rounds", "estimates", "agreeing", "outliers")


def totals(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return in one row how estimators agree, in rounds with two or more.

    Columns: rounds (with an estimate that was found), covered_rounds (all of their
    estimates were found), estimates (n), agreeing (on the most common card),
    outliers (2 or more steps from the median), coverage, agreement, outlier_share.
    """
    return _figures(_by_round(frames, window), ())


def over_time(frames: Frames, window: Window, every: Every) -> pl.LazyFrame:
    """Return `totals` per bucket: bucket and its columns."""
    found = _by_round(frames, window).with_columns(bucket=bucket_of("voted_at", every))
    return on_axis(window_axis(window, every), [_figures(found, ("bucket",))], _COUNTS)


def by_team_size(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return `totals` per class of team size, all three: order, team_size, …."""
    found = _by_round(frames, window).with_columns(order=size_class())
    return on_sizes(_figures(found, ("order",)), _COUNTS)


def _by_round(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return rounds with two or more estimates: found, agreeing, outliers, ….

    Each round becomes a histogram over the places of the scale: plain sums are much
    faster than a mode in every group.
    """
    place, median = pl.col("place"), pl.col("median")
    bars = {step: f"bar_{step}" for step in STEPS}
    far = (
        pl.when((median - step).abs() >= FAR).then(bar).otherwise(0)
        for step, bar in bars.items()
    )
    return (
        joined(frames, window)
        .filter(pl.col("amount_of_estimations") >= 2)
        .with_columns(
            (place == step).cast(pl.Int64).alias(b) for step, b in bars.items()
        )
        .group_by("vote_id")
        .agg(
            pl.first("voted_at", "amount_of_estimations"),
            pl.col(*bars.values()).sum(),
            median=place.median(),
        )
        .select(
            *("voted_at", "amount_of_estimations"),
            found=pl.sum_horizontal(bars.values()),
            agreeing=pl.max_horizontal(bars.values()),
            outliers=pl.sum_horizontal(far),
        )
    )


def _figures(found: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        found,
        by,
        rounds=rows(),
        covered_rounds=where(pl.col("found") == pl.col("amount_of_estimations")),
        estimates=pl.col("found").sum(),
        agreeing=pl.col("agreeing").sum(),
        outliers=pl.col("outliers").sum(),
    ).with_columns(
        coverage=rate("covered_rounds", "rounds"),
        agreement=rate("agreeing", "estimates"),
        outlier_share=rate("outliers", "estimates"),
    )
