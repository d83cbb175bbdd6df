from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics import funnel
from metrics.frames import Period
from metrics.registry import definition
from tests.metrics.building import (
    Row,
    answer,
    at,
    column,
    days,
    estimation,
    event,
    frames,
    one,
    plan_of,
    query,
    user,
    view,
    vote,
)

WINDOW = days("2026-09-01", "2026-09-30")
LATER = at("2026-11-30 12:00")
BORN = "2026-09-10 08:00"
PAIR = [vote("2026-09-11 09:00", amount=2), vote("2026-09-20 09:00", amount=2)]


def test_a_step_has_the_name_of_its_column_in_the_tables_by_source() -> None:
    steps = plan_of(funnel.steps, frames(), WINDOW, now=LATER)
    titles = [definition(key, "funnel_by_source").title for key in funnel.STEPS]
    assert column(steps, "step_name") == titles


def journey(who: str, *, back: str = "2026-09-20 09:00") -> list[Row]:
    """A user who makes all five steps."""
    return [
        user(who, BORN),
        event(who, "2026-09-11 08:59", "ENTERED_EXISTING_ROOM"),
        estimation(who, "2026-09-11 09:00"),
        estimation(who, back),
    ]


def reached(*rows: Row) -> list[object]:
    table = plan_of(funnel.steps, frames(*PAIR, *rows), WINDOW, now=LATER).collect()
    assert table["step"].to_list() == [1, 2, 3, 4, 5]
    return table["reached"].to_list()


def test_a_user_who_makes_all_steps() -> None:
    assert reached(*journey("a")) == [1, 1, 1, 1, 1]


def test_a_user_who_leaves_at_once() -> None:
    assert reached(user("a", BORN), view("a", BORN)) == [1, 0, 0, 0, 0]


def test_a_view_of_a_room_counts_as_entering() -> None:
    rows = [user("a", BORN), view("a", BORN, "ROOM"), event("a", BORN, "LEFT_ROOM")]
    assert reached(*rows) == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("time", "entered"),
    [("2026-09-17 07:59:59", 1), ("2026-09-17 08:00:00", 0)],
    ids=["a second before 7 days", "after exactly 7 days"],
)
def test_users_enter_within_seven_days(time: str, entered: int) -> None:
    rows = [user("a", BORN), event("a", time, "ENTERED_NEW_ROOM")]
    assert reached(*rows)[1] == entered


@pytest.mark.parametrize(
    ("time", "estimated"),
    [("2026-09-18 08:58:59", 1), ("2026-09-18 08:59:00", 0)],
    ids=["a second before 7 days", "after exactly 7 days"],
)
def test_users_estimate_within_seven_days_after_entering(
    time: str, estimated: int
) -> None:
    rows = [
        user("a", BORN),
        event("a", "2026-09-11 08:59", "ENTERED_NEW_ROOM"),
        estimation("a", time),
    ]
    assert reached(*rows)[2] == estimated


def test_an_estimation_before_entering_a_room_does_not_count() -> None:
    rows = [user("a", BORN), estimation("a", "2026-09-11 09:00")]
    rows += [event("a", "2026-09-11 09:01", "ENTERED_NEW_ROOM")]
    assert reached(*rows) == [1, 1, 0, 0, 0]


def test_spectators_do_not_estimate() -> None:
    rows = journey("a")[:2]
    rows += [estimation("a", "2026-09-11 09:00", None, spectator=True)]
    assert reached(*rows) == [1, 1, 0, 0, 0]


def test_estimating_alone_is_not_with_others() -> None:
    rows = [*journey("a")[:2], vote("2026-09-12 09:00", amount=1, room=7)]
    rows += [estimation("a", "2026-09-12 09:00", room=7)]
    assert reached(*rows) == [1, 1, 1, 0, 0]


def test_coming_back_alone_counts_only_after_a_vote_with_others() -> None:
    alone = [vote("2026-09-12 09:00", amount=1, room=7)]
    rows = [*journey("a")[:2], *alone, estimation("a", "2026-09-12 09:00", room=7)]
    rows += [estimation("a", "2026-09-14 09:00", room=7)]
    assert reached(*rows) == [1, 1, 1, 0, 0]


def test_the_later_day_may_be_the_one_with_others() -> None:
    alone = [vote("2026-09-12 09:00", amount=1, room=7)]
    rows = [*journey("a")[:2], *alone, estimation("a", "2026-09-12 09:00", room=7)]
    assert reached(*rows, estimation("a", "2026-09-20 09:00")) == [1, 1, 1, 1, 1]
    # "With others and again on a later day" would leave this user out.
    assert (
        "estimated on two or more days"
        in definition("came_back", "funnel_by_source").formula
    )


@pytest.mark.parametrize(
    ("back", "came"),
    [
        pytest.param("2026-09-11 23:59", 0, id="the same day"),
        pytest.param("2026-09-12 00:00", 1, id="the next day"),
        pytest.param("2026-10-08 07:59", 1, id="just before 28 days"),
        pytest.param("2026-10-08 08:00", 0, id="after 28 days"),
    ],
)
def test_users_come_back_on_a_later_day_within_28_days(back: str, came: int) -> None:
    assert reached(*journey("a", back=back))[4] == came


@pytest.mark.parametrize(
    ("zone", "back", "came"),
    [
        # In Auckland the meeting began at nine in the evening, in New York at five.
        ("Pacific/Auckland", "2026-09-11 13:00", 1),
        ("America/New_York", "2026-09-12 03:00", 0),
    ],
)
def test_a_later_day_is_one_of_the_zone(zone: str, back: str, came: int) -> None:
    window = Period.of_days(WINDOW.first_day, WINDOW.last_day, ZoneInfo(zone))
    rows = frames(*PAIR, *journey("a", back=back))
    table = plan_of(funnel.steps, rows, window, now=LATER).collect()
    assert table["reached"].to_list() == [1, 1, 1, 1, came]


def test_bots_and_users_of_other_periods_are_left_out() -> None:
    rows = [user("bot", BORN, device="bot"), user("old", "2026-08-31 23:59")]
    assert reached(*rows, user("unknown", BORN, device=None)) == [1, 0, 0, 0, 0]


def test_shares_of_twenty_new_users() -> None:
    rows = [row for n in range(5) for row in journey(f"p{n}")]
    rows += [user(f"q{n}", BORN) for n in range(15)]
    table = plan_of(funnel.steps, frames(*PAIR, *rows), WINDOW, now=LATER).collect()
    assert table["n"].to_list() == [20] * 5
    assert table["share_of_new"].to_list() == [1, 0.25, 0.25, 0.25, 0.25]
    # Five are too few to say which share of them went on.
    assert table["share_of_previous"].to_list() == [None, 0.25, None, None, None]


def test_by_first_source_the_class_of_the_first_page_view() -> None:
    rows = journey("a")
    rows += [view("a", BORN, source="https://teams.microsoft.com/")]
    rows += [view("a", "2026-09-10 09:00", source="cv"), user("b", BORN)]
    table = answer(plan_of(funnel.by_source, frames(*PAIR, *rows), WINDOW, now=LATER))
    assert [(row["source"], row["new_users"], row["came_back"]) for row in table] == [
        ("Teams", 1, 1),
        (None, 1, 0),
    ]


def test_by_country_the_largest_first() -> None:
    rows = [user(f"u{n}", BORN, country="DE") for n in range(20)]
    rows += [user("z", BORN, country="FR")]
    table = answer(plan_of(funnel.by_country, frames(*rows), WINDOW, now=LATER))
    assert [(row["country"], row["new_users"]) for row in table] == [
        ("DE", 20),
        ("FR", 1),
    ]
    assert [row["entered_share"] for row in table] == [0, None]


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        pytest.param("2026-10-29 00:00", timedelta(0), id="all are 28 days old"),
        pytest.param("2026-10-28 23:59:59", timedelta(days=1), id="a day is too young"),
        pytest.param("2026-10-28 00:00", timedelta(days=1), id="whatever the time"),
        pytest.param("2026-10-21 00:00", timedelta(days=8), id="a week later"),
    ],
)
def test_a_period_moves_back_by_whole_days_until_all_users_are_28_days_old(
    now: str, moved: timedelta
) -> None:
    before = Period(WINDOW.start - timedelta(days=400), WINDOW.start)
    asked = replace(query(frames(), WINDOW, before), now=at(now))
    found = funnel.mature_period(asked)
    assert found == Period(WINDOW.start - moved, WINDOW.end - moved)
    # A comparison, which is old enough, moves as far.
    assert asked.comparison_query
    assert funnel.mature_period(asked.comparison_query) == Period(
        before.start - moved, before.end - moved
    )


def test_days_around_the_last_24_hours_and_those_before_count_once() -> None:
    day, now = timedelta(days=1), at("2026-11-19 14:30")
    hours = Period(now - day, now)
    asked = replace(query(frames(), hours, Period(now - 2 * day, now - day)), now=now)
    assert asked.comparison_query
    found = funnel.mature_period(asked)
    before = funnel.mature_period(asked.comparison_query)
    assert (before.start, before.end) == (found.start - 2 * day, found.start)


def test_no_user_is_new_before_the_data_begins() -> None:
    asked = replace(query(frames(), WINDOW), now=at("2026-10-21 00:00"))
    moved = funnel.mature_period(asked)
    begins = moved.first_day + timedelta(days=3)
    for known in (
        replace(asked, data_begins=begins),
        replace(asked, new_users_begin=begins),
    ):
        found = funnel.mature_period(known)
        assert (found.first_day, found.end) == (begins, moved.end)


def test_no_users_give_five_empty_steps() -> None:
    assert reached() == [0, 0, 0, 0, 0]
    assert (
        one(plan_of(funnel.steps, frames(), WINDOW, now=LATER).head(1))["share_of_new"]
        is None
    )
