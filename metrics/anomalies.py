"""Days that are outside what their weekday and trend let expect."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import combinations

import polars as pl

from metrics.expressions import distinct_count, row_count
from metrics.frames import Frames, Period, instant
from metrics.minimum_sample import MINIMUM_SAMPLE
from metrics.time_axis import axis, bucket_of

BACK = 8
"""How many of the same weekday before a day say what to expect."""
WEEK = 7
TOLERANCE = 4.0
"""Usual distances that a day may be off."""
_TO_SIGMA = 1.4826
"""Makes the median absolute deviation comparable with a standard deviation."""
_COUNTING = 0.5
"""Standard deviation of the square root of a count that nothing but chance moves."""
FEW = 3
"""Marks of a measure at most, so that each of them means something."""
HISTORY = timedelta(weeks=BACK + 2)
"""How much has to be known before a day that is to be judged: for its spread that of
the seven days up to it, and for theirs the trend of seven days more."""


def marks(series: pl.LazyFrame, since: date) -> pl.LazyFrame:
    """Return the few days of each measure that are furthest from what to expect.

    `series` has one row per measure and day (measure, bucket, value), without gaps;
    days before `since` only teach. Expected is the median of the same weekday in the
    8 weeks before, moved along the trend. The range is 4 times the usual distance of
    all days in these weeks, never less than what counting alone lets vary; distances
    are those of square roots, since counts scatter with their size. A day with less
    than 20, where less was expected as well, is never marked.

    Columns: measure, bucket, value, expected, low, high (the last three in whole
    numbers, so that every count that is marked lies outside), in order of time.
    """
    value, expected = pl.col("value").sqrt(), pl.col("expected").sqrt()
    margin = pl.col("margin")
    off = (value - expected).abs() / margin
    enough = pl.max_horizontal("value", "expected") >= MINIMUM_SAMPLE
    return (
        _judged(series.sort("measure", "bucket"))
        .filter(pl.col("bucket") >= since, off > 1, enough)
        .sort(off, "bucket", descending=[True, False])
        .group_by("measure", maintain_order=True)
        .head(FEW)
        .select(
            *("measure", "bucket", "value"),
            pl.col("expected").round().cast(pl.Int64),
            low=((expected - margin).clip(0) ** 2).ceil().cast(pl.Int64),
            high=((expected + margin) ** 2).floor().cast(pl.Int64),
        )
        .sort("bucket", "measure")
    )


def _judged(series: pl.LazyFrame) -> pl.LazyFrame:
    """Add what was to be expected, and how far its square root may be off (margin).

    Both are null on days without 8 values of their weekday to learn from.
    """
    back, expected = pl.col("back"), pl.col("expected")
    level = back.list.median()
    distances = back.list.eval(pl.element().clip(0).sqrt()) - expected.sqrt()
    distance = distances.list.eval(pl.element().abs()).list.median()
    steps = level * pl.col("trend").fill_null(0)
    return (
        series.with_columns(back=_same_weekday())
        .with_columns(trend=_of_all_weekdays(_slope(back) / level))
        .with_columns(back + steps * _list(range(1, BACK + 1)))
        .with_columns(expected=level.clip(0))
        .with_columns(usual=_TO_SIGMA * _of_all_weekdays(distance))
        .with_columns(margin=TOLERANCE * pl.col("usual").clip(_COUNTING))
    )


def _same_weekday() -> pl.Expr:
    """Return the values of 1 to 8 weeks before as a list; null where one is unknown."""
    measure, value = pl.col("measure"), pl.col("value").cast(pl.Float64)
    back = [value.shift(WEEK * weeks) for weeks in range(1, BACK + 1)]
    same = measure == measure.shift(WEEK * BACK)
    known = pl.all_horizontal(same, *(value.is_not_null() for value in back))
    return pl.when(known).then(pl.concat_list(back))


def _of_all_weekdays(value: pl.Expr) -> pl.Expr:
    """Return the median of a figure over the last seven days; unknown ones aside.

    A measure's first weeks are unknown, so that its days never see another's.
    """
    known = pl.when(value.is_finite()).then(value)
    return known.rolling_median(WEEK, min_samples=1)


def _slope(back: pl.Expr) -> pl.Expr:
    """Return the step per week: the median of those between any two weeks."""
    late, early = zip(*combinations(range(BACK), 2), strict=True)
    steps = back.list.gather(_places(late)) - back.list.gather(_places(early))
    apart = [before - after for after, before in zip(late, early, strict=True)]
    return (steps / _list(apart)).list.median()


def _list(values: Iterable[int]) -> pl.Expr:
    return pl.lit([float(value) for value in values], pl.List(pl.Float64))


def _places(places: Iterable[int]) -> pl.Expr:
    return pl.lit([*places], pl.List(pl.Int64))


def unusual_days(frames: Frames, period: Period, today: date) -> pl.LazyFrame:
    """Return the days of the window that stand out, at most 3 of each measure.

    The running day is left out; `frames` hold all of history. Columns: measure
    (page_views, unique_users, votes or estimations), bucket (the day), value,
    expected, low, high.
    """
    judged = Period(period.start - HISTORY, period.end)
    last = min(period.last_day, today - timedelta(days=1))
    days = axis(judged.first_day, last, "day")
    users, estimates = distinct_count("user"), pl.col("amount_of_estimations").sum()
    views = _daily(
        frames.page_views,
        "viewed_at",
        judged,
        days,
        page_views=row_count(),
        unique_users=users,
    )
    votes = _daily(
        frames.votes,
        "voted_at",
        judged,
        days,
        votes=row_count(),
        estimations=estimates.cast(pl.Int64),
    )
    return marks(pl.concat([views, votes]), period.first_day)


def _daily(
    frame: pl.LazyFrame,
    time: str,
    judged: Period,
    days: pl.LazyFrame,
    **measures: pl.Expr,
) -> pl.LazyFrame:
    """Return measure, bucket, value: 0 where nothing was, null before the first row."""
    inside = frame.filter(judged.contains(time))
    # Any earlier row will do: to look for the first would take a walk through all.
    earlier = frame.filter(pl.col(time) < instant(judged.start)).head(1)
    began = pl.concat([earlier, inside]).select(began=pl.col(time).min().cast(pl.Date))
    counted = inside.group_by(bucket=bucket_of(time, "day"))
    value = pl.col("value").fill_null(0)
    return (
        days.join(began, how="cross")
        .join(counted.agg(**measures), on="bucket", how="left")
        .unpivot([*measures], index=["bucket", "began"], variable_name="measure")
        .select(
            *("measure", "bucket"),
            value=pl.when(pl.col("bucket") >= pl.col("began")).then(value),
        )
    )
