"""The report of a period for readers outside the team, as values without a format.

Every figure, list and sentence comes from the tables that the pages show, so that a
report and a page of the same period say the same. `metrics.report_writers` writes it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

import polars as pl

from metrics import formats
from metrics.expressions import NO_NAME
from metrics.frames import Period
from metrics.query import Granularity, Plan, Query, SharedPlans
from metrics.registry import (
    DEFINITIONS,
    METRIC_TABLES,
    answer,
    begins_later,
    plan,
    plan_of_usual,
)
from metrics.subject import Definition

type Value = int | float | None

FIGURES: Mapping[str, tuple[str, ...]] = {
    "traffic_totals": ("unique_users", "page_views", "activation_rate"),
    "votes_totals": (
        "votes",
        "estimations",
        "estimations_per_vote",
        "duration_median_seconds",
    ),
    "consensus": ("near_consensus",),
}
"""Tables of one row → their columns in the report, in its order."""
SERIES, DRAWN = "votes_over_time", "votes"
"""The chart's table and column."""
_CHANGES, _UNUSUAL, _ROOMS, _QUIET, _USUAL = (
    "what_moved",
    "unusual_days",
    "rooms",
    "rooms_gone_quiet",
    "usual_changes",
)
_TABLES = (*FIGURES, SERIES, _CHANGES, _UNUSUAL, _ROOMS, _QUIET)
READS = frozenset(live for name in _TABLES for live in METRIC_TABLES[name].reads)
"""The live tables that a report needs."""
MOST = 5
"""Rows of a list at most."""


class Note(Protocol):
    """Something that the team wrote down about a day or a span of days."""

    @property
    def first(self) -> date:
        """The first day."""
        ...

    @property
    def last(self) -> date:
        """The last day."""
        ...

    @property
    def title(self) -> str:
        """What happened."""
        ...

    @property
    def link(self) -> str | None:
        """An http or https address, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the period beside that of the comparison."""

    definition: Definition
    value: Value
    before: Value
    """Null without a comparison as well."""
    usual: tuple[float, float] | None
    """The lowest and highest of the usual changes: relative, or of a share in parts of
    1. None where they are not known."""

    @property
    def change(self) -> float | None:
        """The change: of a share the difference, of others the part of before."""
        if self.value is None or self.before is None:
            return None
        if self.definition.unit == "share":
            # The difference of 0.3 and 0.2 is no 0.09999999999999998.
            return round(self.value - self.before, 9)
        return self.judged_change

    @property
    def is_unusual(self) -> bool | None:
        """Whether the change is beyond the usual ones; None where that is not known."""
        if self.judged_change is None or self.usual is None:
            return None
        return self.beside_usual == "beyond"

    @property
    def beside_usual(self) -> str | None:
        """How the change is to the usual ones (see `formats.beside_usual`).

        None where that is not known, of nothing after nothing, and of a change outside
        that is printed as none.
        """
        if self.judged_change is None or self.usual is None:
            return None
        if self.value == self.before == 0:
            return None
        where = formats.beside_usual(*self.usual, self.judged_change)
        printed = formats.change(self.value, self.before, self.definition.unit)
        return None if where != "within" and formats.prints_zero(printed) else where

    @property
    def judged_change(self) -> float | None:
        """The change that is compared with the usual ones."""
        return formats.judged_change(self.value, self.before, self.definition.unit)


class ChartBucket(NamedTuple):
    """A bucket of the chart."""

    at: date
    """Its first day, or in UTC the start of an hour."""
    votes: int
    cut: str | None
    """Where it is cut, as in tables over time."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one country, source, room or weekday adds to a change."""

    dimension: str
    measure: str
    label: str | None
    now: int
    before: int
    room_id: int | None = None
    """Of a room: several may be deleted, or have a name that cannot be seen."""


@dataclass(frozen=True, slots=True)
class UnusualDay:
    """A day outside the range that its weekday and the trend let expect."""

    day: date
    measure: str
    value: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class GrownRoom:
    """A room by its name and number (None: deleted, or not known)."""

    name: str | None
    number: int | None
    room_id: int
    votes: int
    """Of the period."""
    before: int
    """Of the comparison."""


@dataclass(frozen=True, slots=True)
class QuietRoom:
    """A room that was healthy four weeks before the end of the period."""

    name: str | None
    number: int | None
    room_id: int
    last_vote_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The report; its writers add no number and leave none out."""

    period: Period
    comparison: Period | None
    until: datetime | None
    """The end of the data, UTC."""
    figures: tuple[Figure, ...]
    granularity: Granularity
    series: tuple[ChartBucket, ...]
    drawn: Period
    """The days of the series: those of the period from where the data begins."""
    series_before: tuple[ChartBucket, ...]
    """Of the comparison; `metrics.report_writers` puts both beside each other."""
    what_changed: str | None
    changes: tuple[Change, ...]
    unusual_days: tuple[UnusualDay, ...]
    unusual_before: tuple[UnusualDay, ...]
    """Those of the comparison."""
    notes: tuple[Note, ...]
    grown: tuple[GrownRoom, ...]
    """Rooms with more votes than before, the largest growth first."""
    quiet: tuple[QuietRoom, ...]
    country_names: Mapping[str, str]
    grown_count: int = 0
    quiet_count: int = 0
    """Of all of these rooms; the lists have `MOST` of them."""
    missing: tuple[str, ...] = ()
    """The live tables that the store lacks: figures that need one are null."""
    data_begins: date | None = None
    """The day on which the data begins, where it is why nothing is compared."""
    later_begins: Mapping[str, date] = field(default_factory=dict)
    """The live tables that begin within the days of the report, and on which day."""
    address: str = ""
    """Where the dashboard is, without a slash at the end; "" if not known."""
    bots: bool = False
    """Whether bots are counted as users."""
    weekends: bool = True
    """Whether a series of days has Saturdays and Sundays."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all happened in the period."""
        return not any(figure.value for figure in self.figures)


def plans(query: Query, shared: SharedPlans | None = None) -> dict[str, Plan]:
    """Return the plans that `compose` needs the results of, by name."""
    known = shared or SharedPlans.of(query)
    before = query.comparison_query
    figures = [key for keys in FIGURES.values() for key in keys]
    # First: figures of the two periods are among those of many.
    found: dict[str, Plan] = {_USUAL: plan_of_usual(query, known, figures)}
    found |= {name: plan(name, query, known) for name in _TABLES}
    # The comparison gets its own plans of figures and chart; lists compare by columns.
    if before is not None:
        for name in (*FIGURES, SERIES, _UNUSUAL):
            found[_before(name)] = plan(name, before, known)
    return found


def compose(
    query: Query,
    results: Mapping[str, pl.DataFrame],
    until: datetime | None,
    notes: Sequence[Note] = (),
    country_names: Mapping[str, str] | None = None,
    address: str = "",
    *,
    bots: bool = False,
) -> Report:
    """Return the report from the results of `plans`; `notes` are those of the period.

    `until` is the instant up to which there are data. Texts name countries by
    `country_names` (code → name) where they know them, and rooms link to the dashboard
    at `address`. `bots` is whether the rows of the query have them.
    """
    names = country_names or {}
    changes = results[_CHANGES]
    missing = tuple(live for live in query.missing if live in READS)
    label, dimension = pl.col("label"), pl.col("dimension")
    unnamed = (dimension == "room") & label.is_null() & (not query.knows_rooms)
    named = (
        pl.when(dimension == "country")
        .then(label.replace(names))
        .when(unnamed)
        .then(pl.lit(NO_NAME))
        .otherwise(label)
    )
    compared = query.comparison is not None
    grown = _grown(results[_ROOMS]) if compared else pl.DataFrame()
    quiet = (
        results[_QUIET]
        .drop_nulls("health")
        .select(
            "room_id",
            name="room_name",
            number="room_number",
            last_vote_at="last_round_at",
        )
    )
    return Report(
        period=query.period,
        comparison=query.comparison,
        until=until,
        figures=tuple(_figures(results)),
        granularity=query.granularity,
        series=_series(results, SERIES),
        drawn=query.known,
        series_before=_series(results, _before(SERIES)),
        what_changed=answer(_CHANGES, changes.with_columns(label=named))
        if compared
        else None,
        changes=tuple(
            Change(**row)
            for row in changes.head(MOST)
            .select("dimension", "measure", "label", "now", "before", "room_id")
            .iter_rows(named=True)
        ),
        unusual_days=_unusual(results, _UNUSUAL),
        unusual_before=_unusual(results, _before(_UNUSUAL)),
        notes=tuple(notes),
        grown=tuple(_listed(grown, GrownRoom)),
        grown_count=grown.height,
        country_names=names,
        missing=missing,
        data_begins=query.data_begins,
        later_begins=begins_later(query, _TABLES),
        quiet=tuple(_listed(quiet, QuietRoom)),
        quiet_count=quiet.height,
        address=address,
        bots=bots,
        weekends=query.weekends,
    )


def by_period(
    results: Mapping[str, pl.DataFrame],
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """Return the results of `plans` by name: of the period, and of the comparison."""
    earlier = {name: _before(name) for name in results if _before(name) in results}
    return (
        {n: frame for n, frame in results.items() if n not in earlier.values()},
        {name: results[found] for name, found in earlier.items()},
    )


def _before(name: str) -> str:
    return f"{name} before"


def _figures(results: Mapping[str, pl.DataFrame]) -> list[Figure]:
    usual = {
        key: (low, high)
        for key, low, high in results[_USUAL]
        .select("key", "usual_low", "usual_high")
        .drop_nulls()
        .iter_rows()
    }
    return [
        Figure(
            DEFINITIONS[key],
            results[name][key].item(),
            results[_before(name)][key].item() if _before(name) in results else None,
            usual.get(key),
        )
        for name, keys in FIGURES.items()
        for key in keys
    ]


def _series(results: Mapping[str, pl.DataFrame], name: str) -> tuple[ChartBucket, ...]:
    """Return the buckets of the chart; none without results."""
    if name not in results:
        return ()
    # Null throughout where the store lacks the table: then there is no chart.
    known = results[name].select("bucket", DRAWN, "cut").drop_nulls(DRAWN)
    return tuple(ChartBucket(*row) for row in known.iter_rows())


def _unusual(results: Mapping[str, pl.DataFrame], name: str) -> tuple[UnusualDay, ...]:
    if name not in results:
        return ()
    columns = results[name].select("measure", "value", "low", "high", day="bucket")
    return tuple(UnusualDay(**row) for row in columns.iter_rows(named=True))


def _grown(rooms: pl.DataFrame) -> pl.DataFrame:
    """Return the rooms that gained votes, most first; no deleted ones to visit."""
    return (
        rooms.filter(pl.col("votes_change") > 0, pl.col("room_name").is_not_null())
        .sort("votes_change", "room_id", descending=[True, False])
        .select(
            *("room_id", "votes"),
            name="room_name",
            number="room_number",
            before="votes_before",
        )
    )


def _listed[Room](rooms: pl.DataFrame, of: Callable[..., Room]) -> Iterator[Room]:
    return (of(**row) for row in rooms.head(MOST).iter_rows(named=True))
