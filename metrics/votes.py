"""Rounds of estimating: how many, when, how large, how long, how far apart.

On the pages a round that nobody estimated counts as a vote and is left out of
every average, distribution and spread.
"""

from collections.abc import Sequence

import polars as pl

from metrics.buckets import axis, bucketed, on_axis, side_by_side, window_axis
from metrics.classes import Classes
from metrics.frames import Frames, Window
from metrics.measures import aggregate, divided, python_round, ratio, rows, share
from metrics.scale import SCALE, STEPS, average_hundredths, estimated, steps
from metrics.scope import Every

WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
DURATIONS = Classes(
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


def reference(frames: Frames) -> pl.LazyFrame:
    """Return the old service's figures in one row, rounds without estimates too.

    Columns: total_votes, total_estimations, and means, 0 where there is no vote:
    avg_estimations_per_vote, avg_spectators_per_vote, avg_duration_per_vote
    (minutes), avg_estimation, avg_min_estimation, avg_max_estimation.
    """
    means = {
        "avg_estimations_per_vote": pl.col("amount_of_estimations").mean(),
        "avg_spectators_per_vote": pl.col("amount_of_spectators").mean(),
        "avg_duration_per_vote": divided(pl.col("duration").mean(), 60),
        "avg_estimation": divided(average_hundredths().mean(), 100),
        "avg_min_estimation": pl.col("min_estimation").mean(),
        "avg_max_estimation": pl.col("max_estimation").mean(),
    }
    return frames.votes.select(
        total_votes=rows(),
        total_estimations=_total("amount_of_estimations"),
        **{name: rounded(value) for name, value in means.items()},
    )


def rounded(mean: pl.Expr, digits: int = 2) -> pl.Expr:
    """Return a mean as the old service rounds it; 0 where there is none."""
    return python_round(mean, digits).fill_null(0.0)


def reference_weekdays(frames: Frames) -> pl.LazyFrame:
    """Return votes per weekday that has any, Monday first: weekday_name, votes."""
    counts = _per_weekday(frames.votes)
    return counts.join(_weekdays(), on="weekday", maintain_order="left").select(
        "weekday_name", "votes"
    )


def reference_estimations(frames: Frames) -> pl.LazyFrame:
    """Return how often each value was estimated, ascending: estimation, count."""
    given = frames.estimations.filter(pl.col("estimation").is_not_null())
    return given.group_by("estimation").agg(count=rows()).sort("estimation")


def totals(frames: Frames) -> pl.LazyFrame:
    """Return the figures of all rounds in one row.

    Columns: votes, rounds_with_estimate, rounds_without_estimate, estimations,
    estimations_per_vote, estimations_per_vote_median, spectators_per_vote,
    avg_estimation, avg_min_estimation, avg_max_estimation, each with _median,
    duration_mean_seconds, duration_median_seconds, duration_p90_seconds,
    auto_flip_share. Averages are null where no round has an estimate.
    """
    return side_by_side(_figures(frames.votes, ()))


def over_time(frames: Frames, window: Window, every: Every) -> pl.LazyFrame:
    """Return `totals` per bucket, averages taken anew: bucket and its columns."""
    inside = bucketed(frames.within(window), every)
    parts = _figures(inside.votes, ("bucket",))
    return on_axis(window_axis(window, every), parts, _COUNTS)


def by_weekday(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return all seven weekdays, Monday first.

    Columns: weekday (1-7), weekday_name, votes, share, days (how many such days
    the window has), votes_per_day (null without such a day).
    """
    return (
        _weekdays()
        .pipe(_add, _per_weekday(frames.votes.filter(window.contains("voted_at"))))
        .pipe(_add, _days(window))
        .with_columns(pl.col("votes", "days").fill_null(0))
        .with_columns(share=share("votes"), votes_per_day=ratio("votes", "days"))
        .select("weekday", "weekday_name", "votes", "share", "days", "votes_per_day")
    )


def by_weekday_and_hour(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return all 168 hours of the week, from Monday 0:00 UTC.

    Columns: weekday (1-7), weekday_name, hour (0-23), votes, votes_per_day (votes
    divided by the number of such weekdays in the window, null without one).
    """
    hours = pl.LazyFrame({"hour": range(24)}, schema={"hour": pl.Int8})
    votes = (
        frames.votes.filter(window.contains("voted_at"))
        .group_by(_weekday("voted_at"), hour=pl.col("voted_at").dt.hour())
        .agg(votes=rows())
    )
    return (
        _weekdays()
        .join(hours, how="cross", maintain_order="left_right")
        .join(votes, on=["weekday", "hour"], how="left", maintain_order="left")
        .pipe(_add, _days(window))
        .with_columns(pl.col("votes", "days").fill_null(0))
        .with_columns(votes_per_day=ratio("votes", "days"))
        .drop("days")
    )


def estimates(frames: Frames) -> pl.LazyFrame:
    """Return how often each value was estimated, ascending: estimation, count, share.

    Every value of the scale is there, others where they occur.
    """
    scale = pl.LazyFrame({"estimation": SCALE}, schema={"estimation": pl.Int16})
    return (
        scale.join(
            reference_estimations(frames), on="estimation", how="full", coalesce=True
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
    sizes = rounds.group_by(estimators="amount_of_estimations").agg(votes=rows())
    return sizes.with_columns(share=share("votes")).sort("estimators")


def spread(frames: Frames) -> pl.LazyFrame:
    """Return rounds per distance between lowest and highest estimate.

    Only rounds with two estimates or more. Columns: steps (0-6, all), votes, share.
    """
    rounds = frames.votes.filter(estimated(2)).group_by(steps=steps()).agg(votes=rows())
    return (
        pl.LazyFrame({"steps": STEPS}, schema={"steps": pl.Int8})
        .join(rounds, on="steps", how="left", maintain_order="left")
        .with_columns(pl.col("votes").fill_null(0))
        .with_columns(share=share("votes"))
    )


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> list[pl.LazyFrame]:
    has_estimate = estimated().sum().cast(pl.Int64)
    rounds = votes.filter(estimated())
    return [
        aggregate(
            votes,
            by,
            votes=rows(),
            rounds_with_estimate=has_estimate,
            rounds_without_estimate=rows() - has_estimate,
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


def _weekday(column: str) -> pl.Expr:
    return pl.col(column).dt.weekday().alias("weekday")


def _per_weekday(votes: pl.LazyFrame) -> pl.LazyFrame:
    return votes.group_by(_weekday("voted_at")).agg(votes=rows()).sort("weekday")


def _weekdays() -> pl.LazyFrame:
    return pl.LazyFrame(
        {"weekday": range(1, 8), "weekday_name": WEEKDAYS},
        schema={"weekday": pl.Int8, "weekday_name": pl.String},
    )


def _add(frame: pl.LazyFrame, per_weekday: pl.LazyFrame) -> pl.LazyFrame:
    return frame.join(per_weekday, on="weekday", how="left", maintain_order="left")


def _days(window: Window) -> pl.LazyFrame:
    days = axis(window.first_day, window.last_day, "day")
    return days.group_by(_weekday("bucket")).agg(days=rows())
