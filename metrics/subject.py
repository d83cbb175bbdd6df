"""What a subject consists of: definitions of its numbers, and its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import polars as pl

from metrics.expressions import ranked, ratio, share
from metrics.frames import Period
from metrics.query import Granularity, Plan, Query, SharedPlans
from metrics.tables import Table

Unit = Literal["count", "share", "number", "minutes", "seconds", "points"]
"""How a number prints: 1,234 · 12.3% · 3.6 · 4.2 min · 45 s · 72."""

type Build = Callable[[Query, SharedPlans], Plan]
type Answer = Callable[[pl.DataFrame], str | None]


@dataclass(frozen=True, slots=True)
class Definition:
    """What one number or column means."""

    key: str
    """The column's name in metric tables, CSV files and the API."""
    title: str
    """The name on cards, axes and columns."""
    unit: Unit
    formula: str
    """One or two sentences that a newcomer understands."""
    tables: tuple[str, ...]
    """The live tables that it reads."""
    excludes: str = "Nothing."
    less_is_better: bool = False
    neutral: bool = False
    """More is neither better nor worse, such as the height of estimations."""
    only_in: str = ""
    """The metric table whose column it defines; "" where the key means the same in
    all of them."""
    needs_all_rooms: bool = False
    """Whether it looks for what a user did first, in whatever room: of some rooms only,
    users of others look new."""


def _as_asked(granularity: Granularity) -> Granularity:
    return granularity


def _asked_period(query: Query) -> Period:
    return query.period


@dataclass(frozen=True, slots=True)
class MetricTable:
    """A named table of metrics."""

    name: str
    """Names the CSV file and the API route, such as `votes_by_weekday`."""
    title: str
    build: Build
    """Builds the plan; its columns have a definition or are labels."""
    reads: tuple[str, ...]
    """The live tables that it reads."""
    answer: Answer | None = None
    """Builds the sentence that answers the title from the table's rows; None where
    they are too few to answer."""
    sample_sizes: Mapping[str, str] = field(default_factory=dict)
    """Figure → the column with the number of cases it comes from."""
    covers: Callable[[Query], Period] = _asked_period
    """The dates that the rows are about, where these are not the query's."""
    needs_all_users: bool = False
    """Whether it joins rows of users to whole votes or rooms: of some users only, every
    vote looks agreed and every room quiet."""
    needs_all_rooms: bool = False
    """Whether it has figures that do: see `Definition`."""
    buckets: Callable[[Granularity], Granularity] = _as_asked
    """The length of its buckets, from that of the query: some have weeks at least."""
    counts_any: bool = False
    """Whether a row of any of its live tables counts: where one begins later than
    others, its numbers are about what there is."""
    looks_back: Mapping[str, timedelta] = field(default_factory=dict)
    """Live tables that say what was first, and how long before its days they have to
    begin: of what is not kept, users and rooms look new."""


def table(
    name: str,
    title: str,
    build: Build,
    *reads: Table,
    answer: Answer | None = None,
    sample_sizes: Mapping[str, str] | None = None,
    covers: Callable[[Query], Period] = _asked_period,
    needs_all_users: bool = False,
    needs_all_rooms: bool = False,
    buckets: Callable[[Granularity], Granularity] = _as_asked,
    counts_any: bool = False,
    looks_back: Mapping[str, timedelta] | None = None,
) -> MetricTable:
    """Return a table that reads these live tables."""
    names = tuple(table.name for table in reads)
    sizes = sample_sizes or {}
    return MetricTable(
        name,
        title,
        build,
        names,
        answer,
        sizes,
        covers,
        needs_all_users,
        needs_all_rooms,
        buckets,
        counts_any,
        looks_back or {},
    )


def compared(
    query: Query,
    count: Callable[[Period], pl.LazyFrame],
    on: Sequence[str],
    value: str = "count",
) -> pl.LazyFrame:
    """Count the period, and put the comparison's counts beside it.

    Labels of either period are listed, missing counts are 0. Adds `{value}_before`,
    `{value}_change` and `{value}_change_share` (the change divided by the value
    before; null where that is 0). All three are null without a comparison.
    """
    now = count(query.period)
    before, change = f"{value}_before", f"{value}_change"
    if query.comparison is None:
        return now.with_columns(
            pl.lit(None, pl.Int64).alias(before),
            pl.lit(None, pl.Int64).alias(change),
            pl.lit(None, pl.Float64).alias(f"{change}_share"),
        )
    earlier = count(query.comparison).select(*on, pl.col(value).alias(before))
    joined = now.join(earlier, on=list(on), how="full", coalesce=True, nulls_equal=True)
    # Every count is an Int64 and nothing else is (see `expressions.row_count`).
    known = joined.with_columns(pl.col(pl.Int64).fill_null(0))
    difference = pl.col(value) - pl.col(before)
    return ranked(
        known.with_columns(
            share(value).alias("share"),
            difference.alias(change),
            ratio(difference, before).alias(f"{change}_share"),
        ),
        on,
        value,
    )
