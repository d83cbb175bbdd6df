from datetime import date, timedelta

import pytest

from metrics import invites
from metrics.query import Query, SharedPlans
from tests.metrics.building import (
    Row,
    answer,
    at,
    days,
    estimation,
    event,
    frames,
    one,
    plan_of,
    query,
    room,
)

WINDOW = days("2026-11-02", "2026-11-08")
NOW = at("2026-11-22 12:00")
DAY = "2026-11-03 09:00"


def opened(key: int, *users: str, time: str = DAY, used: str = DAY) -> list[Row]:
    return [
        room(key, f"room {key}", used),
        *(estimation(who, time, room=key) for who in users),
    ]


def newcomers(*rows: Row) -> list[object]:
    return [
        row["newcomers"]
        for row in answer(plan_of(invites.by_room, frames(*rows), WINDOW, now=NOW))
    ]


def test_newcomers_are_first_ever_estimators_minus_the_founder() -> None:
    assert newcomers(*opened(1, "a", "b", "c")) == [2]


def test_users_known_from_another_room_are_no_newcomers() -> None:
    known = [estimation("b", "2026-10-01 09:00", room=9)]
    assert newcomers(*known, *opened(1, "a", "b", "c")) == [1]


def test_a_room_of_known_users_has_no_newcomers_not_minus_one() -> None:
    known = [estimation("a", "2026-10-01 09:00", room=9)]
    assert newcomers(*known, *opened(1, "a")) == [0]


@pytest.mark.parametrize("known", ["2025-01-01", "2026-10-20", "2026-10-30"])
def test_users_are_known_however_long_ago_both_periods_began(known: str) -> None:
    """Read together, both periods search what was before them once."""
    rows = frames(
        estimation("b", f"{known} 09:00", room=9),
        *opened(1, "a", "b", "c"),
        *opened(2, "b", "d", "e", time="2026-10-27 09:00", used="2026-10-27 08:00"),
    )
    before = days("2026-10-26", "2026-11-01")
    both = query(rows, WINDOW, before).frames
    counts = [
        [
            row["newcomers"]
            for row in answer(plan_of(invites.by_room, both, period, now=NOW))
        ]
        for period in (WINDOW, before)
    ]
    assert counts == [[1], [2 if known == "2026-10-30" else 1]]


def test_only_the_first_seven_days_count() -> None:
    rows = [*opened(1, "a", "b"), estimation("c", "2026-11-10 08:59:59", room=1)]
    assert newcomers(*rows) == [2]
    assert newcomers(*rows, estimation("d", "2026-11-10 09:00", room=1)) == [2]


def test_spectators_are_no_newcomers() -> None:
    rows = [*opened(1, "a"), estimation("b", DAY, None, spectator=True)]
    assert newcomers(*rows) == [0]


def test_rooms_of_other_periods_and_younger_than_a_week_are_left_out() -> None:
    rows = [*opened(1, "a", used="2026-10-01 09:00"), *opened(2, "b")]
    early = plan_of(invites.by_room, frames(*rows), WINDOW, now=at("2026-11-10 08:59"))
    assert answer(early) == []
    assert len(newcomers(*rows)) == 1


def test_a_period_and_its_comparison_have_rooms_of_as_many_days() -> None:
    """A room a day: 21 of those days have had a week, which is no fall from 28."""
    first = date(2026, 9, 1)
    rows = [room(n, f"room {n}", f"{first + timedelta(n)} 09:00") for n in range(1, 80)]
    asked = Query(
        frames(*rows),
        days("2026-10-23", "2026-11-19"),
        days("2026-09-25", "2026-10-22"),
        "day",
        at("2026-11-20 12:00"),
    )
    shared = SharedPlans.of(asked)
    before = asked.comparison_query
    assert before is not None
    for each in (asked, before):
        assert one(invites.totals(each, shared))["new_rooms"] == 28
    assert invites.covers(asked) == days("2026-10-16", "2026-11-12")
    # Moved alike, the two do not share days.
    assert invites.covers(before) == days("2026-09-18", "2026-10-15")
    listed = answer(invites.by_room(asked, shared))
    assert {row["first_used_at"] for row in listed} == {
        at(f"{date(2026, 10, 16) + timedelta(n)} 09:00") for n in range(28)
    }


def test_the_share_of_twenty_new_rooms_with_two_newcomers() -> None:
    rows: list[Row] = []
    for key in range(1, 21):
        users = [f"{key}-{n}" for n in range(3 if key <= 5 else 2)]
        rows += opened(key, *users)
    found = one(plan_of(invites.totals, frames(*rows), WINDOW, now=NOW))
    assert (found["new_rooms"], found["newcomers"]) == (20, 25)
    assert (found["inviting_rooms"], found["inviting_share"]) == (5, 0.25)
    table = plan_of(invites.by_newcomers, frames(*rows), WINDOW, now=NOW).collect()
    assert table.rows() == [(1, 15, 0.75), (2, 5, 0.25)]


def test_intent_is_of_users_who_opened_a_room() -> None:
    rows = [event(f"p{n}", DAY, "ENTERED_NEW_ROOM") for n in range(10)]
    rows += [event(f"q{n}", DAY, "ENTERED_RANDOM_ROOM") for n in range(10)]
    rows += [event("p0", DAY, "COPIED_ROOM_LINK")] * 3
    rows += [event("guest", DAY, "COPIED_ROOM_LINK")]
    rows += [event("guest", DAY, "ENTERED_EXISTING_ROOM")]
    found = one(plan_of(invites.totals, frames(*rows), WINDOW, now=NOW))
    assert (found["openers"], found["inviters"]) == (20, 1)
    assert found["invite_intent"] == 0.05
