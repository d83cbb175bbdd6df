"""Agreement: how many stand on a round's most common card, how many far off."""

from collections.abc import Sequence

import polars as pl

from metrics.buckets import bucket_of, on_axis, window_axis
from metrics.frames import Frames, Window
from metrics.insights.consensus import on_sizes, size_class
from metrics.insights.rounds import joined
from metrics.insights.shown import rate, where
from metrics.measures import aggregate, rows
from metrics.scope import Every

FAR = 2
"""Steps from the round's median from which an estimate is an outlier."""
_COUNTS = ("rounds", "covered_rounds", "estimators", "agreeing", "outliers")


def totals(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return in one row how estimators agree, in rounds with two or more.

    Columns: rounds (with an estimate that was found), covered_rounds (all of their
    estimates were found), estimators (n), agreeing (on the most common card),
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
    """Return rounds with two or more estimates: found, agreeing, outliers, …."""
    return (
        joined(frames, window)
        .filter(pl.col("amount_of_estimations") >= 2)
        .with_columns(median=pl.col("place").median().over("vote_id"))
        .group_by("vote_id", "place")
        .agg(
            pl.col("voted_at", "amount_of_estimations", "median").first(),
            here=rows(),
        )
        .group_by("vote_id")
        .agg(
            pl.col("voted_at", "amount_of_estimations").first(),
            found=pl.col("here").sum(),
            agreeing=pl.col("here").max(),
            outliers=pl.col("here")
            .filter((pl.col("place") - pl.col("median")).abs() >= FAR)
            .sum(),
        )
    )


def _figures(found: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        found,
        by,
        rounds=rows(),
        covered_rounds=where(pl.col("found") == pl.col("amount_of_estimations")),
        estimators=pl.col("found").sum(),
        agreeing=pl.col("agreeing").sum(),
        outliers=pl.col("outliers").sum(),
    ).with_columns(
        coverage=rate("covered_rounds", "rounds"),
        agreement=rate("agreeing", "estimators"),
        outlier_share=rate("outliers", "estimators"),
    )
