"""Filters: keep the people who are, came from or used something; combined with AND.

Votes and rooms carry no user, so a filter on people leaves them as they are; what
reads nothing else says so (`applies`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from metrics.behaviour import source_or_null
from metrics.expressions import text_or_null
from metrics.frames import Frames
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, TABLES, USER, USERS, VOTES

_LONGEST_ID = 10
"""Digits; longer numbers are no ids."""
NOT_SET = "(not set)"
"""How a filter writes null."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be filtered by."""

    value: pl.Expr
    """The value of a row in the table that tells."""
    table: str
    touches: frozenset[str]


_PEOPLE = frozenset(t.name for t in (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS))
_ALL = frozenset(t.name for t in TABLES)


def _of_user(column: str) -> Kind:
    return Kind(text_or_null(column), USERS.name, _PEOPLE)


KINDS: Mapping[str, Kind] = {
    **{name: _of_user(name) for name in ("country", "region", "city")},
    **{name: _of_user(name) for name in ("device", "os", "browser")},
    "source": Kind(source_or_null(pl.col("source")), PAGE_VIEWS.name, _PEOPLE),
    "route": Kind(pl.col("route"), PAGE_VIEWS.name, _PEOPLE),
    "event": Kind(pl.col("event"), EVENTS.name, _PEOPLE),
    "room": Kind(pl.col("room_id").cast(pl.String), VOTES.name, _ALL),
}
"""What each kind of filter looks at. Source, route and event keep the people who
ever came from, viewed or did it. A room keeps what happened in it, and the people
who were there with their events, which name no room."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, such as country = DE; a value of None means null."""

    kind: str
    value: str | None

    @classmethod
    def parse(cls, text: str) -> "Filter | None":
        """Read "country:DE"; None when there is no such kind or no value."""
        kind, _, value = text.partition(":")
        if kind not in KINDS or not value:
            return None
        return cls(kind, None if value == NOT_SET else value)

    def __str__(self) -> str:
        return f"{self.kind}:{NOT_SET if self.value is None else self.value}"

    def applies(self, reads: Collection[str]) -> bool:
        """Return whether it can change what reads these live tables."""
        return not KINDS[self.kind].touches.isdisjoint(reads)

    def leaves(self, reads: Collection[str]) -> frozenset[str]:
        """Return those of these live tables that it leaves as they are."""
        return frozenset(reads) - KINDS[self.kind].touches


def apply(frames: Frames, filters: Collection[Filter]) -> Frames:
    """Return the rows that all filters let through."""
    kept = frames
    for wanted in filters:
        kept = _keep(frames, kept, wanted)
    return kept


def _keep(everything: Frames, kept: Frames, wanted: Filter) -> Frames:
    """Apply one filter; who matches is looked up among all rows."""
    if wanted.kind == "room":
        return _of_room(kept, _room_id(wanted.value or ""))
    kind = KINDS[wanted.kind]
    rows = everything.by_name[kind.table].filter(kind.value.eq_missing(wanted.value))
    return kept.of_users(rows.select(USER).unique())


def _of_room(kept: Frames, room_id: int) -> Frames:
    inside = kept.of_room(room_id)
    there = pl.concat(
        frame.select(USER) for frame in (inside.page_views, inside.estimations)
    ).unique()
    return inside.map(
        lambda table, frame: (
            frame.join(there, on=USER, how="semi")
            if table.name in {USERS.name, EVENTS.name}
            else frame
        )
    )


def _room_id(text: str) -> int:
    """Return the id that a filter names; 0, which no room has, for other texts."""
    known = text.isascii() and text.isdecimal() and len(text) < _LONGEST_ID
    return int(text) if known else 0
