"""The tables as typed LazyFrames, and the ways to choose which rows go in."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from metrics.lazy_tables import LazyTables
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

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"window ends ({self.end}) before it starts ({self.start})"
            )

    @classmethod
    def of_days(cls, first: date, last: date) -> "Period":
        """Return the window of whole days, both ends included."""
        midnight = datetime.min.time()
        return cls(
            datetime.combine(first, midnight),
            datetime.combine(last + timedelta(days=1), midnight),
        )

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start

    @property
    def first_day(self) -> date:
        """The first date that lies in the window."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The last date that lies in the window, at least in part."""
        return max(self.end - timedelta(microseconds=1), self.start).date()

    def covers(self, other: "Period") -> bool:
        """Return whether another window lies in this one."""
        return self.start <= other.start and other.end <= self.end

    def contains(self, column: str) -> pl.Expr:
        """Return whether a timestamp column lies in the window."""
        time = pl.col(column)
        return (time >= instant(self.start)) & (time < instant(self.end))


type Narrow = Callable[[Period], Mapping[str, pl.LazyFrame]]


@dataclass(frozen=True, slots=True)
class Frames:
    """The tables of one generation, each with its `Table.numbered_schema`.

    A metric takes what it needs from here; the caller has chosen the rows.
    `user` is a person's number: metrics compare and count it, no more.
    """

    by_name: Mapping[str, pl.LazyFrame]
    narrow: Narrow | None = field(default=None, compare=False, repr=False)
    """Opens less than everything: at least the rows of a window."""
    _reach: "tuple[Period, Frames] | None" = field(
        default=None, compare=False, repr=False
    )
    """A span and its rows, from which windows inside it are taken."""
    _windows: "dict[Period, Frames]" = field(
        default_factory=dict, compare=False, repr=False
    )
    _asked: dict[Hashable, pl.LazyFrame] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def empty(cls) -> "Frames":
        """Return all tables without rows."""
        return cls({t.name: pl.LazyFrame(schema=t.numbered_schema) for t in TABLES})

    @property
    def users(self) -> pl.LazyFrame:
        """People, one row each, as first seen."""
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
        """What people did apart from viewing and estimating."""
        return self.by_name[EVENTS.name]

    @property
    def votes(self) -> pl.LazyFrame:
        """Finished rounds, one row each."""
        return self.by_name[VOTES.name]

    @property
    def estimations(self) -> pl.LazyFrame:
        """Single estimates and spectators, one row per person and round."""
        return self.by_name[ESTIMATIONS.name]

    def map(self, change: Callable[[Table, pl.LazyFrame], pl.LazyFrame]) -> "Frames":
        """Return the frames with every table changed, each row by itself."""
        narrow = self.narrow
        return Frames(
            _changed(self.by_name, change),
            None if narrow is None else lambda near: _changed(narrow(near), change),
        )

    def within(self, period: Period) -> "Frames":
        """Keep the rows of every table whose time lies in the window.

        For users and rooms that is when they were first seen: join attributes
        from the frames before this call.
        """
        if period not in self._windows:
            self._windows[period] = self._rows_of(period)
        return self._windows[period]

    def _rows_of(self, period: Period) -> "Frames":
        part, source = _within, self._near(period)
        if self._reach is not None and self._reach[0].covers(period):
            part, source = _part, self._reach[1].by_name
        return Frames(
            LazyTables(
                source, lambda name: part(BY_NAME[name], source[name], period).cache()
            )
        )

    def reaching(self, period: Period) -> "Frames":
        """Return the same frames, whose windows inside this one read its rows once."""
        if self._reach is not None and self._reach[0].covers(period):
            return self
        return Frames(self.by_name, self.narrow, (period, self.within(period)))

    def since(self, period: Period) -> datetime:
        """Return where the rows begin that windows around this one are taken from."""
        reach = self._reach[0] if self._reach else period
        return reach.start if reach.covers(period) else period.start

    def _near(self, period: Period) -> Mapping[str, pl.LazyFrame]:
        """Return the tables, of which no more needs to be opened than a window has."""
        # Polars pushes no filter below a node that turns out to have one user only.
        return self.narrow(period) if self.narrow else self.by_name

    def once(self, name: Hashable, build: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return the node of this name, the same for all who ask these frames for it.

        Plans that are executed together then compute it once; by itself, Polars finds
        the largest common part of plans and repeats the smaller ones within.
        """
        if name not in self._asked:
            self._asked[name] = build().cache()
        return self._asked[name]

    @property
    def bots(self) -> pl.LazyFrame:
        """People whose device is "bot": `user`, in order."""
        return self.users.filter(pl.col("device") == "bot").select(pl.col(USER).sort())

    def without(self, users: pl.Series) -> "Frames":
        """Leave out the given users (their numbers), and all that they did.

        Rows of users that no longer exist are kept. A list that is known lets Polars
        look people up while it reads; a join would be done for every scan.
        """
        theirs = pl.col(USER).is_in(users.implode())
        return self.map(
            lambda table, frame: frame.filter(~theirs) if table.user_id else frame
        )

    def of_users(self, users: pl.LazyFrame) -> "Frames":
        """Keep the given users (a column `user`) and what they did."""

        def of_users(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
            return frame.join(users, on=USER, how="semi") if table.user_id else frame

        return self.map(of_users)

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


def _within(table: Table, frame: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    return frame.filter(period.contains(table.time))


def _part(table: Table, frame: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Filter above a node that others share; Polars would move a `filter` below it."""
    return frame.select(pl.all().filter(period.contains(table.time)))
