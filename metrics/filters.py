"""Filters: keep the people who are, came from or used something; combined with AND.

Votes and rooms carry no user, so a filter on people leaves them as they are; what
reads nothing else says so (`applies`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from metrics.behaviour import source_class
from metrics.frames import Frames
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USER, USERS, VOTES

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
_ROOMS = frozenset(t.name for t in (PAGE_VIEWS, VOTES, ESTIMATIONS))


def _of_user(column: str) -> Kind:
    return Kind(pl.col(column), USERS.name, _PEOPLE)


KINDS: Mapping[str, Kind] = {
    **{name: _of_user(name) for name in ("country", "region", "city")},
    **{name: _of_user(name) for name in ("device", "os", "browser")},
    "source": Kind(source_class(pl.col("source")), PAGE_VIEWS.name, _PEOPLE),
    "route": Kind(pl.col("route"), PAGE_VIEWS.name, _PEOPLE),
    "event": Kind(pl.col("event"), EVENTS.name, _PEOPLE),
    "room": Kind(pl.col("room_id").cast(pl.String), VOTES.name, _ROOMS),
}
"""What each kind of filter looks at. Source, route and event keep the people who
ever came from, viewed or did it; a room keeps what happened in it."""


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


def apply(frames: Frames, filters: Collection[Filter]) -> Frames:
    """Return the rows that all filters let through."""
    kept = frames
    for wanted in filters:
        kept = _keep(frames, kept, wanted)
    return kept


def _keep(everything: Frames, kept: Frames, wanted: Filter) -> Frames:
    """Apply one filter; who matches is looked up among all rows."""
    if wanted.kind == "room":
        known = (wanted.value or "").isdecimal()
        return kept.of_room(int(wanted.value or 0) if known else 0)
    kind = KINDS[wanted.kind]
    rows = everything.by_name[kind.table].filter(kind.value.eq_missing(wanted.value))
    return kept.of_users(rows.select(USER).unique())
