"""On which weekdays and at which hours people vote."""

import polars as pl

from metrics.expressions import ratio, row_count, share
from metrics.frames import Frames, Period
from metrics.time_axis import axis, per_day

WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


def legacy(frames: Frames) -> pl.LazyFrame:
    """Return votes per weekday that has any, Monday first: weekday_name, votes."""
    counts = _per_weekday(frames.votes)
    return counts.join(_weekdays(), on="weekday", maintain_order="left").select(
        "weekday_name", "votes"
    )


def by_weekday(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return all seven weekdays, Monday first.

    Columns: weekday (1-7), weekday_name, votes, share, days (how many such days
    the window has), votes_per_day (null without such a day).
    """
    return (
        _weekdays()
        .pipe(_add, _per_weekday(frames.votes.filter(period.contains("voted_at"))))
        .pipe(_add, _days(period))
        .with_columns(pl.col("votes", "days").fill_null(0))
        .with_columns(share=share("votes"), votes_per_day=ratio("votes", "days"))
        .select("weekday", "weekday_name", "votes", "share", "days", "votes_per_day")
    )


def by_weekday_and_hour(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return all 168 hours of the week, from Monday 0:00 UTC.

    Columns: weekday (1-7), weekday_name, hour (0-23), votes, votes_per_day (votes
    divided by the number of such weekdays in the window, null without one).
    """
    hours = pl.LazyFrame({"hour": range(24)}, schema={"hour": pl.Int8})
    votes = (
        frames.votes.filter(period.contains("voted_at"))
        .group_by(_weekday("voted_at"), hour=pl.col("voted_at").dt.hour())
        .agg(votes=row_count())
    )
    return (
        _weekdays()
        .join(hours, how="cross", maintain_order="left_right")
        .join(votes, on=["weekday", "hour"], how="left", maintain_order="left")
        .pipe(_add, _days(period))
        .with_columns(pl.col("votes", "days").fill_null(0))
        .with_columns(votes_per_day=ratio("votes", "days"))
        .drop("days")
    )


def _weekday(column: str) -> pl.Expr:
    return pl.col(column).dt.weekday().alias("weekday")


def _per_weekday(votes: pl.LazyFrame) -> pl.LazyFrame:
    counts = per_day(votes, "voted_at").group_by(_weekday("day"))
    return counts.agg(votes=pl.col("count").sum()).sort("weekday")


def _weekdays() -> pl.LazyFrame:
    return pl.LazyFrame(
        {"weekday": range(1, 8), "weekday_name": WEEKDAYS},
        schema={"weekday": pl.Int8, "weekday_name": pl.String},
    )


def _add(frame: pl.LazyFrame, per_weekday: pl.LazyFrame) -> pl.LazyFrame:
    return frame.join(per_weekday, on="weekday", how="left", maintain_order="left")


def _days(period: Period) -> pl.LazyFrame:
    days = axis(period.first_day, period.last_day, "day")
    return days.group_by(_weekday("bucket")).agg(days=row_count())
