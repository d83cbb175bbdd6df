"""Filters: keep the users who are, came from or used something, or rooms.

Values of one kind are combined with OR (Germany or Austria), kinds with AND; a filter
can also exclude a value. Votes and rooms are not linked to users, so a filter on users
leaves them as they are; `applies` and `leaves` say which tables.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from metrics import expressions
from metrics.behaviour import OTHER, SOURCE_CLASSES, code_or_null, source_or_null
from metrics.expressions import COUNTRY_CODE, NOT_SET, attribute
from metrics.frames import Frames
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, TABLES, USER, USERS, VOTES

# Digits; longer numbers are no ids.
_LONGEST_ID = 10
LARGEST_ROOM_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be filtered by."""

    value: pl.Expr
    """The value of a row in the table that has it."""
    table: str
    touches: frozenset[str]


_WITH_USERS = frozenset(t.name for t in (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS))
_ALL = frozenset(t.name for t in TABLES)
_NAME_NO_ROOM = frozenset(t.name for t in (USERS, EVENTS))


def _of_user(column: str) -> Kind:
    return Kind(attribute(column), USERS.name, _WITH_USERS)


KINDS: Mapping[str, Kind] = {
    **{name: _of_user(name) for name in ("country", "region", "city")},
    **{name: _of_user(name) for name in ("device", "os", "browser")},
    "source": Kind(source_or_null(pl.col("source")), PAGE_VIEWS.name, _WITH_USERS),
    "route": Kind(code_or_null("route"), PAGE_VIEWS.name, _WITH_USERS),
    "event": Kind(code_or_null("event"), EVENTS.name, _WITH_USERS),
    "room": Kind(pl.col("room_id").cast(pl.String), VOTES.name, _ALL),
}
"""What each kind of filter looks at. Source, route and event keep the users with any
row of that value. A room keeps what happened in it, and the users
who were there with their events, which name no room."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, such as country = DE; a value of None means null."""

    kind: str
    value: str | None
    excludes: bool = False
    """Whether the value is left out instead of kept."""

    @classmethod
    def parse(cls, text: str) -> "Filter | None":
        """Read "country:DE" or "country!:DE"; None for an unknown kind or no value.

        Kinds and codes of countries are read in any case, ids with leading zeros.
        """
        kind, _, value = text.partition(":")
        kind = expressions.bare(kind).casefold()
        excludes, kind = kind.endswith("!"), kind.removesuffix("!")
        # Names may begin or end with a space; what is no name has none.
        bare = expressions.bare(value)
        if kind not in KINDS or not bare:
            return None
        if kind == "country" and len(bare) == COUNTRY_CODE and bare.isascii():
            value = bare.upper()
        if kind == "room" and (number := room_id(bare)):
            value = str(number)
        return cls(kind, None if bare == NOT_SET else value, excludes)

    def __str__(self) -> str:
        value = NOT_SET if self.value is None else self.value
        return f"{self.kind}{'!' if self.excludes else ''}:{value}"

    def applies(self, reads: Collection[str]) -> bool:
        """Return whether it can change what reads these live tables."""
        touched = KINDS[self.kind].touches - self.roomless(_ALL)
        return not touched.isdisjoint(reads)

    def roomless(self, reads: Collection[str]) -> frozenset[str]:
        """Return those of these live tables from which it cannot leave out a room."""
        leaves_out = self.kind == "room" and self.excludes
        return _NAME_NO_ROOM.intersection(reads) if leaves_out else frozenset()

    def leaves(self, reads: Collection[str]) -> frozenset[str]:
        """Return those of these live tables that it leaves as they are."""
        return frozenset(reads) - KINDS[self.kind].touches


def apply(
    frames: Frames,
    filters: Collection[Filter],
    excluded_rooms: Collection[int] = (),
) -> Frames:
    """Return the rows that all kinds of filters let through.

    `excluded_rooms` are left out whatever the filters say.
    """
    kept = frames.of_rooms(excluded_rooms, keep=False) if excluded_rooms else frames
    # Users are looked up among all rows: after one filter, another would find fewer.
    everything = kept
    for (kind, excludes), group in _by_kind(filters).items():
        values = [wanted.value for wanted in group]
        if kind == "room":
            rooms = [room_id(value or "") for value in values]
            kept = (
                kept.of_rooms(rooms, keep=False) if excludes else _of_rooms(kept, rooms)
            )
        else:
            kept = kept.of_users(
                _users(everything, KINDS[kind], values), keep=not excludes
            )
    return kept


def later_begins(
    filters: Collection[Filter], begins: Mapping[str, date]
) -> Mapping[str, date]:
    """Return from which day on live tables are known of which filters keep some rows.

    `begins` are those that begin later than others. Users that are not kept yet have no
    country, whatever they did.
    """
    found = dict(begins)
    for kind in (KINDS[wanted.kind] for wanted in filters if wanted.kind != "room"):
        if day := begins.get(kind.table):
            found |= {live: max(day, found.get(live, day)) for live in kind.touches}
    return found


# Of the other kinds, users or rows may have several values each.
_OF_ONE_VALUE = ("country", "room")


def left_open(filters: Collection[Filter], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of several dimensions whose label the filters leave open.

    Of the users of one country every change is from there, which explains nothing.
    """
    if "dimension" not in frame.columns:
        return frame
    kept = [wanted.kind for wanted in filters if not wanted.excludes]
    fixed = [kind for kind in _OF_ONE_VALUE if kept.count(kind) == 1]
    return frame.filter(~pl.col("dimension").is_in(fixed))


def combined(filters: Collection[Filter]) -> str:
    """Return filters as links write them, and how they are combined."""
    groups = _by_kind(filters)
    texts = []
    for (_, excludes), group in groups.items():
        # Neither of two excluded values is there; of two others, either is.
        text = (" and " if excludes else " or ").join(map(str, group))
        either = len(group) > 1 and not excludes
        texts.append(f"({text})" if either and len(groups) > 1 else text)
    return " and ".join(texts)


def _by_kind(
    filters: Collection[Filter],
) -> Mapping[tuple[str, bool], Sequence[Filter]]:
    """Return the filters by kind and by whether they exclude their value."""
    groups: defaultdict[tuple[str, bool], list[Filter]] = defaultdict(list)
    for wanted in filters:
        groups[wanted.kind, wanted.excludes].append(wanted)
    return groups


def _users(
    everything: Frames, kind: Kind, values: Collection[str | None]
) -> pl.LazyFrame:
    """Return the users of any of the values, looked up among all rows."""
    known = [value for value in values if value is not None]
    matches = kind.value.is_in(known)
    # is_in never matches null.
    if None in values:
        matches |= kind.value.is_null()
    rows = everything.by_name[kind.table].filter(matches)
    return rows.select(USER).unique()


def _of_rooms(kept: Frames, rooms: Collection[int]) -> Frames:
    inside = kept.of_rooms(rooms)
    # Users and events name no room: those of the room's users stay.
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


def room_id(text: str) -> int:
    """Return the id that a filter names; 0, which no room has, for other texts."""
    # int() also reads other scripts' digits, and a longer one overflows the column.
    known = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
    number = int(text) if known else 0
    return number if number <= LARGEST_ROOM_ID else 0


def is_known(wanted: Filter) -> bool:
    """Return whether a filter names a value whatever the data: null, or a class."""
    is_class = wanted.kind == "source" and wanted.value in {*SOURCE_CLASSES, OTHER}
    return is_class or wanted.value is None


def occurrence(frames: Frames, wanted: Filter) -> pl.LazyFrame:
    """Return a row where the data has a filter's value, a room too: value.

    The value is that of `KINDS`: the class Email of a source "email".
    """
    if wanted.kind == "room":
        number = room_id(wanted.value or "")
        ids = (frames.rooms.select("id"), frames.votes.select(id="room_id"))
        found = pl.concat(frame.filter(id=number).head(1) for frame in ids)
        return found.select(value=pl.col("id").cast(pl.String))
    kind = KINDS[wanted.kind]
    # The texts as they are stored: to read all as `KINDS` does takes longer.
    found = frames.by_name[kind.table].filter(pl.col(wanted.kind) == wanted.value)
    return found.head(1).select(value=kind.value)


def values(frames: Frames, kind: str, most: int = 1_000) -> pl.LazyFrame:
    """Return the commonest values of a kind to choose from: value, rows.

    Null (and empty text) is a value, too. Rooms come by their votes, with the columns
    number and name.
    """
    by = KINDS[kind]
    if kind == "source":
        # Few texts occur; each is classified once.
        texts = frames.page_views.group_by("source").agg(rows=pl.len())
        counts = (
            texts.drop_nulls("source")
            .group_by(value=by.value)
            .agg(rows=pl.col("rows").sum())
        )
    else:
        counts = frames.by_name[by.table].group_by(value=by.value).agg(rows=pl.len())
    largest = counts.sort("rows", "value", descending=[True, False]).head(most)
    if kind != "room":
        return largest
    names = frames.rooms.select("number", "name", value=pl.col("id").cast(pl.String))
    return largest.join(names, on="value", how="left", maintain_order="left")
