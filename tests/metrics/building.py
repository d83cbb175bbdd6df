"""Tiny tables from literals, with every column that a test does not care about."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import polars as pl
from hypothesis import settings

from metrics.frames import Frames, Period
from metrics.numbering import numbered
from metrics.query import Granularity, Plan, Query, SharedPlans
from metrics.subject import Build
from metrics.tables import (
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    TABLES,
    USERS,
    VOTES,
    Table,
)
from store import engine

quick = settings(max_examples=int(os.environ.get("EXAMPLES", "25")), deadline=None)
"""Few examples, and none is late on a busy machine."""

Value = str | int | bool | Decimal | datetime | None


class Row(NamedTuple):
    """A row of a table; without an id it gets the next one."""

    table: Table
    values: Mapping[str, Value]


def without_bots(frames: Frames) -> Frames:
    return frames.without(frames.bots.collect().to_series())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def user(key: str, time: str = "2026-11-02 08:00", **attributes: str | None) -> Row:
    return Row(USERS, {"id": key, "created_at": at(time), **attributes})


def room(key: int, name: str, time: str = "2026-11-02 08:00", number: int = 0) -> Row:
    return Row(
        ROOMS,
        {
            "id": key,
            "number": number or key * 1000,
            "name": name,
            "first_used_at": at(time),
            "last_used_at": at(time),
        },
    )


def view(
    who: str, time: str, route: str | None = "HOME", source: str | None = None
) -> Row:
    return Row(
        PAGE_VIEWS,
        {"user_id": who, "viewed_at": at(time), "route": route, "source": source},
    )


def event(who: str, time: str, kind: str | None = "LEFT_ROOM") -> Row:
    return Row(EVENTS, {"user_id": who, "event_at": at(time), "event": kind})


def estimation(
    who: str,
    time: str,
    value: int | None = 3,
    *,
    room: int = 1,
    spectator: bool = False,
) -> Row:
    return Row(
        ESTIMATIONS,
        {
            "user_id": who,
            "estimated_at": at(time),
            "estimation": value,
            "room_id": room,
            "spectator": spectator,
        },
    )


def vote(
    time: str,
    *,
    room: int = 1,
    low: int = 3,
    high: int = 5,
    average: str = "4.00",
    amount: int = 2,
    spectators: int = 0,
    duration: int = 30,
    flip: bool = False,
) -> Row:
    return Row(
        VOTES,
        {
            "voted_at": at(time),
            "room_id": room,
            "min_estimation": low,
            "max_estimation": high,
            "avg_estimation": Decimal(average),
            "amount_of_estimations": amount,
            "amount_of_spectators": spectators,
            "duration": duration,
            "was_auto_flip": flip,
        },
    )


def unestimated(time: str, room: int = 1) -> Row:
    """An empty vote, as the live database stores it."""
    return vote(
        time, room=room, low=21, high=1, average="0.00", amount=0, duration=9999
    )


def frames(*rows: Row) -> Frames:
    """Frames of these rows; users are numbered in the order of their names."""
    return numbered({table.name: _frame(table, rows) for table in TABLES})


def _frame(table: Table, rows: tuple[Row, ...]) -> pl.LazyFrame:
    own = [row.values for row in rows if row.table == table]
    numbered = [{"id": number, **values} for number, values in enumerate(own, 1)]
    columns = {name: [row.get(name) for row in numbered] for name in table.schema}
    return pl.LazyFrame(columns, schema=table.schema)


def days(first: str, last: str) -> Period:
    return Period.of_days(date.fromisoformat(first), date.fromisoformat(last))


def query(
    rows: Frames,
    period: Period,
    before: Period | None = None,
    granularity: Granularity = "day",
    *,
    weekends: bool = True,
) -> Query:
    """A scope whose clock shows the window's end."""
    return Query(rows, period, before, granularity, period.end, weekends)


ALWAYS = Period(datetime(2020, 1, 1), datetime(2031, 1, 1))


def plan_of(
    build: Build,
    rows: Frames,
    period: Period = ALWAYS,
    granularity: Granularity = "day",
    *,
    comparison: Period | None = None,
    now: datetime | None = None,
) -> pl.LazyFrame:
    """The answer of one table over these rows; the clock shows the period's end."""
    asked = Query(rows, period, comparison, granularity, now or period.end)
    return engine.collect(build(asked, SharedPlans.of(asked))).lazy()


def uncompared(plan: pl.LazyFrame) -> list[dict[str, object]]:
    """The rows of a ranked table without the columns that compare."""
    return answer(plan.select(pl.exclude("^.*_(before|change|change_share)$")))


def executed(plan: Plan) -> pl.DataFrame:
    """What a plan answers, executed as the engine does."""
    return engine.collect(plan)


def answer(plan: Plan) -> list[dict[str, object]]:
    """The rows of an executed plan."""
    return executed(plan).to_dicts()


def one(plan: Plan) -> dict[str, object]:
    """The only row of an executed plan."""
    return executed(plan).row(named=True)


def column(plan: Plan, name: str) -> list[object]:
    """One column of an executed plan."""
    return executed(plan)[name].to_list()
