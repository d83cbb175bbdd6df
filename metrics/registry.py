"""All tables, definitions and answers, collected from the subjects."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import ModuleType

import polars as pl

from metrics import (
    agreement,
    auto_flip,
    behaviour,
    changes,
    consensus,
    convergence,
    daily,
    funnel,
    growth,
    invites,
    location,
    meetings,
    retention,
    returning,
    room_health,
    rooms,
    spectators,
    stored_data,
    traffic,
    unusual_days,
    usual_change,
    vote_time,
    votes,
)
from metrics.frames import Period, instant
from metrics.query import Plan, Query, SharedPlans, Unfinished
from metrics.subject import Build, Definition, MetricTable
from metrics.time_axis import cut_at_start, first_bucket

SUBJECTS: Mapping[str, ModuleType] = {
    "Traffic": traffic,
    "Votes": votes,
    "Today": daily,
    "Changes": changes,
    "Usual changes": usual_change,
    "Unusual days": unusual_days,
    "Growth": growth,
    "Returning": returning,
    "Behaviour": behaviour,
    "Rooms": rooms,
    "Meetings": meetings,
    "Location": location,
    "Consensus": consensus,
    "Agreement": agreement,
    "Convergence": convergence,
    "Vote time": vote_time,
    "Room health": room_health,
    "Spectators": spectators,
    "Auto-flip": auto_flip,
    "Retention": retention,
    "Funnel": funnel,
    "Invites": invites,
    "Stored data": stored_data,
}
"""Every subject: what most pages show, then the others in the order of the pages.

Each module has `TABLES`, `DEFINITIONS` and `LABELS` (the columns that say what a row is
about).
"""

METRIC_TABLES: Mapping[str, MetricTable] = {
    table.name: table for subject in SUBJECTS.values() for table in subject.TABLES
}
"""Every table that a page can show, and an export or the API can give, by name."""

_DEFINED: tuple[Definition, ...] = tuple(
    number for subject in SUBJECTS.values() for number in subject.DEFINITIONS
)
DEFINITIONS: Mapping[str, Definition] = {
    number.key: number for number in _DEFINED if not number.only_in
}
"""Every number by its column's name."""
_ONLY_IN: Mapping[tuple[str, str], Definition] = {
    (number.only_in, number.key): number for number in _DEFINED if number.only_in
}

LABELS: frozenset[str] = frozenset(
    label for subject in SUBJECTS.values() for label in subject.LABELS
)
"""Columns that say what a row is about; they are no numbers."""

COMPARISONS = ("_before", "_change", "_change_share")
"""What a column's name ends with when it compares the number that it starts with."""
UNCERTAINTY: Mapping[str, str] = {
    "_low": "Lower end of the 95% interval.",
    "_high": "Upper end of the 95% interval.",
    "_others": "The same over all other labels together.",
    "_verdict": "Whether it clearly differs from what it is compared with: all others, "
    "the other half of the period, an average or chance; empty for a small sample.",
    "_detectable": "The smallest difference that would show in 4 of 5 samples.",
    "_of_half": "The same in this half of the period.",
    "_of_half_low": "Lower end of its 95% interval in this half of the period.",
    "_of_half_high": "Upper end of its 95% interval in this half of the period.",
}
"""What a column's name ends with when it says how sure the number is, and what it
means (see `metrics.uncertainty`)."""


def split(column: str) -> tuple[str, str]:
    """Split a column's name into its number and what it says of it ("_before", "")."""
    if column in DEFINITIONS or column in LABELS:
        return column, ""
    # The longest first: "_of_half_low" also ends with "_low".
    endings = sorted((*COMPARISONS, *UNCERTAINTY), key=len, reverse=True)
    ending = next((end for end in endings if column.endswith(end)), "")
    return column.removesuffix(ending), ending


def definition(key: str, table: str) -> Definition:
    """Return what a column means in a metric table."""
    return _ONLY_IN.get((table, key)) or DEFINITIONS[key]


def sample_size(key: str, table: str) -> str | None:
    """Return the column with the number of cases a figure comes from, if any."""
    return METRIC_TABLES[table].sample_sizes.get(key)


def answer(name: str, frame: pl.DataFrame) -> str | None:
    """Return the sentence that answers a table's title; None: it has no answer.

    Of numbers that are all unknown nothing can be said.
    """
    sentence = METRIC_TABLES[name].answer
    text = sentence(frame) if sentence and not is_unknown(frame) else None
    # A label may have line breaks, which a sentence has not.
    text = text and " ".join(text.split())
    # Sentences may begin with a label that is written in lower case.
    return text and text[0].upper() + text[1:]


def without_figures_of_all_rooms(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table about some rooms with null where only all rooms could say.

    Whether a user is new is one of these figures.
    """
    keys = {name: split(name)[0] for name in frame.columns}
    return frame.with_columns(
        pl.lit(None, frame.schema[name]).alias(name)
        for name, key in keys.items()
        if key in DEFINITIONS and DEFINITIONS[key].needs_all_rooms
    )


def is_unknown(frame: pl.DataFrame) -> bool:
    """Return whether a table has no number that is known."""
    return all(
        frame[name].null_count() == frame.height
        for name, of in frame.schema.items()
        if of.is_numeric() and split(name)[0] in DEFINITIONS
    )


def plan(
    name: str,
    query: Query,
    shared: SharedPlans | None = None,
    build: Build | None = None,
) -> Plan:
    """Return the plan of one table, by default computed by itself.

    Numbers are null where the store lacks a table that they need, and of a period
    before or after all data. `build` builds other rows of it than its own.
    """
    known = shared or SharedPlans.of(query, both=False)
    table = METRIC_TABLES[name]
    asked = replace(table, build=build) if build else table
    return known.plan(lambda: _plan(asked, query, known))


def plan_of_usual(query: Query, shared: SharedPlans, keys: Collection[str]) -> Plan:
    """Return the plan of how much some key figures usually change, as `plan` does."""
    build = partial(usual_change.usual_changes, wanted=keys)
    return plan("usual_changes", query, shared, build)


def _plan(table: MetricTable, query: Query, shared: SharedPlans) -> Plan:
    about = table.covers(query)
    known = query.knows(about)
    lacking = query.lacks(about).intersection(table.reads) if known else table.reads
    built = _without(table.build(query, shared), table.name, lacking)
    later = {t: day for t, day in query.later_begins.items() if t in table.reads}
    return _changed(built, lambda c: _too_early(c, table, query, later), later)


def begins_later(query: Query, names: Collection[str]) -> Mapping[str, date]:
    """Return the live tables that begin within what some tables say, and on which day.

    Within their days, or within those that these are compared with.
    """
    before, later = query.comparison_query, query.later_begins
    found = dict[str, date]()
    for table in (METRIC_TABLES[name] for name in names if later):
        first = table.covers(query).first_day
        if before:
            # Nothing is compared with the day on which the data begins either.
            first = min(first, table.covers(before).first_day - timedelta(days=1))
        for live in table.reads:
            back = table.looks_back.get(live, timedelta())
            if live in later and later[live] > first - back:
                found[live] = later[live]
    return found


def _without(built: Plan, name: str, lacking: Collection[str]) -> Plan:
    """Return a plan whose numbers are null where they need lacking live tables.

    `name` is that of its table.
    """
    return _changed(built, lambda columns: _unknown(columns, name, lacking), lacking)


def _changed(
    built: Plan, change: Callable[[pl.Schema], list[pl.Expr]], why: Collection[str]
) -> Plan:
    """Return a plan whose columns are changed, if there are tables because of which."""
    # To ask for the columns takes time, which the usual case does not need.
    if not why:
        return built
    if isinstance(built, Unfinished):

        def finish(*frames: pl.DataFrame) -> pl.DataFrame:
            answer = built.finish(*frames)
            return answer.with_columns(change(answer.schema))

        return Unfinished(built.plan, finish, built.further)
    return built.with_columns(change(built.collect_schema()))


def _too_early(
    columns: pl.Schema, table: MetricTable, query: Query, later: Mapping[str, date]
) -> list[pl.Expr]:
    """Return nulls in place of numbers of days before their live tables begin.

    `later` are the tables that begin later than others.
    """
    # Rows of several measures: a measure of which too little is known has no row.
    if {"key", "measure"}.intersection(columns):
        return []
    about, every = table.covers(query), table.buckets(query.granularity)
    early, firsts = [], set[date]()
    for column, of in columns.items():
        needed = _read_for(column, columns, table)
        begins, joins = _begins(table, needed, later, about)
        firsts.update([begins] if needed and not table.looks_back else [])
        if split(column)[1] in COMPARISONS:
            is_known = pl.lit(query.not_compared.isdisjoint(needed))
        elif begins <= about.first_day or "k" in columns:
            # Cohorts of days before have no rows.
            continue
        elif "bucket" in columns:
            # A week in which one of its tables begins would join them as well.
            whole = joins and every != "hour"
            first = begins if whole else first_bucket(begins, every, query)
            is_known = pl.col("bucket") >= pl.lit(first)
        elif "started_at" in columns:
            start = Period.of_days(begins, begins, query.zone).start
            is_known = pl.col("started_at") >= instant(start)
        else:
            is_known = pl.lit(not joins or table.counts_any)
        early.append(pl.when(is_known).then(pl.col(column)).cast(of).alias(column))
    # The first day may lack its morning; a mark is about all numbers of a row.
    if "cut" in columns and len(firsts) == 1 and about.first_day <= max(firsts):
        early.append(cut_at_start(first_bucket(max(firsts), every, query)))
    return early


def _begins(
    table: MetricTable,
    needed: Collection[str],
    later: Mapping[str, date],
    about: Period,
) -> tuple[date, bool]:
    """Return from which day on a number is known of all its live tables.

    And whether it joins a part of one to all of another: one of them begins within the
    days that the number is about, and another one before. A number of one table counts
    what there is, unless it is of what was first (`MetricTable.looks_back`).
    """
    back = table.looks_back
    days = [later.get(t, date.min) + back.get(t, timedelta()) for t in needed]
    begins = max(days, default=date.min)
    if begins > about.first_day and not back.keys().isdisjoint(needed):
        return begins, True
    return begins, len({max(day, about.first_day) for day in days}) > 1


def begins_too_late(name: str, columns: pl.Schema, query: Query) -> Mapping[str, date]:
    """Return the live tables that leave no number of a table known, and their days.

    None where a number is known. A frame without rows has no nulls that would say so.
    """
    table, later = METRIC_TABLES[name], query.later_begins
    about = table.covers(query)
    has_parts = not {"bucket", "k", "started_at"}.isdisjoint(columns)
    is_whole = not has_parts and not table.counts_any
    numbers = [_read_for(c, columns, table) for c in columns if c in DEFINITIONS]
    if {"key", "measure"}.intersection(columns):
        is_whole, numbers = False, [[live] for live in table.reads]
    found = [_begins(table, needed, later, about) for needed in numbers]
    if not all(day > about.last_day or (is_whole and joins) for day, joins in found):
        return {}
    return {
        live: later[live]
        for live in table.reads
        if live in later and _begins(table, [live], later, about)[0] > about.first_day
    }


def _read_for(column: str, columns: pl.Schema, table: MetricTable) -> list[str]:
    """Return the live tables that a table reads for a column.

    Counts of several tables share a definition.
    """
    needed = _needed(_said(column, columns), table.name)
    return [live for live in needed if live in table.reads]


def _said(column: str, columns: pl.Schema) -> str:
    """Return the number that a column puts into words: a room's state is its health."""
    return "health" if column == "state" and "health" in columns else column


def _unknown(columns: pl.Schema, table: str, lacking: Collection[str]) -> list[pl.Expr]:
    """Return nulls in place of numbers that come from live tables that are lacking.

    And of what is said of these numbers, such as that one is higher than others.
    """
    if "key" in columns:
        known = [k for k in DEFINITIONS if not {*lacking}.intersection(_needed(k, ""))]
        return [pl.when(pl.col("key").is_in(known)).then(pl.exclude("key")).name.keep()]
    # Rows of several measures: those of a missing table have no rows, or no numbers.
    if "measure" in columns:
        return []
    return [
        pl.lit(None, of).alias(column)
        for column, of in columns.items()
        if set(lacking).intersection(_needed(_said(column, columns), table))
    ]


def _needed(column: str, table: str) -> tuple[str, ...]:
    """Return the live tables that the number in a column comes from."""
    base, _ = split(column)
    known = _ONLY_IN.get((table, base)) or DEFINITIONS.get(base)
    return known.tables if known else ()
