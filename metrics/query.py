"""The query that a page, an export or an API call asks, and what its plans share."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from metrics.constants import FIRST_STEPS, VISIT_MARGIN
from metrics.frames import Frames, LazyTables, Period, instant
from metrics.tables import BY_NAME, ROOMS, VOTES

Granularity = Literal["hour", "day", "week", "month"]
"""The length of a bucket on a time axis; weeks start on Monday."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to compute: rows, period, comparison, granularity and clock.

    `frames` is all of history with switches and filters applied (bots left
    out, one country, one room), so that metrics that look back (returning,
    retention, totals since the start) find what they need.
    """

    frames: Frames
    period: Period
    comparison: Period | None
    """The period compared with."""
    granularity: Granularity
    now: datetime
    """The clock, or the end of the data where that is earlier."""
    weekends: bool = True
    """False hides Saturdays and Sundays in daily series; totals count every day."""
    missing: Collection[str] = ()
    """Live tables that the store lacks: numbers that need one are null, not 0."""
    data_begins: date | None = None
    """The day on which the data begins, where nothing is before the period or before
    its comparison. The first row may be at any time: no day to count as a whole one."""
    new_users_begin: date | None = None
    """The day on which the data begins, where that is before the comparison too, and
    within the `NEW_USERS_BEFORE` days that tables of new users are about."""
    later_begins: Mapping[str, date] = field(default_factory=dict)
    """The days on which live tables begin that begin weeks after others: what they
    count before is unknown, not 0 (`store.reader.later_begins`)."""
    data_ends: datetime | None = None
    """The end of late data, where that is why the period ends before its days do."""
    later: Period | None = None
    """The period that this one is the comparison of, if it is one."""

    @property
    def zone(self) -> ZoneInfo:
        """Whose days and hours are counted."""
        return self.period.zone

    @property
    def today(self) -> date:
        """The running day in the zone."""
        return self.period.local(self.now).date()

    @property
    def known(self) -> Period:
        """The period from the day on which the data begins."""
        period, begins = self.period, self.data_begins
        if begins is None or not period.first_day < begins <= period.last_day:
            return period
        start = Period.of_days(begins, begins, self.zone).start
        return replace(period, start=start)

    @property
    def knows_rooms(self) -> bool:
        """Whether a room that is not in the table of rooms is a deleted one.

        Where that is missing or begins late, it may be one that was never in it.
        """
        return ROOMS.name not in {*self.missing, *self.later_begins}

    @property
    def begins(self) -> date | None:
        """The day on which the data begins, if that is known."""
        return self.data_begins or self.new_users_begin

    @property
    def comparison_query(self) -> "Query | None":
        """The same query about the comparison, if there is one."""
        if self.comparison is None:
            return None
        return replace(self, period=self.comparison, comparison=None, later=self.period)

    def knows(self, period: Period) -> bool:
        """Return whether data reaches a period: of others nothing is known.

        Nothing is compared with days that precede the data in part.
        """
        begins = self.begins
        return (begins is None or self._reaches(period, begins)) and (
            period.start < self.now
        )

    def lacks(self, period: Period) -> set[str]:
        """Return the live tables of which nothing is known about a period."""
        begins = self.later_begins.items()
        return {
            *self.missing,
            *(t for t, day in begins if not self._reaches(period, day)),
        }

    @property
    def not_compared(self) -> set[str]:
        """The live tables of which nothing is known about the comparison."""
        before = self.comparison_query
        return before.lacks(before.period) if before else set()

    def _reaches(self, period: Period, begins: date) -> bool:
        """Return whether what begins on a day says something about a period."""
        # Nothing is compared with days that precede the data in part.
        first = period.last_day
        if self.later is not None:
            first = period.first_day - timedelta(days=1)
        return begins <= first

    @property
    def as_of(self) -> datetime:
        """The end of the period, or now where it has not ended."""
        return min(self.period.end, self.now)


def is_near(before: Period, period: Period) -> bool:
    """Return whether the time between two periods costs less to read than a scan.

    A running day is compared up to its time of day: then the rest of a day is between.
    """
    between = period.start - before.end
    return between <= max(before.length, timedelta(days=1))


def is_late(time: str, before: Period, period: Period) -> pl.Expr:
    """Return whether a time in the span of two periods is of the later one.

    Null between them: neither the rows that are late nor those that are not have it.
    """
    late = pl.col(time) >= instant(period.start)
    if before.end >= period.start:
        return late
    return pl.when(late | (pl.col(time) < instant(before.end))).then(late)


type Finish = Callable[[pl.DataFrame], pl.DataFrame]
"""A step in plain Python after a plan, on the few rows that it gives."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A plan whose few rows are finished in plain Python once they are there.

    Intervals, verdicts and ranks of tens of rows are thousands of nodes of a plan,
    which take longer to plan than all rows to read.
    """

    plan: pl.LazyFrame
    finish: Callable[..., pl.DataFrame]
    """Makes the answer of what the plan gives, and after it each further one."""
    further: Sequence[pl.LazyFrame] = ()
    """A plan that several answers have in common is executed once."""


type Plan = pl.LazyFrame | Unfinished
"""What `store.engine` executes, and finishes where something is left to do."""


def executable(plan: Plan) -> Sequence[pl.LazyFrame]:
    """Return what of a plan Polars executes."""
    return [plan.plan, *plan.further] if isinstance(plan, Unfinished) else [plan]


class SharedPlans:
    """The parts that the plans of one request share: each is read or computed once.

    The code that handles a request creates one, passes it to every plan, and
    drops it with the answer. Polars by itself finds the largest common part of plans
    and repeats the smaller ones within; a node that is shared here runs once.
    """

    def __init__(
        self,
        frames: Frames,
        prefetched: Period | None = None,
        compared: Sequence[Period] = (),
    ) -> None:
        """Share parts of plans over these frames.

        `prefetched` is a span whose rows are read once, for all periods inside it;
        `compared` are periods that are asked for together, in order of time, which do
        not overlap.
        """
        self.frames = frames
        self._prefetched = prefetched
        self._compared = tuple(compared)
        self._nodes: dict[Hashable, pl.LazyFrame] = {}
        self._known: dict[Hashable, Any] = {}
        self._periods: dict[Period, Frames] = {}
        self._about: dict[Hashable, list[Any]] = {}
        self._numbers = count(1)
        self._answer = 0
        self._answers: dict[int, tuple[pl.LazyFrame, int]] = {}
        self._asked: dict[Hashable, set[int]] = {}

    @classmethod
    def of(cls, query: Query, *, both: bool = True) -> "SharedPlans":
        """Return what the plans of a query share, and of its comparison query.

        `both` says that tables are wanted of the comparison query as well.
        """
        before, period = query.comparison, query.period
        # A comparison far back (a year ago) is read by itself: the span between is not.
        near = before is not None and is_near(before, period)
        first = before if near and before else period
        # New users get their first steps, visits are followed beyond midnight.
        reach = Period(first.start - FIRST_STEPS, period.end + VISIT_MARGIN)
        # Where they overlap, each period is a pass of its own.
        if both and near and before and before.end <= period.start:
            return cls(query.frames, reach, (before, period))
        return cls(query.frames, reach)

    def node(self, name: Hashable, build: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return the node of this name, built when it is first asked for."""
        if name not in self._nodes:
            # Polars would repeat the node for each plan; `cache` makes it one.
            self._nodes[name] = build().cache()
        self._asked.setdefault(name, set()).add(self._answer)
        return self._nodes[name]

    def plan[Built: pl.LazyFrame | Unfinished](
        self, build: Callable[[], Built]
    ) -> Built:
        """Build the plan of an answer, and note which nodes it asks for."""
        outer, self._answer = self._answer, next(self._numbers)
        try:
            built = build()
        finally:
            answer, self._answer = self._answer, outer
        self._answers.update((id(part), (part, answer)) for part in executable(built))
        return built

    def apart(self, parts: Sequence[pl.LazyFrame]) -> list[list[pl.LazyFrame]]:
        """Return parts of plans in groups without a common node, the largest first.

        Groups may be computed at the same time without computing anything twice.
        """
        # Nothing is known of a part that was built elsewhere: all of these are one.
        by_answer: dict[int, list[pl.LazyFrame]] = {}
        for part in parts:
            _, answer = self._answers.get(id(part), (part, 0))
            by_answer.setdefault(answer, []).append(part)
        # With answers all of whose parts others have too: they may tie these together.
        groups = [{answer} for answer in set(by_answer).union(*self._asked.values())]
        for asking in self._asked.values():
            tied = [group for group in groups if not group.isdisjoint(asking)]
            others = [group for group in groups if group.isdisjoint(asking)]
            groups = [*others, set[int]().union(*tied)]
        found = (
            [part for answer in group for part in by_answer.get(answer, ())]
            for group in groups
        )
        return sorted(filter(None, found), key=len, reverse=True)

    def per_period(
        self,
        name: Hashable,
        period: Period,
        build: Callable[[Period, pl.Expr], pl.LazyFrame],
    ) -> pl.LazyFrame:
        """Return the rows that `build` makes of a period, of both periods in one pass.

        `build` gets the span of the votes to look at, and whether one is of the later
        period (`is_late`): it tells them apart by a column `late`.
        """
        periods = self.beside(period)
        first, last = periods[0], periods[-1]
        span = Period(first.start, last.end, period.zone)
        late = pl.col("late") if period == last else ~pl.col("late")

        def own() -> pl.LazyFrame:
            of_which = is_late(VOTES.time, first, last)
            rows = self.node((name, span), lambda: build(span, of_which))
            # A `filter` would move below the shared node, which then runs twice.
            return rows.select(pl.exclude("late").filter(late))

        return self.node((name, period, "alone"), own)

    def once[Value](self, name: Hashable, build: Callable[[], Value]) -> Value:
        """Return what is known by this name, built when it is first asked for."""
        if name not in self._known:
            self._known[name] = build()
        value: Value = self._known[name]
        return value

    def covering(
        self, name: Hashable, span: Period, build: Callable[[], pl.LazyFrame]
    ) -> tuple[Period, pl.LazyFrame]:
        """Return the node of this name over this span or over a longer one, if any.

        What is built about a longer span has to be right for each part of it. The first
        of the two is the span that the node is about.
        """
        return self._about_enough(
            name,
            span,
            lambda over: over.covers(span) and over.zone == span.zone,
            build,
        )

    def beside(self, period: Period) -> tuple[Period, ...]:
        """Return the periods that are asked for together with this one, in order."""
        return self._compared if period in self._compared else (period,)

    def together(
        self,
        name: Hashable,
        periods: tuple[Period, ...],
        build: Callable[[], pl.LazyFrame],
    ) -> tuple[tuple[Period, ...], pl.LazyFrame]:
        """Return the node of this name about these periods, or about more of them.

        The first of the two are the periods that the node is about. They are in order
        of time and do not overlap.
        """
        return self._about_enough(
            name, periods, lambda about: {*periods} <= {*about}, build
        )

    def _about_enough[About: Hashable](
        self,
        name: Hashable,
        about: About,
        is_enough: Callable[[About], bool],
        build: Callable[[], pl.LazyFrame],
    ) -> tuple[About, pl.LazyFrame]:
        """Return a node of this name that is about enough, and what it is about."""
        known: list[About] = self._about.setdefault(name, [])
        found = next(filter(is_enough, known), None)
        if found is None:
            known.append(found := about)
        return found, self.node((name, found), build)

    @property
    def room_names(self) -> pl.LazyFrame:
        """The names of all rooms: room_id, room_number, room_name."""
        columns = {"room_id": "id", "room_number": "number", "room_name": "name"}
        return self._whole("room names", lambda: self.frames.rooms.select(**columns))

    @property
    def users(self) -> pl.LazyFrame:
        """All users with their attributes."""
        return self._whole("users", lambda: self.frames.users)

    def _whole(self, name: Hashable, build: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        # Of what is in memory there is nothing to read once.
        return build() if self.frames.in_memory else self.node(name, build)

    def within(self, period: Period) -> Frames:
        """Return `Frames.within` the period, the same nodes whenever it is asked."""
        if period not in self._periods:
            self._periods[period] = self._rows_of(period)
        return self._periods[period]

    def prefetching(self, period: Period) -> "SharedPlans":
        """Return an object of which periods inside this one are read once."""
        if self._prefetched is not None and self._prefetched.covers(period):
            return self
        return SharedPlans(self.frames, period)

    def begin(self, period: Period) -> datetime:
        """Return where the prefetched rows begin, if they contain the period's."""
        reach = self._prefetched
        return (
            reach.start if reach is not None and reach.covers(period) else period.start
        )

    def _rows_of(self, period: Period) -> Frames:
        reach = self._prefetched
        # Rows in memory are chosen as quickly from all as from those of a span.
        at_hand = self.frames.in_memory
        # Outside the prefetched span each period is read from the store by itself.
        if at_hand or reach is None or reach == period or not reach.covers(period):
            rows = self.frames.within(period).by_name
            return Frames(LazyTables(rows, lambda name: rows[name].cache()))
        rows = self.within(reach).by_name

        def part(name: str) -> pl.LazyFrame:
            # Polars would move a `filter` below the shared node, which then runs twice.
            inside = period.contains(BY_NAME[name].time)
            return rows[name].select(pl.all().filter(inside)).cache()

        return Frames(LazyTables(rows, part))
