"""Which days were unusual: far from what the days before them predict."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

import polars as pl

from metrics.expressions import (
    MINIMUM_SAMPLE,
    distinct_count,
    nearest_whole,
    row_count,
    total,
)
from metrics.frames import Frames, Period
from metrics.growth import year_before, year_until
from metrics.query import Query, SharedPlans, Unfinished, is_near
from metrics.sentences import ONE_OF, counted, day_of, listed
from metrics.subject import Definition, table
from metrics.tables import PAGE_VIEWS, VOTES
from metrics.time_axis import SATURDAY, always_daily, axis, local_date
from metrics.time_zone import to_utc

_READS = (PAGE_VIEWS, VOTES)
_NAMES = (PAGE_VIEWS.name, VOTES.name)

DEFINITIONS = (
    Definition("value", "Value", "count", "Count of the day.", _NAMES),
    Definition(
        "expected",
        "Predicted",
        "count",
        "Median of the same weekday in the 8 weeks before.",
        _NAMES,
    ),
    Definition(
        "low",
        "From",
        "count",
        "Lower end of the expected range: the median minus 3.6 times the usual "
        "prediction error of the 56 days before, in square roots, since large counts "
        "vary more.",
        _NAMES,
    ),
    Definition(
        "high",
        "To",
        "count",
        "Upper end of the expected range: the median plus 3.6 times the usual "
        "prediction error of the 56 days before, in square roots.",
        _NAMES,
    ),
)
LABELS = ("measure", "bucket")

BACK = 8
"""How many of the same weekday before a day say what to expect."""
ERRORS = 56
"""How many days before a day say how far off predictions usually are."""
_FEWEST_ERRORS = ERRORS // 2
WEEK = 7
TOLERANCE = 3.6
"""How many standard deviations of a prediction error a day may be off: one quiet day
in about 300 is, and nearly every outage (measured in `benchmarks.placebo`)."""
# Makes the median absolute deviation comparable with a standard deviation.
_TO_SIGMA = 1.4826
# Standard deviation of the square root of a count that nothing but chance moves.
_COUNTING = 0.5
FEW = 3
"""Marks of a measure at most, so that each of them means something."""
HISTORY = timedelta(weeks=BACK, days=ERRORS)
"""How much has to be known before a day that is judged."""


def far_off(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Return the days of each measure that are unusual, in no order.

    `judged` are days that are `predicted`. A day is unusual where its prediction error
    (see there) is larger than its margin, and value or prediction is at least 20.

    Columns: measure, bucket, value, expected, low, high (the last three in whole
    numbers, so that every count that is named is outside), off (the error in margins).
    """
    value, expected = _root(pl.col("value")), _root(pl.col("expected"))
    margin = pl.col("margin")
    off = (value - expected).abs() / margin
    enough = pl.max_horizontal("value", "expected") >= MINIMUM_SAMPLE
    return judged.filter(off > 1, enough).select(
        *("measure", "bucket", "value"),
        nearest_whole(pl.col("expected")),
        low=((expected - margin).clip(0) ** 2).ceil().cast(pl.Int64),
        high=((expected + margin) ** 2).floor().cast(pl.Int64),
        off=off,
    )


def marks(
    found: pl.DataFrame, first: date, last: date, *, weekends: bool = True
) -> pl.DataFrame:
    """Return the few days of each measure that are furthest from the prediction.

    `found` are days that are `far_off`, from which those from the first to the last day
    may be marked, without `weekends` no Saturday or Sunday. Columns: those of `far_off`
    but off, in order of time.
    """
    # A handful of rows: in plain Python they take less time than to plan a query.
    few: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(found.iter_rows(named=True), key=_furthest_first):
        day, of_measure = row["bucket"], few.setdefault(row["measure"], [])
        asked = first <= day <= last and (weekends or day.weekday() < SATURDAY)
        if asked and len(of_measure) < FEW:
            of_measure.append(row)
    shown = [row for of_measure in few.values() for row in of_measure]
    shown.sort(key=itemgetter("bucket", "measure"))
    return pl.DataFrame(shown, {name: found.schema[name] for name in _COLUMNS})


def _furthest_first(row: Mapping[str, Any]) -> tuple[float, date]:
    return -row["off"], row["bucket"]


def predicted(series: pl.LazyFrame) -> pl.LazyFrame:
    """Add what was expected, and how far its square root may be off (margin).

    `series` has one row per measure and day (measure, bucket, value), in this order and
    without gaps. A day is predicted from days before it: the median of the same weekday
    in the 8 weeks before (null where one is unknown). Its error is the difference of
    the square roots of value and prediction: counts scatter with their size, their
    roots do not. The margin is 3.6 times the usual error, which is 1.4826 times the
    median size of the errors of the 56 days before (of those known, at least 28, or
    null), at least 0.5. It is that of the days on which something was or was expected,
    where that is larger: where most days have nothing, all others would be unusual.
    """
    measure, value = pl.col("measure"), pl.col("value").cast(pl.Float64)
    weeks = [value.shift(WEEK * week) for week in range(1, BACK + 1)]
    # Measures follow each other in one column: a shift must not reach into another.
    same = measure == measure.shift(WEEK * BACK)
    known = pl.all_horizontal(same, *(week.is_not_null() for week in weeks))
    error = (_root(value) - _root(pl.col("expected"))).abs()
    telling = pl.when((value > 0) | (pl.col("expected") > 0)).then("error")
    # The first 56 days of a measure have no error: it never sees another's.
    usual, of_telling = (
        errors.shift().rolling_median(ERRORS, min_samples=fewest)
        for errors, fewest in ((pl.col("error"), _FEWEST_ERRORS), (telling, 1))
    )
    larger = pl.max_horizontal(usual, of_telling)
    margin = TOLERANCE * (_TO_SIGMA * larger).clip(_COUNTING)
    return (
        series.with_columns(
            expected=pl.when(known).then(pl.concat_list(weeks).list.median())
        )
        .with_columns(error=error)
        .with_columns(margin=pl.when(usual.is_not_null()).then(margin))
    )


def in_period(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the `unusual_days` of the period, without the weekends that a chart lacks.

    A chart of hours or weeks counts all days: beside it nothing says that some lack.
    """
    period, before = query.period, query.comparison
    # Asked for the comparison as well: it is judged on the way.
    near = before is not None and is_near(before, period)
    since = before.start if before is not None and near else period.start
    weekends = query.weekends or query.granularity != "day"
    return unusual_days(shared, period, query.today, since, weekends=weekends)


def unusual_days(
    shared: SharedPlans,
    period: Period,
    today: date,
    since: datetime | None = None,
    *,
    weekends: bool = True,
) -> Unfinished:
    """Return the unusual days of a period, at most 3 of each measure (see `marks`).

    The running day is left out, and a last day that the period cuts. Columns: measure
    (page_views, unique_users, votes or estimations), bucket (the day), value, expected,
    low, high. Days from `since` on are judged in the same pass. Without `weekends` no
    Saturday or Sunday is marked.
    """
    first = period.local(min(since or period.start, period.start)).date() - HISTORY
    # From midnight on, wherever in a day the period begins: all days are whole ones.
    start = Period.of_days(first, first, period.zone).start
    judged = Period(start, period.end, period.zone)
    # A comparison with a running period ends within a day: part of it would look quiet.
    last = min(period.wall(period.end).date(), today) - timedelta(days=1)
    # A day is judged by a fixed number of days before it: a longer span will do.
    about, series = shared.covering(
        "unusual days",
        judged,
        lambda: predicted(_per_measure(shared.frames, judged, last)),
    )
    # The same plan, so that it is executed once for all who ask.
    found = shared.once(("far off", about), lambda: far_off(series))

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        return marks(found, period.first_day, last, weekends=weekends)

    return Unfinished(found, finish)


def judges(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return whether the data begins early enough to judge every day of a period.

    One row with the column `judged`.
    """
    # A row before the first day that is needed: the first day of the data is not whole.
    needed = timedelta(weeks=BACK, days=_FEWEST_ERRORS)
    first = to_utc(period.wall(period.start) - needed, period.zone)
    earlier = [year_before(shared.frames, first, live) for live in (PAGE_VIEWS, VOTES)]
    return pl.concat(earlier, how="diagonal").select(judged=pl.len() > 0)


def _per_measure(frames: Frames, judged: Period, last: date) -> pl.LazyFrame:
    """Return measure, bucket, value of each day after that of the first row, in order.

    The first one may lack its morning.
    """
    days = axis(judged.first_day, last, "day")
    views = _per_day(
        frames.page_views,
        "viewed_at",
        judged,
        page_views=row_count(),
        unique_users=distinct_count("user"),
    )
    votes = _per_day(
        frames.votes,
        "voted_at",
        judged,
        votes=row_count(),
        estimations=total("amount_of_estimations"),
    )
    day, measures = pl.col("bucket"), pl.col(_MEASURES)
    # No day before the first row: a period may begin decades before it.
    after_first_row = day > day.filter(measures.is_not_null()).min()
    return (
        days.join(views, on="bucket", how="full", coalesce=True)
        .join(votes, on="bucket", how="full", coalesce=True)
        .sort("bucket")
        .with_columns(pl.when(after_first_row).then(measures.fill_null(0)))
        .filter(day >= judged.first_day)
        .unpivot(index="bucket", variable_name="measure")
        .select("measure", "bucket", "value")
        .drop_nulls("value")
        .sort("measure", "bucket")
    )


def _per_day(
    frame: pl.LazyFrame, time: str, judged: Period, **measures: pl.Expr
) -> pl.LazyFrame:
    """Return bucket and measures of days with rows, and of one earlier day if any.

    It says that the data begins earlier (see `growth.year_before`).
    """
    earlier = frame.filter(year_until(judged.start).contains(time)).head(1)
    inside = frame.filter(judged.contains(time))
    day = local_date(time, judged)
    return pl.concat([earlier, inside]).group_by(bucket=day).agg(**measures)


_COLUMNS = ("measure", "bucket", "value", "expected", "low", "high")
_MEASURES = ("page_views", "unique_users", "votes", "estimations")


def _root(count: pl.Expr) -> pl.Expr:
    # Sums of damaged rows may be negative: no number would be larger than any.
    return count.clip(lower_bound=0).sqrt()


def named(frame: pl.DataFrame, measure: str) -> str | None:
    """Name the unusual days: "Tue 10 Nov 2026 (12 votes, 44–112 expected)"."""
    rows = frame.filter(pl.col("measure") == measure).iter_rows(named=True)
    days = [
        # Of another year perhaps: they are named beside days of the period.
        f"{row['bucket']:%a} {day_of(row['bucket'])} "
        f"({counted(row['value'], ONE_OF[measure])}, "
        f"{row['low']:,}–{row['high']:,} expected)"
        for row in rows
    ]
    return listed(days) or None


def most_unusual(frame: pl.DataFrame) -> str | None:
    """Name the day that is furthest from what was expected."""
    value, expected, high = (_root(pl.col(c)) for c in ("value", "expected", "high"))
    off = (value - expected).abs() / (high - expected)
    first = frame.sort(off, "bucket", descending=[True, False]).head(1)
    if first.is_empty():
        return None
    row = first.row(0, named=True)
    # The sentence needs one word; the range behind it says how far off.
    kind = "quiet" if row["value"] < row["expected"] else "busy"
    return (
        f"{row['bucket']:%A}, {day_of(row['bucket'])} was unusually {kind}: "
        f"{counted(row['value'], ONE_OF[row['measure']])}, "
        f"{row['low']:,.0f}–{row['high']:,.0f} expected."
    )


TABLES = (
    table(
        "unusual_days",
        "Which days were unusual?",
        in_period,
        *_READS,
        answer=most_unusual,
        buckets=always_daily,
    ),
)
