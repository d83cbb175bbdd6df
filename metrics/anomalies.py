"""Days that are outside what their weekday and trend let expect."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from metrics.buckets import axis, bucket_of
from metrics.frames import Frames, Window
from metrics.insights.shown import ENOUGH
from metrics.measures import distinct, rows

BACK = 8
"""How many of the same weekday before a day say what to expect."""
_HALF = BACK // 2
TOLERANCE = 4.0
"""Robust standard deviations that a day may be off."""
_TO_SIGMA = 1.4826
"""Makes the median absolute deviation comparable with a standard deviation."""
FEW = 3
"""Marks at most, so that each of them means something."""
HISTORY = timedelta(weeks=BACK)
"""How much has to be known before a day that is to be judged."""


def marks(series: pl.LazyFrame, since: date, season: int = 7) -> pl.LazyFrame:
    """Return the few buckets from `since` on that are furthest from what to expect.

    `series` has one row per bucket (bucket, value), without gaps. Expected is the
    median of the same weekday in the 8 weeks before, each moved along the trend: the
    step per week from the first four to the last four. The range is 4 times their
    typical distance from it (median absolute deviation), and never narrower than
    what counting alone lets vary; a day with less than 20, where less was expected
    as well, is never marked. `season` is the number of buckets after which the
    pattern repeats: 7 days, or 1 for weeks and months.

    Columns: bucket, value, expected, low, high, in order of time.
    """
    enough = pl.max_horizontal("value", "expected") >= ENOUGH
    off = (pl.col("value") - pl.col("expected")).abs() / pl.col("margin")
    return (
        _expected(series.sort("bucket"), season)
        .filter(pl.col("bucket") >= since, off > 1, enough)
        .sort(off, "bucket", descending=[True, False])
        .head(FEW)
        .sort("bucket")
        .select(
            *("bucket", "value", "expected"),
            low=(pl.col("expected") - pl.col("margin")).clip(0),
            high=pl.col("expected") + pl.col("margin"),
        )
    )


def _expected(series: pl.LazyFrame, season: int) -> pl.LazyFrame:
    """Keep buckets with 8 values to learn from, and add expected and margin."""
    back = {f"back_{n}": n for n in range(1, BACK + 1)}
    trend = (_median([*back][:_HALF]) - _median([*back][_HALF:])) / _HALF
    value, expected = pl.col("value"), pl.col("expected")
    counting = pl.max_horizontal(expected, 1).sqrt()
    return (
        series.with_columns(
            value.shift(season * n).cast(pl.Float64).alias(name)
            for name, n in back.items()
        )
        .drop_nulls(list(back))
        .with_columns(trend=trend)
        .with_columns(pl.col(name) + pl.col("trend") * n for name, n in back.items())
        .with_columns(expected=_median(back).clip(0))
        .with_columns((pl.col(name) - expected).abs() for name in back)
        .with_columns(
            margin=TOLERANCE * pl.max_horizontal(_TO_SIGMA * _median(back), counting)
        )
    )


def _median(columns: Iterable[str]) -> pl.Expr:
    return pl.concat_list(*columns).list.median()


def unusual_days(frames: Frames, window: Window, today: date) -> pl.LazyFrame:
    """Return the days of the window that stand out, at most 3 of each measure.

    The running day is left out. Columns: measure (page_views, unique_users, votes or
    estimations), bucket (the day), value, expected, low, high.
    """
    start = window.start - HISTORY
    judged = frames.within(Window(start, window.end))
    days = axis(start.date(), window.last_day, "day")
    days = days.filter(pl.col("bucket") < today)
    return pl.concat(
        marks(_filled(days, counted), window.first_day).select(
            pl.lit(measure).alias("measure"), pl.all()
        )
        for measure, counted in _measures(judged).items()
    )


def _filled(days: pl.LazyFrame, counted: pl.LazyFrame) -> pl.LazyFrame:
    """Return a value for every day: 0 where nothing was, null before the first ever."""
    value = pl.col("value")
    begun = value.is_not_null().cum_sum() > 0
    series = days.join(counted, on="bucket", how="left").sort("bucket")
    return series.with_columns(value=pl.when(begun).then(value.fill_null(0)))


def _measures(frames: Frames) -> dict[str, pl.LazyFrame]:
    views = frames.page_views.group_by(bucket=bucket_of("viewed_at", "day"))
    votes = frames.votes.group_by(bucket=bucket_of("voted_at", "day"))
    estimates = pl.col("amount_of_estimations").sum().cast(pl.Int64)
    return {
        "page_views": views.agg(value=rows()),
        "unique_users": views.agg(value=distinct("user")),
        "votes": votes.agg(value=rows()),
        "estimations": votes.agg(value=estimates),
    }
