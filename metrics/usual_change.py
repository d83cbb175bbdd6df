"""How much key figures usually change from one period to the next.

A change says something where it is outside what the last twelve comparable pairs of
periods did; inside it, it is what happens anyway.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import polars as pl

from metrics import traffic, votes
from metrics.activity_key import seconds
from metrics.frames import Period
from metrics.periods import Days, previous, whole_months
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, VOTES
from metrics.time_axis import number_of
from metrics.uncertainty import t_quantile

_READS = (PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES)
_NAMES = tuple(live.name for live in _READS)

DEFINITIONS = (
    Definition(
        "compared_periods",
        "Earlier pairs (n)",
        "count",
        "Earlier pairs of periods that the usual change comes from, twelve at most.",
        _NAMES,
    ),
    Definition(
        "usual_low",
        "Usual change, from",
        "share",
        "The change is usual from here on: one more change like the earlier ones is "
        "in the range in 95 of 100 cases. Shares change by percentage points.",
        _NAMES,
        "Fewer than six earlier pairs.",
        neutral=True,
    ),
    Definition(
        "usual_high",
        "Usual change, to",
        "share",
        "The change is usual up to here (see its other end).",
        _NAMES,
        "Fewer than six earlier pairs.",
        neutral=True,
    ),
)
LABELS = ("key",)

PAIRS = 12
"""Earlier pairs of periods that are looked at."""
FEWEST_PAIRS = 6
"""With fewer of them no change is called usual."""
type Kind = Literal["relative", "difference"]

_OF_VISITS: Mapping[str, Kind] = {
    "unique_users": "relative",
    "page_views": "relative",
    "visits": "relative",
    "session_mean_minutes": "relative",
    "session_median_minutes": "relative",
    "activation_rate": "difference",
    "bounce_rate": "difference",
    "visit_bounce_rate": "difference",
}
_OF_VOTES: Mapping[str, Kind] = {
    "votes": "relative",
    "estimations": "relative",
    "estimations_per_vote": "relative",
    "spectators_per_vote": "relative",
    "avg_estimation": "relative",
    "duration_median_seconds": "relative",
    "duration_p90_seconds": "relative",
    "auto_flip_share": "difference",
}
KEYS: Mapping[str, Kind] = {**_OF_VISITS, **_OF_VOTES}
"""Figures, and how their change is given: a share changes by a difference."""
_DAY = timedelta(days=1)


def usual_changes(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the usual change of each key figure.

    Both periods are moved back together, twelve times, by their length in whole weeks
    (whole months by months). The range is the one that contains one more change in 95
    of 100 cases: mean and standard deviation of the earlier changes (of the logarithm
    of the ratio where a change is relative) with Student's t. Neighbouring pairs share
    a period, so that n pairs have 2 (n - 1) / 3 degrees of freedom.

    Columns: key, compared_periods (pairs that were found), usual_low, usual_high (-0.09
    and 0.14 for "-9% to +14%", for a share 0.02 for two percentage points; rounded to
    9 decimals; null with fewer than 6 pairs). Empty without a comparison.
    """
    pairs = [*_pairs(query)]
    values = _values(shared, pairs)
    relative = pl.col("key").is_in(
        [key for key, kind in KEYS.items() if kind != "difference"]
    )
    change = (
        pl.when(~relative)
        .then(pl.col("now") - pl.col("before"))
        .when((pl.col("now") > 0) & (pl.col("before") > 0))
        .then((pl.col("now") / pl.col("before")).log())
    )
    n = pl.col("compared_periods").cast(pl.Float64)
    half = t_quantile((n - 1) * 2 / 3) * pl.col("deviation") * (1 + 1 / n).sqrt()
    known = pl.col("compared_periods") >= FEWEST_PAIRS

    def limit(edge: pl.Expr) -> pl.Expr:
        change = pl.when(relative).then(edge.exp() - 1).otherwise(edge)
        # A sum of floats depends on the order of its rows, which threads decide, in
        # the fifteenth decimal or so, however close to 0 it is itself.
        return pl.when(known).then(change.round(9))

    return (
        values.with_columns(change=change)
        .group_by("key")
        .agg(
            compared_periods=pl.col("change").count().cast(pl.Int64),
            mean=pl.col("change").mean(),
            deviation=pl.col("change").std(),
        )
        .select(
            *("key", "compared_periods"),
            usual_low=limit(pl.col("mean") - half),
            usual_high=limit(pl.col("mean") + half),
        )
        .sort(pl.col("key").cast(pl.Enum([*KEYS])))
    )


def _pairs(query: Query) -> Iterator[tuple[Period, Period]]:
    """Yield the earlier pairs of periods, the latest first."""
    if query.comparison is None:
        return
    now, before = query.period, query.comparison
    for _ in range(PAIRS):
        now, before = _earlier(now), _earlier(before)
        yield now, before


def _earlier(period: Period) -> Period:
    days = Days(period.first_day, period.last_day)
    # Months differ in length: moving by days would drift into the next one.
    if whole_months(days):
        moved = previous(days)
        return Period.of_days(moved.first, moved.last, period.zone)
    # Whole weeks, rounded up: weekdays stay, and neighbours do not overlap.
    back = -(-len(days) // 7) * 7 * _DAY
    return Period(period.start - back, period.end - back)


def _values(
    shared: SharedPlans, pairs: Sequence[tuple[Period, Period]]
) -> pl.LazyFrame:
    """Return key, pair, now, before; pairs before the first row are left out."""
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    together = sorted({p for side in sides for p in side}, key=lambda p: p.start)
    # One pass over the activity answers all periods, as long as none overlap.
    if _apart(together):
        figures = _figures(shared, together)
        found = [_of(figures, together, side) for side in sides]
    else:
        found = []
        for side in sides:
            ordered = sorted(side, key=lambda p: p.start)
            found.append(_of(_figures(shared, ordered), ordered, side))
    now, before = found
    return now.rename({"value": "now"}).join(
        before.rename({"value": "before"}), on=["pair", "key"]
    )


def _apart(periods: Sequence[Period]) -> bool:
    return all(a.end <= b.start for a, b in pairwise(periods))


def _of(
    figures: pl.LazyFrame, periods: Sequence[Period], side: Sequence[Period]
) -> pl.LazyFrame:
    """Return pair, key, value of one side of the pairs."""
    places = [periods.index(period) for period in side]
    pairs = pl.LazyFrame(
        {"pair": range(len(side)), "number": places},
        schema={"pair": pl.Int64, "number": pl.Int64},
    )
    return pairs.join(figures, on="number").drop("number")


def _figures(shared: SharedPlans, periods: Sequence[Period]) -> pl.LazyFrame:
    """Return number (of the period), key, value."""
    if not periods:
        schema = {"number": pl.Int64, "key": pl.String, "value": pl.Float64}
        return pl.LazyFrame(schema=schema)
    visits = _long(traffic.per_period(shared, periods), _OF_VISITS)
    whole = Period(periods[0].start, periods[-1].end)
    held = shared.within(whole).votes.with_columns(second=seconds(pl.col("voted_at")))
    numbered = held.with_columns(number=number_of("second", periods))
    counts, averages = votes.figures(numbered.drop_nulls("number"), ["number"])
    figures = _long(counts.join(averages, on="number", how="left"), _OF_VOTES)
    # Both sides of the pairs take their periods from it.
    return pl.concat([visits, figures]).cache()


def _long(table: pl.LazyFrame, keys: Collection[str]) -> pl.LazyFrame:
    return table.select(
        "number", *(pl.col(key).cast(pl.Float64) for key in keys)
    ).unpivot([*keys], index="number", variable_name="key", value_name="value")


TABLES = (
    table(
        "usual_changes",
        "How much do key figures usually change?",
        usual_changes,
        *_READS,
    ),
)
