"""What `GET /api/tables/{name}` may be asked, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from metrics.metric_table import MetricTable
from metrics.periods import (
    DEFAULT_PERIOD,
    PERIODS,
    PREVIOUS,
    Days,
    compared_with,
    period_of,
)
from metrics.query import Granularity, Query
from metrics.registry import METRIC_TABLES
from store.reader import Snapshot, without_bots
from web.answers import RequestError

Format = Literal["csv", "json", "parquet"]
MAX_ROOM_ID = 2**31 - 1
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter that takes one of a few words."""

    name: str
    words: tuple[str, ...]
    """What is allowed; the first is the default."""
    meaning: str


OPTIONS: tuple[Option, ...] = (
    Option("format", get_args(Format), "The form of the answer."),
    Option("every", get_args(Granularity), "The length of a bucket on a time axis."),
    Option("bots", ("exclude", "include"), "Rows of users whose device is “bot”."),
    Option("weekends", ("hide", "show"), "Saturdays and Sundays in daily series."),
)
PARAMETERS = ("from", "to", "room", *(option.name for option in OPTIONS))


@dataclass(frozen=True, slots=True)
class TableQuery:
    """A question for one table of the catalogue."""

    table: MetricTable
    days: Days
    options: Mapping[str, str]
    room_id: int | None

    @classmethod
    def read(cls, name: str, query: Mapping[str, str], today: date) -> "TableQuery":
        """Read name and parameters; raises RequestError with what is allowed."""
        if name not in METRIC_TABLES:
            raise RequestError(
                404, f"Unknown table; allowed: {', '.join(METRIC_TABLES)}"
            )
        if not query.keys() <= set(PARAMETERS):
            raise RequestError(
                400, f"Unknown parameter; allowed: {', '.join(PARAMETERS)}"
            )
        return cls(
            table=METRIC_TABLES[name],
            days=_days(query, today),
            options={option.name: _word(option, query) for option in OPTIONS},
            room_id=read_room_id(query["room"]) if "room" in query else None,
        )

    def metric_query(self, snapshot: Snapshot, now: datetime) -> Query:
        """Return the scope that a page builds for the same choice."""
        included = self.options["bots"] == "include"
        frames = snapshot.frames if included else without_bots(snapshot)
        if self.room_id is not None:
            frames = frames.of_room(self.room_id)
        return Query(
            frames=frames,
            period=period_of(self.days, now),
            comparison=compared_with(PREVIOUS, self.days, now),
            granularity=next(
                e for e in get_args(Granularity) if e == self.options["every"]
            ),
            now=now,
            weekends=self.options["weekends"] == "show",
        )


def read_room_id(text: str) -> int:
    """Return a room's id; raises RequestError."""
    room_id = int(text) if re.fullmatch("[0-9]{1,10}", text) else 0
    if not 0 < room_id <= MAX_ROOM_ID:
        raise RequestError(400, "Invalid room_id")
    return room_id


def _days(query: Mapping[str, str], today: date) -> Days:
    """Return the span; 28 full days that end yesterday, or at `to`, by default."""
    usual = PERIODS[DEFAULT_PERIOD](today, today)
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


def _word(option: Option, query: Mapping[str, str]) -> str:
    word = query.get(option.name, option.words[0])
    if word not in option.words:
        raise RequestError(
            400, f"Bad {option.name}; allowed: {', '.join(option.words)}"
        )
    return word
