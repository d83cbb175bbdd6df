"""Choosing rows: windows, users, rooms, and what a scope compares with."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.frames import Frames, Period, instant
from metrics.tables import TABLES
from tests.metrics.building import (
    at,
    column,
    days,
    estimation,
    event,
    frames,
    query,
    quick,
    room,
    user,
    view,
    vote,
    without_bots,
)

NINE = "2026-11-02 09:00"


def heights(rows: Frames) -> dict[str, int]:
    return {name: frame.collect().height for name, frame in rows.by_name.items()}


@quick
@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_an_instant_is_the_moment_to_the_microsecond(moment: datetime) -> None:
    assert pl.select(instant(moment)).item() == moment


def test_a_window_contains_its_start_and_not_its_end() -> None:
    period = days("2026-11-02", "2026-11-03")
    moments = ["2026-11-01 23:59:59.999999", "2026-11-02", "2026-11-03 23:59:59.999999"]
    times = pl.LazyFrame({"t": [at(text) for text in (*moments, "2026-11-04")]})
    inside = times.select(period.contains("t")).collect()["t"].to_list()
    assert inside == [False, True, True, False]


def test_28_days_have_28_dates() -> None:
    period = days("2026-10-26", "2026-11-22")
    assert period.length == timedelta(days=28)
    assert (period.first_day, period.last_day) == (
        date(2026, 10, 26),
        date(2026, 11, 22),
    )


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Period(at("2026-11-02"), at("2026-11-01"))


def test_every_table_is_cut_by_its_own_time() -> None:
    rows = frames(
        *(user(key, f"2026-11-0{n} 09:00") for n, key in enumerate("ab", 1)),
        *(room(n, f"r{n}", f"2026-11-0{n} 09:00") for n in (1, 2)),
        *(view("a", f"2026-11-0{n} 09:00") for n in (1, 2)),
        *(event("a", f"2026-11-0{n} 09:00") for n in (1, 2)),
        *(vote(f"2026-11-0{n} 09:00") for n in (1, 2)),
        *(estimation("a", f"2026-11-0{n} 09:00") for n in (1, 2)),
    )
    inside = rows.within(days("2026-11-02", "2026-11-02"))
    assert heights(inside) == {table.name: 1 for table in TABLES}


def test_bots_are_left_out_and_deleted_users_stay() -> None:
    all_users = frames(
        user("human", device="desktop"),
        user("unknown"),
        user("bot", device="bot"),
        *(view(who, NINE) for who in ("human", "unknown", "bot", "deleted")),
        vote(NINE),
    )
    rows = without_bots(all_users)
    _bot, deleted, human, unknown = range(4)
    assert set(column(rows.users, "user")) == {human, unknown}
    assert set(column(rows.page_views, "user")) == {deleted, human, unknown}
    assert heights(rows)["fpp_votes"] == 1


def test_chosen_users_bring_all_that_they_did() -> None:
    rows = frames(
        user("a"),
        user("b"),
        *(event(who, NINE) for who in "ab"),
        *(estimation(who, NINE) for who in "ab"),
        vote(NINE),
    ).of_users(pl.LazyFrame({"user": [0]}, schema={"user": pl.UInt32}))
    assert column(rows.users, "user") == [0]
    assert column(rows.events, "user") == [0]
    assert column(rows.estimations, "user") == [0]
    assert heights(rows)["fpp_votes"] == 1


def test_a_room_keeps_its_rows_wherever_a_table_names_it() -> None:
    rows = frames(
        room(1, "x"),
        room(2, "y"),
        vote(NINE, room=1),
        vote(NINE, room=2),
        estimation("a", NINE, room=2),
        event("a", NINE),
    ).of_room(1)
    assert column(rows.rooms, "name") == ["x"]
    assert column(rows.votes, "room_id") == [1]
    assert heights(rows)["fpp_estimations"] == 0
    assert heights(rows)["fpp_events"] == 1


def test_without_a_comparison_there_is_no_earlier_question() -> None:
    asked = query(frames(vote("2026-11-02 09:00")), days("2026-11-03", "2026-11-03"))
    assert asked.comparison_query is None


def test_the_rows_before_are_those_of_the_other_period() -> None:
    rows = frames(vote(NINE), vote("2026-11-03 09:00"), vote("2026-11-03 10:00"))
    monday, tuesday = (days(d, d) for d in ("2026-11-02", "2026-11-03"))
    asked = query(rows, tuesday, monday)
    assert heights(asked.frames.within(asked.period))["fpp_votes"] == 2
    assert asked.comparison_query is not None
    assert heights(rows.within(asked.comparison_query.period))["fpp_votes"] == 1
    assert asked.comparison_query.period == monday
