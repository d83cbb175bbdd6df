"""The tables as typed LazyFrames, and the ways to choose which rows go in."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, override
from zoneinfo import ZoneInfo

import polars as pl

from metrics.tables import (
    BY_NAME,
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    TABLES,
    TIMESTAMP,
    USER,
    USERS,
    VOTES,
    Table,
)
from metrics.time_zone import UTC_ZONE, local_seconds, to_local, to_utc

_EPOCH = datetime(1970, 1, 1)


def instant(moment: datetime) -> pl.Expr:
    """Return a timestamp as a literal.

    `pl.lit` makes a Series of it, which takes ten times as long; a page has hundreds.
    """
    return pl.lit((moment - _EPOCH) // timedelta(microseconds=1)).cast(TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time in UTC: `start` is in it, `end` is not."""

    start: datetime
    end: datetime
    zone: ZoneInfo = UTC_ZONE
    """Whose days, weeks and hours the rows of the period are counted in."""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"period ends ({self.end}) before it starts ({self.start})"
            )

    @classmethod
    def of_days(cls, first: date, last: date, zone: ZoneInfo = UTC_ZONE) -> "Period":
        """Return the period of whole days in a zone, both ends included."""
        midnight = datetime.min.time()
        start, end = (
            to_utc(datetime.combine(day, midnight), zone)
            for day in (first, last + timedelta(days=1))
        )
        return cls(start, end, zone)

    def local(self, moment: datetime) -> datetime:
        """Return a UTC instant as the clocks of the period's zone show it."""
        return to_local(moment, self.zone)

    def wall(self, edge: datetime) -> datetime:
        """Return an edge of the period as those clocks show it.

        Where a day begins at one o'clock, since the clocks skip midnight, it is that
        midnight.
        """
        clock = self.local(edge)
        midnight = datetime.combine(clock.date(), datetime.min.time())
        return midnight if edge == to_utc(midnight, self.zone) else clock

    def local_seconds(self, seconds: pl.Expr) -> pl.Expr:
        """Return seconds since 1970, of rows in the period, as those clocks do."""
        return local_seconds(seconds, self.zone, self.start, self.end)

    @property
    def length(self) -> timedelta:
        """How long the period is."""
        return self.end - self.start

    @property
    def first_day(self) -> date:
        """The first date that is in the period."""
        return self.local(self.start).date()

    @property
    def last_day(self) -> date:
        """The last date that is in the period, at least in part."""
        # The end is not part of the period: midnight belongs to the next day.
        return self.local(max(self.end - timedelta(microseconds=1), self.start)).date()

    @property
    def begins_within_a_day(self) -> bool:
        """Whether it begins at some hour of a day, as the last 24 hours do."""
        day = self.first_day
        return self.start != Period.of_days(day, day, self.zone).start

    def covers(self, other: "Period") -> bool:
        """Return whether another period is in this one."""
        return self.start <= other.start and other.end <= self.end

    def contains(self, column: str) -> pl.Expr:
        """Return whether a timestamp column is in the period."""
        time = pl.col(column)
        return (time >= instant(self.start)) & (time < instant(self.end))


class LazyTables(Mapping[str, pl.LazyFrame]):
    """Tables by name, each built when it is first looked up: most queries need few."""

    def __init__(
        self, names: Iterable[str], build: Callable[[str], pl.LazyFrame]
    ) -> None:
        self._names = dict.fromkeys(names)
        self._build = build
        self._built: dict[str, pl.LazyFrame] = {}

    @override
    def __getitem__(self, name: str) -> pl.LazyFrame:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    @override
    def __len__(self) -> int:
        return len(self._names)


type Narrow = Callable[[Period], Mapping[str, pl.LazyFrame]]


@dataclass(frozen=True, slots=True)
class Frames:
    """The tables of one generation, each with its `Table.numbered_schema`.

    A metric takes what it needs from here; the caller has chosen the rows.
    `user` is the number of a user: metrics compare and count it, no more.
    """

    by_name: Mapping[str, pl.LazyFrame]
    narrow: Narrow | None = field(default=None, compare=False, repr=False)
    """Opens less than everything: at least the rows of a period."""
    in_memory: bool = False
    """Whether the tables are there already, and need no reading."""

    @classmethod
    def empty(cls) -> "Frames":
        """Return all tables without rows."""
        return cls({t.name: pl.LazyFrame(schema=t.numbered_schema) for t in TABLES})

    @property
    def users(self) -> pl.LazyFrame:
        """Users, one row each, as first seen."""
        return self.by_name[USERS.name]

    @property
    def rooms(self) -> pl.LazyFrame:
        """Rooms under their current names."""
        return self.by_name[ROOMS.name]

    @property
    def page_views(self) -> pl.LazyFrame:
        """Page views, one row each."""
        return self.by_name[PAGE_VIEWS.name]

    @property
    def events(self) -> pl.LazyFrame:
        """What users did apart from viewing pages and estimating."""
        return self.by_name[EVENTS.name]

    @property
    def votes(self) -> pl.LazyFrame:
        """Votes, one row each."""
        return self.by_name[VOTES.name]

    @property
    def estimations(self) -> pl.LazyFrame:
        """Participations: one row per user and vote, spectators included."""
        return self.by_name[ESTIMATIONS.name]

    def map(self, change: Callable[[Table, pl.LazyFrame], pl.LazyFrame]) -> "Frames":
        """Return the frames with every table changed, each row by itself."""
        narrow = self.narrow
        return Frames(
            _changed(self.by_name, change),
            None if narrow is None else lambda near: _changed(narrow(near), change),
        )

    def within(self, period: Period) -> "Frames":
        """Keep the rows of every table whose time is in the period.

        For users and rooms that is when they were first seen: join attributes
        from the frames before this call.
        """
        near = self.narrow(period) if self.narrow else self.by_name
        return Frames(
            LazyTables(
                near,
                lambda name: near[name].filter(period.contains(BY_NAME[name].time)),
            )
        )

    @property
    def bots(self) -> pl.LazyFrame:
        """Users whose device is "bot": `user`, in order."""
        return self.users.filter(pl.col("device") == "bot").select(pl.col(USER).sort())

    def without(self, users: pl.Series) -> "Frames":
        """Leave out the given users (their numbers), and all that they did.

        Rows of users that no longer exist are kept. A list that is known lets Polars
        look users up while it reads; a join would be done for every scan.
        """
        theirs = pl.col(USER).is_in(users.implode())
        return self.map(
            lambda table, frame: frame.filter(~theirs) if table.user_id else frame
        )

    def of_users(self, users: pl.LazyFrame, *, keep: bool = True) -> "Frames":
        """Keep (or leave out) the given users (a column `user`) and what they did."""

        def of_users(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
            how: Literal["semi", "anti"] = "semi" if keep else "anti"
            return frame.join(users, on=USER, how=how) if table.user_id else frame

        return self.map(of_users)

    def of_rooms(self, rooms: Collection[int], *, keep: bool = True) -> "Frames":
        """Keep (or leave out) the rows of some rooms in every table that names a room.

        Rows that name none, such as most page views, are left out only with `keep`.
        """

        def of_rooms(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
            key = "id" if table == ROOMS else "room_id"
            if key not in table.schema:
                return frame
            # A page view without a room is neither of them nor left out with them.
            theirs = pl.col(key).is_in(list(rooms)).fill_null(value=False)
            return frame.filter(theirs if keep else ~theirs)

        return self.map(of_rooms)

    def of_room(self, room_id: int) -> "Frames":
        """Keep the rows of one room in every table that names a room, read once."""

        def of_room(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
            key = "id" if table == ROOMS else "room_id"
            if key not in table.schema:
                return frame
            return frame.filter(pl.col(key) == room_id).cache()

        return self.map(of_room)


def _changed(
    by_name: Mapping[str, pl.LazyFrame],
    change: Callable[[Table, pl.LazyFrame], pl.LazyFrame],
) -> Mapping[str, pl.LazyFrame]:
    return LazyTables(by_name, lambda name: change(BY_NAME[name], by_name[name]))
