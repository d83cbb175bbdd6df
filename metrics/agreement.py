"""Agreement: how many stand on a round's most common card, how many far off."""

from collections.abc import Sequence

import polars as pl

from metrics.card_scale import STEPS
from metrics.consensus import on_sizes, size_class
from metrics.estimated_votes import joined
from metrics.expressions import aggregate, count_where, row_count
from metrics.frames import Frames, Period
from metrics.minimum_sample import rate
from metrics.query import Granularity
from metrics.time_axis import bucket_of, on_axis, period_axis

FAR = 2
"""Steps from the round's median from which an estimate is an outlier."""
_BARS = {step: f"bar_{step}" for step in STEPS}
_COUNTS = ("rounds", "covered_rounds", "estimates", "agreeing", "outliers")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how estimators agree, in rounds with two or more.

    Columns: rounds (with an estimate that was found), covered_rounds (all of their
    estimates were found), estimates (n), agreeing (on the most common card),
    outliers (2 or more steps from the median), coverage, agreement, outlier_share.
    """
    return _figures(_by_round(frames, period), ())


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket: bucket and its columns."""
    found = _by_round(frames, period).with_columns(
        bucket=bucket_of("voted_at", granularity)
    )
    return on_axis(
        period_axis(period, granularity), [_figures(found, ("bucket",))], _COUNTS
    )


def by_team_size(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return `totals` per class of team size, all three: order, team_size, …."""
    found = _by_round(frames, period).with_columns(order=size_class())
    return on_sizes(_figures(found, ("order",)), _COUNTS)


def _by_round(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return rounds with two or more estimates: found, agreeing, outliers, ….

    Each round becomes a histogram over the places of the scale: plain sums are much
    faster than a mode and a median in every group.
    """
    return frames.once(("agreement", period), lambda: _histograms(frames, period))


def _histograms(frames: Frames, period: Period) -> pl.LazyFrame:
    return (
        joined(frames, period)
        .filter(pl.col("amount_of_estimations") >= 2)
        .select(
            *("vote_id", "voted_at", "amount_of_estimations"),
            *(
                (pl.col("place") == step).cast(pl.Int64).alias(bar)
                for step, bar in _BARS.items()
            ),
        )
        .group_by("vote_id")
        .agg(
            pl.first("voted_at", "amount_of_estimations"),
            pl.col(*_BARS.values()).sum(),
        )
        .with_columns(
            found=pl.sum_horizontal(_BARS.values()),
            agreeing=pl.max_horizontal(_BARS.values()),
        )
        .with_columns(median=_median())
        .with_columns(outliers=_far())
    )


def _median() -> pl.Expr:
    """Return the median place of a histogram: the mean of the middle one or two."""
    n = pl.col("found")
    up_to = [pl.sum_horizontal([*_BARS.values()][: step + 1]) for step in STEPS]
    # As many places lie below a rank as sums up to them do not reach beyond it.
    low, high = (
        pl.sum_horizontal((total <= rank).cast(pl.Int64) for total in up_to)
        for rank in ((n - 1) // 2, n // 2)
    )
    return (low + high) / 2


def _far() -> pl.Expr:
    """Return how many estimates of a histogram are outliers."""
    return pl.sum_horizontal(
        pl.when((pl.col("median") - step).abs() >= FAR).then(bar).otherwise(0)
        for step, bar in _BARS.items()
    )


def _figures(found: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        found,
        by,
        rounds=row_count(),
        covered_rounds=count_where(pl.col("found") == pl.col("amount_of_estimations")),
        estimates=pl.col("found").sum(),
        agreeing=pl.col("agreeing").sum(),
        outliers=pl.col("outliers").sum(),
    ).with_columns(
        coverage=rate("covered_rounds", "rounds"),
        agreement=rate("agreeing", "estimates"),
        outlier_share=rate("outliers", "estimates"),
    )
