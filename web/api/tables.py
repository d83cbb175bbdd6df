"""`GET /api/tables/{name}`: its parameters, and the table as CSV, JSON or Parquet."""

import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import polars as pl
from polars import selectors
from starlette.datastructures import ImmutableMultiDict
from starlette.responses import Response

from metrics import filters
from metrics.constants import START_DATE
from metrics.export import file_name, name_of_table, to_csv
from metrics.expressions import bare
from metrics.frames import Period
from metrics.periods import (
    ALL_TIME,
    DEFAULT_PERIOD,
    MOST_HOURLY_DAYS,
    PERIODS,
    PREVIOUS,
    Days,
    PeriodOption,
    compared_with,
    period_of,
    with_history,
    with_new_users,
)
from metrics.query import Granularity, Query
from metrics.registry import (
    METRIC_TABLES,
    begins_later,
    plan,
    without_figures_of_all_rooms,
)
from metrics.subject import MetricTable
from metrics.tables import ROOMS, USERS, VOTES
from metrics.time_zone import in_zone, to_local, zone_of
from store import engine
from store.reader import (
    Snapshot,
    beginning,
    begins_within,
    later_begins,
    without_bots,
)
from web.health import iso
from web.responses import NO_STORE, RequestError

Format = Literal["csv", "json", "parquet"]
_MOST_QUOTED = 40
EARLIEST = date(2000, 1, 1)
MISSING_TABLES = "Missing-Tables"
"""The header of an answer that has no other place for missing tables."""


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter with a fixed list of values."""

    name: str
    values: tuple[str, ...]
    """The allowed values; the first is the default."""
    meaning: str


GRANULARITIES = ("day", "hour", "week", "month")

OPTIONS: tuple[Option, ...] = (
    Option("format", get_args(Format), "Format of the response."),
    Option("every", GRANULARITIES, "The length of a bucket on a time axis."),
    Option(
        "bots", ("exclude", "include"), "Whether to count users whose device is “bot”."
    ),
    Option(
        "weekends", ("show", "hide"), "Whether daily series have Saturdays and Sundays."
    ),
)


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The parameters of a request for one table, checked."""

    table: MetricTable
    asked: PeriodOption | Days
    """A period by name, or days."""
    options: Mapping[str, str]
    room_id: int | None
    zone: ZoneInfo

    @classmethod
    def read(cls, name: str, query: Mapping[str, str], now: datetime) -> "TableQuery":
        """Read name and parameters; raises RequestError with what is allowed."""
        table = METRIC_TABLES.get(bare(name).casefold())
        if table is None:
            raise RequestError(
                404, f"Unknown table; allowed: {', '.join(METRIC_TABLES)}"
            )
        zone = read_zone(query)
        today = to_local(now, zone).date()
        asked = read_period(query, today)
        days = asked if isinstance(asked, Days) else asked.days(today, START_DATE)
        options = {option.name: _value(option, query) for option in OPTIONS}
        if options["every"] == "hour" and len(days) > MOST_HOURLY_DAYS:
            raise RequestError(
                400, f"Bad every; allowed: hour for at most {MOST_HOURLY_DAYS} days"
            )
        return cls(
            table=table,
            asked=asked,
            options=options,
            room_id=read_room_id(
                query["room"], f"Bad room; allowed: 1 to {filters.LARGEST_ROOM_ID}"
            )
            if "room" in query
            else None,
            zone=zone,
        )

    @property
    def chosen(self) -> tuple[filters.Filter, ...]:
        """The filters of a page with the same rows."""
        room = self.room_id
        return () if room is None else (filters.Filter("room", str(room)),)

    def metric_query(
        self, snapshot: Snapshot, now: datetime, excluded_rooms: Collection[int] = ()
    ) -> Query:
        """Return the query that a page builds for the same period and options."""
        included = self.options["bots"] == "include"
        user_rows = snapshot.frames if included else without_bots(snapshot)
        # As a page filters: with the users who were there and no events of others.
        frames = filters.apply(user_rows, self.chosen, excluded_rooms)
        found = spans(self.asked, snapshot, now, self.zone)
        reach = with_new_users(found.comparison or found.period)
        every = next(e for e in get_args(Granularity) if e == self.options["every"])
        asked = Query(
            frames=frames,
            period=found.period,
            comparison=found.comparison,
            granularity=every,
            now=snapshot.ends(now),
            weekends=self.options["weekends"] == "show",
            missing=snapshot.missing,
            data_begins=found.data_begins,
            later_begins=later_begins(
                snapshot, with_history(found.comparison or found.period, every)
            ),
        )
        if asked.begins or self.table.covers(asked) == asked.period:
            return asked
        return replace(asked, new_users_begin=begins_within(snapshot, reach))


class Spans(NamedTuple):
    """What a request is about."""

    days: Days
    period: Period
    comparison: Period | None
    data_begins: date | None
    """See `Query`."""


def spans(
    asked: PeriodOption | Days, snapshot: Snapshot, now: datetime, zone: ZoneInfo
) -> Spans:
    """Return the days, the period and the comparison, as a page chooses them.

    All time begins where the data begin in earnest, and nothing precedes it. What is
    still running ends with the data.
    """
    option = PeriodOption("", lambda *_: asked) if isinstance(asked, Days) else asked
    is_all = option is PERIODS[ALL_TIME]
    first = beginning(snapshot, zone)[0] if is_all else START_DATE
    days = option.days(to_local(now, zone).date(), first)
    until = snapshot.ends(now)
    period = period_of(days, until, zone, hours=option.hours)
    if is_all:
        return Spans(days, period, None, first if snapshot.rows else None)
    comparison = compared_with(
        PREVIOUS,
        days,
        until,
        to_date=option.to_date,
        zone=zone,
        hours=option.hours,
        by_days=option.by_days,
    )
    begins = begins_within(snapshot, comparison) if comparison else None
    return Spans(days, period, None if begins else comparison, begins)


def refuse_unknown(query: Mapping[str, str], allowed: Collection[str]) -> None:
    """Raise RequestError for a parameter that nothing would read.

    An answer that ignores it would be taken for the one that was asked for.
    """
    for name in query:
        if name not in allowed:
            known = ", ".join(allowed) or "none here"
            raise RequestError(400, f"Unknown parameter {_cut(name)}; allowed: {known}")


def _cut(text: str) -> str:
    """Return what a client wrote, short enough for a message."""
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"


def refuse_repeated(query: ImmutableMultiDict[str, str]) -> None:
    """Raise RequestError for a repeated parameter.

    It has no right value: proxies and frameworks disagree on whether the first or the
    last one counts.
    """
    for name in query:
        if len(query.getlist(name)) > 1:
            raise RequestError(400, f"Repeated parameter {_cut(name)}; allowed: once")


def values_of(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return parameters, each `bare`: no refusal could show an invisible mark."""
    return {name: bare(value) for name, value in query.items()}


def read_room_id(text: str, refusal: str) -> int:
    """Return the id of a room; raises RequestError with this detail."""
    room_id = filters.room_id(text)
    if not room_id:
        raise RequestError(400, refusal)
    return room_id


def read_zone(query: Mapping[str, str]) -> ZoneInfo:
    """Return the zone of `tz`, by default UTC; raises RequestError."""
    zone = zone_of(query.get("tz", "UTC"))
    if zone is None:
        raise RequestError(400, "Bad tz; allowed: a name such as Europe/Berlin or UTC")
    return zone


def read_period(
    query: Mapping[str, str], today: date, default: str | None = None
) -> PeriodOption | Days:
    """Return the period that is named, or the days; raises RequestError.

    `default` is the name of the period of a request that has neither.
    """
    has_days = not query.keys().isdisjoint({"from", "to"})
    name = query.get("period", None if has_days else default)
    if name is None:
        return _days(query, today)
    if has_days:
        raise RequestError(
            400, "Bad period; allowed: a period, or from and to, not both"
        )
    found = PERIODS.get(name.casefold())
    if found is None:
        raise RequestError(400, f"Bad period; allowed: {', '.join(PERIODS)}")
    return found


def _days(query: Mapping[str, str], today: date) -> Days:
    """Return the days; by default the 28 full days up to yesterday, or up to `to`."""
    usual = PERIODS[DEFAULT_PERIOD].days(today, today)
    last = _date("to", query["to"], today) if "to" in query else usual.last
    if "from" in query:
        first = _date("from", query["from"], today)
    else:
        first = last - (usual.last - usual.first)
    if first > last:
        raise RequestError(
            400, f"from ({first}) is after to ({last}); allowed: from ≤ to"
        )
    return Days(first, last)


def _date(name: str, text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9-]{10}", text) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= today:
        raise RequestError(
            400, f"Bad {name}; allowed: a date like {today}, {EARLIEST} to {today}"
        )
    return day


def _value(option: Option, query: Mapping[str, str]) -> str:
    value = query.get(option.name, option.values[0]).casefold()
    if value not in option.values:
        raise RequestError(
            400, f"Bad {option.name}; allowed: {', '.join(option.values)}"
        )
    return value


def table_response(
    query: TableQuery, excluded_rooms: Collection[int]
) -> Callable[[Snapshot, datetime], Response]:
    """Return the query that computes the table and writes it."""

    def respond(snapshot: Snapshot, now: datetime) -> Response:
        _refuse_unknown_room(query.room_id, snapshot)
        metric_query = query.metric_query(snapshot, now, excluded_rooms)
        frame = engine.collect(plan(query.table.name, metric_query), snapshot.rows)
        shown = filters.left_open(query.chosen, frame)
        if query.room_id is not None:
            shown = without_figures_of_all_rooms(shown)
        return _WRITERS[query.options["format"]](query, snapshot, metric_query, shown)

    return respond


def _refuse_unknown_room(room_id: int | None, snapshot: Snapshot) -> None:
    """Raise RequestError for a room that never was, whose zeros would be its figures.

    As pages do for a filter, which keeps a deleted room that has votes.
    """
    # Without one of these tables it is not known.
    if room_id is None or {ROOMS.name, VOTES.name}.intersection(snapshot.missing):
        return
    plan = filters.occurrence(snapshot.frames, filters.Filter("room", str(room_id)))
    if engine.collect(plan, snapshot.rows).is_empty():
        raise RequestError(
            404, f"No room with ID {room_id}; the table all_rooms lists them"
        )


def _csv(
    query: TableQuery, _: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    data = to_csv(in_zone(frame, query.zone))
    name = _named(query, metric_query, frame, "csv")
    return _file(query, metric_query, name, "text/csv; charset=utf-8", data)


def _parquet(
    query: TableQuery, _: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    kind = "application/vnd.apache.parquet"
    name = _named(query, metric_query, frame, "parquet")
    return _file(query, metric_query, name, kind, buffer.getvalue())


def _json(
    query: TableQuery, snapshot: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    """Write ISO dates, times of the zone with its offset, null for NaN and infinity."""
    times = selectors.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.f%:z")
    rows = _finite(in_zone(frame, query.zone)).with_columns(times)
    head = {
        "name": query.table.name,
        "title": query.table.title,
        "from": metric_query.period.first_day.isoformat(),
        "to": metric_query.period.last_day.isoformat(),
        **_dates("covers", query.table.covers(metric_query)),
        **_dates("compared", metric_query.comparison),
        "data_begins": _iso(metric_query.data_begins),
        "data_updated_at": iso(snapshot.data_until),
        "missing": _missing(query, metric_query),
        "later_begins": {
            live: _iso(day)
            for live, day in begins_later(metric_query, [query.table.name]).items()
        },
        "rows": json.loads(rows.write_json()),
    }
    body = json.dumps(head, ensure_ascii=False, allow_nan=False)
    return Response(body, media_type="application/json", headers=NO_STORE)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _dates(name: str, period: Period | None) -> dict[str, str | None]:
    """Return the first and the last date of a period, null without one."""
    return {
        f"{name}_from": _iso(period.first_day if period else None),
        f"{name}_to": _iso(period.last_day if period else None),
    }


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    numbers = (selectors.float() | selectors.decimal()).cast(pl.Float64)
    return frame.with_columns(pl.when(numbers.is_finite()).then(numbers))


def _missing(query: TableQuery, metric_query: Query) -> list[str]:
    needed = {*query.table.reads}
    if query.options["bots"] != "include":
        # Bots are known by their device: without it they count.
        needed.add(USERS.name)
    return [name for name in metric_query.missing if name in needed]


def _named(
    query: TableQuery, metric_query: Query, frame: pl.DataFrame, extension: str
) -> str:
    """Return the name of a file, as on the pages: one of each room, by day, by week."""
    room = f"room_{query.room_id}_" if query.room_id else ""
    every = query.table.buckets(metric_query.granularity)
    name = room + name_of_table(query.table.name, frame, every)
    return file_name(name, query.table.covers(metric_query), extension)


def _file(
    query: TableQuery, metric_query: Query, name: str, kind: str, data: bytes
) -> Response:
    # A file of rows has no place for what is missing.
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        **missing_header(_missing(query, metric_query)),
    }
    return Response(data, media_type=kind, headers=NO_STORE | headers)


def missing_header(names: Collection[str]) -> Mapping[str, str]:
    """Return the header that names live tables which the store lacks, if any."""
    return {MISSING_TABLES: ", ".join(names)} if names else {}


_Writer = Callable[[TableQuery, Snapshot, Query, pl.DataFrame], Response]
_WRITERS: Mapping[str, _Writer] = {"csv": _csv, "json": _json, "parquet": _parquet}
