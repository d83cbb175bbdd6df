"""How much key figures usually change from one period to the next.

A change says something where it is outside what the last twelve comparable pairs of
periods did; inside it, it is what happens anyway.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean
from typing import Any, Literal

import polars as pl

from metrics import traffic, votes
from metrics.expressions import MINIMUM_SAMPLE
from metrics.frames import Period
from metrics.growth import year_before
from metrics.periods import Days, previous, whole_months
from metrics.query import Plan, Query, SharedPlans, Unfinished
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, VOTES
from metrics.time_axis import by_number
from metrics.time_zone import to_utc
from metrics.uncertainty import student_quantile

_READS = (PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES)
_NAMES = tuple(live.name for live in _READS)
_TOO_LITTLE = (
    "Fewer than six earlier pairs, fewer than 20 votes or visitors a period, and a "
    "range that says nothing: as wide as from −90% to +900%, of shares 100 points."
)

DEFINITIONS = (
    Definition(
        "compared_periods",
        "Earlier pairs (n)",
        "count",
        "Earlier pairs of periods behind the usual change, twelve at most.",
        _NAMES,
    ),
    Definition(
        "usual_low",
        "Usual change, from",
        "share",
        "Lower end of the usual changes: of 100 changes like the earlier ones, 95 are "
        "in the range, and so are the earlier ones. Shares change in percentage "
        "points.",
        _NAMES,
        _TOO_LITTLE,
        neutral=True,
    ),
    Definition(
        "usual_high",
        "Usual change, to",
        "share",
        "Upper end of the usual changes. Shares change in percentage points.",
        _NAMES,
        _TOO_LITTLE,
        neutral=True,
    ),
)
LABELS = ("key",)

MEANING = (
    "Usual: 95 in 100 changes between earlier periods like these are in the range."
)
PAIRS = 12
"""Earlier pairs of periods that are looked at."""
FEWEST_PAIRS = 6
"""With fewer of them no change is called usual."""
type Kind = Literal["relative", "difference"]
WIDEST: Mapping[Kind, float] = {"relative": math.log(100), "difference": 1.0}
"""A range that is wider says nothing: "−99 to +78,368%"."""

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
_CASES: Mapping[str, str] = {"visits": "unique_users", "votes": "votes"}
"""Families of figures, and what they come from."""
_OF_BOTH = frozenset(
    number.key for number in traffic.DEFINITIONS if ESTIMATIONS.name in number.tables
)
"""Figures of visits that come from estimations too."""
_ACTIVATED = "activated_users"
# They are 0 where nothing happened; the others have no value there.
_COUNTS = frozenset({"unique_users", "page_views", "visits", "votes", "estimations"})
_LIVE = {"unique_users": PAGE_VIEWS, "votes": VOTES, _ACTIVATED: ESTIMATIONS}
_DAY = timedelta(days=1)


def usual_changes(
    query: Query, shared: SharedPlans, wanted: Collection[str] = (*KEYS,)
) -> Plan:
    """Return the usual change of each key figure that is wanted.

    Both periods are moved back together, twelve times, by the longer one's length in
    whole weeks (by months, where both are whole ones). The range is the one that
    contains one more change in 95 of 100 cases: mean and standard deviation of the
    earlier changes (of the logarithm of the ratio where a change is relative) with
    Student's t. Neighbouring pairs share a period, so that n pairs have 2 (n - 1) / 3
    degrees of freedom; those that share none, as of single days, drift together and
    have (n - 1) / 2. It contains the earlier changes as well, a fall to 0 among them;
    of a share it ends at -1 and 1.

    Columns: key, compared_periods (pairs that were found), usual_low, usual_high (-0.09
    and 0.14 for "-9% to +14%", for a share 0.02 for two percentage points; rounded to
    9 decimals; null with fewer than 6 pairs, of fewer than 20 votes or visitors a
    period, or where the range is wider than `WIDEST`). Empty without a comparison.
    Where the data is younger than twelve pairs, the pair that it begins in is left out.
    """
    keys = [key for key in KEYS if key in wanted]
    if query.comparison is None or not keys:
        return pl.LazyFrame(schema=_COLUMNS)
    pairs = [*_pairs(query.period, query.comparison)]
    # With the query's own two, whose totals then come from the same plans.
    asked = [*pairs, (query.period, query.comparison)]
    # One pass over the activity answers all periods, as long as none overlap.
    passes = [_in_order(period for pair in asked for period in pair)]
    if any(a.end > b.start for a, b in pairwise(passes[0])):
        passes = [_in_order(side) for side in zip(*asked, strict=True)]
    parts = [part for periods in passes for part in _plans(shared, periods, keys)]
    reached = _reached(shared, min(before.start for _, before in pairs))

    def finish(*answers: pl.DataFrame) -> pl.DataFrame:
        *found, before = answers
        rows: dict[tuple[str, Period], dict[str, Any]] = {}
        for (family, periods, _), frame in zip(parts, found, strict=True):
            for number, row in by_number(frame).items():
                figures = traffic.with_rates(row) if "unique_users" in row else row
                rows.setdefault((family, periods[number]), {}).update(figures)
        begun = frozenset(before["cases"])
        usual = (_usual(key, rows, pairs, begun) for key in keys)
        return pl.DataFrame([*filter(None, usual)], _COLUMNS, orient="row")

    first, *further = (plan for *_, plan in parts)
    return Unfinished(first, finish, [*further, reached])


def _reached(shared: SharedPlans, start: datetime) -> pl.LazyFrame:
    """Return the cases that there are in the year before a moment: cases."""
    return pl.concat(
        year_before(shared.frames, start, live)
        .with_columns(cases=pl.lit(cases))
        .select("cases")
        for cases, live in _LIVE.items()
    )


def _in_order(periods: Iterable[Period]) -> tuple[Period, ...]:
    return tuple(sorted(set(periods), key=lambda period: period.start))


def _pairs(now: Period, before: Period) -> Iterator[tuple[Period, Period]]:
    """Yield the earlier pairs of periods, the latest first."""
    days = [Days(period.first_day, period.last_day) for period in (now, before)]
    # Months differ in length: moving by days would drift into the next one. Where only
    # one of the two is whole months, moving it by itself would drift from the other.
    by_months = all(whole_months(span) for span in days)
    # Whole weeks, rounded up: weekdays stay, and neighbours do not overlap.
    back = -(-max(map(len, days)) // 7) * 7 * _DAY
    for _ in range(PAIRS):
        now, before = (
            _months_earlier(period) if by_months else _moved(period, back)
            for period in (now, before)
        )
        yield now, before


def _months_earlier(period: Period) -> Period:
    moved = previous(Days(period.first_day, period.last_day))
    return Period.of_days(moved.first, moved.last, period.zone)


def _moved(period: Period, back: timedelta) -> Period:
    # By the clock: a week in which the clocks change has 167 or 169 hours.
    start, end = (
        to_utc(period.wall(edge) - back, period.zone)
        for edge in (period.start, period.end)
    )
    return Period(start, end, period.zone)


def _plans(
    shared: SharedPlans, periods: tuple[Period, ...], keys: Sequence[str]
) -> Iterator[tuple[str, tuple[Period, ...], pl.LazyFrame]]:
    """Yield the family of figures, the periods, and the plan: number (of the period).

    A period without any visit, or any vote, has no row of that family.
    """
    of_visits, of_votes = (
        [key for key in keys if key in family] for family in (_OF_VISITS, _OF_VOTES)
    )
    if of_visits:
        for about, plan in traffic.per_period(shared, periods, of_visits):
            yield "visits", about, plan
    if of_votes:
        wanted = [*dict.fromkeys(("votes", *of_votes))]
        yield "votes", *votes.per_period(shared, periods, wanted)


def _usual(
    key: str,
    rows: Mapping[tuple[str, Period], Mapping[str, Any]],
    pairs: Sequence[tuple[Period, Period]],
    begun: Collection[str],
) -> tuple[str, int, float | None, float | None] | None:
    """Return the row of a figure; None where no pair of periods has it.

    `begun` are the cases that there are before all pairs.
    """
    family = "visits" if key in _OF_VISITS else "votes"
    cases_of = (_CASES[family], *([_ACTIVATED] if key in _OF_BOTH else []))
    known = _of_pairs(family, rows, pairs, begun, cases_of)
    if not any(now and before for now, before in known):
        return None
    cases = [row.get(_CASES[family], 0) for pair in known for row in pair]
    empty = 0 if key in _COUNTS else None
    figures: list[tuple[Any, Any]] = [
        (now.get(key, empty), before.get(key, empty)) for now, before in known
    ]
    of_both = [pair for pair in figures if None not in pair]
    if KEYS[key] == "difference":
        changes = [now - before for now, before in of_both]
    else:
        # Of damaged rows a sum may be negative, and has no ratio.
        ratios = (now / before for now, before in of_both if now > 0 and before > 0)
        changes = [math.log(ratio) for ratio in ratios]
    if len(changes) < FEWEST_PAIRS or fmean(cases) < MINIMUM_SAMPLE:
        return key, len(changes), None, None
    touches = len(pairs) > 1 and pairs[0][1] == pairs[1][0]
    ends = _range(changes, 2 / 3 if touches else 1 / 2)
    if ends[1] - ends[0] > WIDEST[KEYS[key]]:
        return key, len(changes), None, None
    # Of few cases, changes are none that a normal distribution knows.
    ends = (min(ends[0], *changes), max(ends[1], *changes))
    if KEYS[key] == "difference":
        # No share changes by more than all of it, however much a few pairs did.
        ends = (max(ends[0], -1.0), min(ends[1], 1.0))
    else:
        # A fall to nothing has no ratio either.
        falls = any(now == 0 < before for now, before in of_both)
        low = -1.0 if falls else math.exp(ends[0]) - 1
        ends = (low, math.exp(ends[1]) - 1)
    # A sum of floats depends on the order of its rows, which threads decide, in the
    # fifteenth decimal or so, however close to 0 it is itself.
    return key, len(changes), round(ends[0], 9), round(ends[1], 9)


def _of_pairs(
    family: str,
    rows: Mapping[tuple[str, Period], Mapping[str, Any]],
    pairs: Sequence[tuple[Period, Period]],
    begun: Collection[str],
    needed: Collection[str],
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the rows of the pairs, the latest first; empty for a period without rows.

    From after the pair that one of the `needed` cases begins in, which may be kept for
    less time than others: part of a period would look like a fall.
    """
    none: Mapping[str, Any] = {}
    found = [
        (rows.get((family, now), none), rows.get((family, before), none))
        for now, before in pairs
    ]
    end = len(pairs)
    for cases in needed:
        reached = [n for n, (_, before) in enumerate(found) if before.get(cases)]
        if reached and not (cases in begun and reached[-1] == len(pairs) - 1):
            end = min(end, reached[-1])
    return found[:end]


def _range(changes: Sequence[float], freedom: float) -> tuple[float, float]:
    """Return the range that contains one more change in 95 of 100 cases.

    `freedom` is what each change beyond the first adds to the degrees of freedom.
    """
    n, mean = len(changes), fmean(changes)
    deviation = math.sqrt(sum((change - mean) ** 2 for change in changes) / (n - 1))
    half = student_quantile((n - 1) * freedom) * deviation * math.sqrt(1 + 1 / n)
    return mean - half, mean + half


_COLUMNS = {
    "key": pl.String,
    "compared_periods": pl.Int64,
    "usual_low": pl.Float64,
    "usual_high": pl.Float64,
}


TABLES = (
    table(
        "usual_changes",
        "How much do key figures usually change?",
        usual_changes,
        *_READS,
    ),
)
