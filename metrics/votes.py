"""Rounds of estimating: how many, when, how large, how long, how far apart.

On the pages a round that nobody estimated counts as a vote and is left out of
every average, distribution and spread.
"""

from collections.abc import Sequence

import polars as pl

from metrics.bins import Bins
from metrics.card_scale import SCALE, STEPS, average_hundredths, estimated, steps
from metrics.expressions import aggregate, divided, rounded, row_count, share
from metrics.frames import Frames, Period
from metrics.query import Granularity
from metrics.time_axis import bucketed, on_axis, period_axis, side_by_side

DURATIONS = Bins(
    labels=(
        "under 15 s",
        "15–30 s",
        "30–60 s",
        "1–2 min",
        "2–5 min",
        "5–15 min",
        "15–60 min",
        "1 h or more",
    ),
    edges=(15, 30, 60, 120, 300, 900, 3600),
)
_COUNTS = ("votes", "rounds_with_estimate", "rounds_without_estimate", "estimations")


def legacy(frames: Frames) -> pl.LazyFrame:
    """Return the old service's figures in one row, rounds without estimates too.

    Columns: total_votes, total_estimations, and means, 0 where there is no vote:
    avg_estimations_per_vote, avg_spectators_per_vote, avg_duration_per_vote
    (minutes), avg_estimation, avg_min_estimation, avg_max_estimation.
    """
    means = rounded(
        avg_estimations_per_vote=pl.col("amount_of_estimations").mean(),
        avg_spectators_per_vote=pl.col("amount_of_spectators").mean(),
        avg_duration_per_vote=divided(pl.col("duration").mean(), 60),
        avg_estimation=divided(average_hundredths().mean(), 100),
        avg_min_estimation=pl.col("min_estimation").mean(),
        avg_max_estimation=pl.col("max_estimation").mean(),
    )
    return frames.votes.select(
        total_votes=row_count(),
        total_estimations=_total("amount_of_estimations"),
        means=means,
    ).unnest("means")


def legacy_estimations(frames: Frames) -> pl.LazyFrame:
    """Return how often each value was estimated, ascending: estimation, count."""
    given = frames.estimations.filter(pl.col("estimation").is_not_null())
    return given.group_by("estimation").agg(count=row_count()).sort("estimation")


def totals(frames: Frames) -> pl.LazyFrame:
    """Return the figures of all rounds in one row.

    Columns: votes, rounds_with_estimate, rounds_without_estimate, estimations,
    estimations_per_vote, estimations_per_vote_median, spectators_per_vote,
    avg_estimation, avg_min_estimation, avg_max_estimation, each with _median,
    duration_mean_seconds, duration_median_seconds, duration_p90_seconds,
    auto_flip_share. Averages are null where no round has an estimate.
    """
    return side_by_side(figures(frames.votes, ()))


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket, averages taken anew: bucket and its columns."""
    inside = bucketed(frames.within(period), granularity)
    parts = figures(inside.votes, ("bucket",))
    return on_axis(period_axis(period, granularity), parts, _COUNTS)


def estimates(frames: Frames) -> pl.LazyFrame:
    """Return how often each value was estimated, ascending: estimation, count, share.

    Every value of the scale is there, others where they occur.
    """
    scale = pl.LazyFrame({"estimation": SCALE}, schema={"estimation": pl.Int16})
    return (
        scale.join(
            legacy_estimations(frames), on="estimation", how="full", coalesce=True
        )
        .with_columns(pl.col("count").fill_null(0))
        .with_columns(share=share("count"))
        .sort("estimation")
    )


def durations(frames: Frames) -> pl.LazyFrame:
    """Return how long rounds with an estimate take: order, length, votes, share."""
    rounds = frames.votes.filter(estimated())
    return DURATIONS.count(rounds, pl.col("duration"), "votes")


def team_sizes(frames: Frames) -> pl.LazyFrame:
    """Return rounds per number of estimators, ascending: estimators, votes, share."""
    rounds = frames.votes.filter(estimated())
    sizes = rounds.group_by(estimators="amount_of_estimations").agg(votes=row_count())
    return sizes.with_columns(share=share("votes")).sort("estimators")


def spread(frames: Frames) -> pl.LazyFrame:
    """Return rounds per distance between lowest and highest estimate.

    Only rounds with two estimates or more. Columns: steps (0-6, all), votes, share.
    """
    rounds = (
        frames.votes.filter(estimated(2)).group_by(steps=steps()).agg(votes=row_count())
    )
    return (
        pl.LazyFrame({"steps": STEPS}, schema={"steps": pl.Int8})
        .join(rounds, on="steps", how="left", maintain_order="left")
        .with_columns(pl.col("votes").fill_null(0))
        .with_columns(share=share("votes"))
    )


def figures(votes: pl.LazyFrame, by: Sequence[str]) -> list[pl.LazyFrame]:
    """Return the counts of `totals`, and its averages, per group."""
    has_estimate = estimated().sum().cast(pl.Int64)
    rounds = votes.filter(estimated())
    return [
        aggregate(
            votes,
            by,
            votes=row_count(),
            rounds_with_estimate=has_estimate,
            rounds_without_estimate=row_count() - has_estimate,
            estimations=_total("amount_of_estimations"),
        ),
        aggregate(rounds, by, **_averages()),
    ]


def _averages() -> dict[str, pl.Expr]:
    """Return the averages of a round's columns, each with its median."""
    columns = {
        "estimations_per_vote": "amount_of_estimations",
        "spectators_per_vote": "amount_of_spectators",
        "avg_min_estimation": "min_estimation",
        "avg_max_estimation": "max_estimation",
    }
    average, seconds = average_hundredths(), pl.col("duration")
    return (
        {name: pl.col(column).mean() for name, column in columns.items()}
        | {f"{name}_median": pl.col(c).median() for name, c in columns.items()}
        | {
            "avg_estimation": divided(average.mean(), 100),
            "avg_estimation_median": divided(average.median(), 100),
            "duration_mean_seconds": seconds.mean(),
            "duration_median_seconds": seconds.median(),
            "duration_p90_seconds": seconds.quantile(0.9, "linear"),
            "auto_flip_share": pl.col("was_auto_flip").mean(),
        }
    )


def _total(column: str) -> pl.Expr:
    return pl.col(column).sum().cast(pl.Int64)
