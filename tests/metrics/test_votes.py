"""Votes: averages, weekdays, hours, sizes and spread."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import consensus, convergence, tables, votes
from metrics.card_scale import SCALE
from metrics.frames import Frames, Period
from metrics.meetings import meetings
from metrics.query import Plan
from metrics.registry import plan
from tests.metrics.building import (
    answer,
    at,
    column,
    days,
    estimation,
    executed,
    frames,
    one,
    plan_of,
    query,
    quick,
    unestimated,
    vote,
)
from tests.metrics.oracle import statistics

WEEK = days("2026-11-02", "2026-11-08")
VOTES = (
    vote("2026-11-02 09:00", amount=2, duration=10, average="4.00"),
    vote("2026-11-02 10:00", amount=4, duration=40, average="5.50", flip=True),
)
COUNTS = {
    "votes": 0,
    "rounds_with_estimate": 0,
    "rounds_without_estimate": 0,
    "estimations": 0,
}


def test_figures_of_two_votes() -> None:
    assert one(plan_of(votes.totals, frames(*VOTES))) == {
        "votes": 2,
        "rounds_with_estimate": 2,
        "rounds_without_estimate": 0,
        "estimations": 6,
        "estimations_per_vote": 3.0,
        "estimations_per_vote_median": 3.0,
        "spectators_per_vote": 0.0,
        "spectators_per_vote_median": 0.0,
        "avg_estimation": 4.75,
        "avg_estimation_median": 4.75,
        "avg_min_estimation": 3.0,
        "avg_min_estimation_median": 3.0,
        "avg_max_estimation": 5.0,
        "avg_max_estimation_median": 5.0,
        "duration_mean_seconds": 25.0,
        "duration_median_seconds": 25.0,
        "duration_p90_seconds": 37.0,
        "auto_flip_share": 0.5,
    }


def test_a_vote_without_estimations_counts_and_changes_no_average() -> None:
    without = one(plan_of(votes.totals, frames(*VOTES)))
    with_one = one(
        plan_of(votes.totals, frames(*VOTES, unestimated("2026-11-02 11:00")))
    )
    assert with_one == without | {"votes": 3, "rounds_without_estimate": 1}


def test_without_votes_counts_are_0_and_averages_null() -> None:
    totals = one(plan_of(votes.totals, Frames.empty()))
    assert totals == dict.fromkeys(totals) | COUNTS
    (bucket,) = answer(plan_of(votes.over_time, Frames.empty(), WEEK, "week"))
    assert bucket == totals | {"bucket": date(2026, 11, 2), "cut": None}


def test_only_votes_without_estimations_leave_the_averages_empty() -> None:
    totals = one(plan_of(votes.totals, frames(unestimated("2026-11-02 11:00"))))
    assert totals == dict.fromkeys(totals) | COUNTS | {
        "votes": 1,
        "rounds_without_estimate": 1,
    }


def test_the_reference_keeps_votes_without_estimations() -> None:
    rows = frames(
        vote("2026-11-02 09:00", duration=30), unestimated("2026-11-02 11:00")
    )
    assert one(votes.legacy(rows)) == {
        "total_votes": 2,
        "total_estimations": 2,
        "avg_estimations_per_vote": 1.0,
        "avg_spectators_per_vote": 0.0,
        "avg_duration_per_vote": round((30 + 9999) / 120, 2),
        "avg_estimation": 2.0,
        "avg_min_estimation": 12.0,
        "avg_max_estimation": 3.0,
    }


def test_the_reference_answers_0_without_votes() -> None:
    got = one(votes.legacy(Frames.empty()))
    assert set(got.values()) == {0}
    assert answer(votes.legacy_weekdays(Frames.empty())) == []
    assert answer(votes.legacy_estimations(Frames.empty())) == []


def test_averages_are_computed_per_bucket() -> None:
    rows = frames(
        vote("2026-11-02 09:00", amount=2),
        vote("2026-11-03 09:00", amount=4),
        vote("2026-11-03 10:00", amount=6),
    )
    period = days("2026-11-02", "2026-11-03")
    per = "estimations_per_vote"
    assert column(plan_of(votes.over_time, rows, period, "day"), per) == [2.0, 5.0]
    assert column(plan_of(votes.over_time, rows, period, "week"), per) == [4.0]


def test_the_reference_lists_weekdays_that_have_votes_monday_first() -> None:
    rows = frames(
        vote("2026-11-08 09:00"), vote("2026-11-02 09:00"), vote("2026-11-09 09:00")
    )
    assert answer(votes.legacy_weekdays(rows)) == [
        {"weekday_name": "Monday", "votes": 2},
        {"weekday_name": "Sunday", "votes": 1},
    ]


def test_votes_per_weekday_are_divided_by_the_days_of_the_window() -> None:
    rows = frames(vote("2026-11-02 09:00"), vote("2026-11-09 09:00"))
    table = answer(plan_of(votes.by_weekday, rows, days("2026-11-02", "2026-11-09")))
    assert table[:2] == [
        {
            "weekday": 1,
            "weekday_name": "Monday",
            "votes": 2,
            "share": 1.0,
            "days": 2,
            "votes_per_day": 1.0,
            "votes_per_day_verdict": None,
        },
        {
            "weekday": 2,
            "weekday_name": "Tuesday",
            "votes": 0,
            "share": 0.0,
            "days": 1,
            "votes_per_day": 0.0,
            "votes_per_day_verdict": None,
        },
    ]
    assert [row["weekday"] for row in table] == list(range(1, 8))


@pytest.mark.parametrize(
    ("since", "begins"),
    [
        ("2026-10-01", {"data_begins": date(2026, 11, 2)}),
        ("2026-11-02", {"data_begins": date(2026, 11, 2)}),
        ("2026-10-01", {"later_begins": {tables.VOTES.name: date(2026, 11, 2)}}),
    ],
)
def test_days_before_the_data_and_its_first_one_are_no_days_of_a_mean(
    since: str, begins: dict[str, Any]
) -> None:
    """Before the first row, the first day may lack its morning; Mondays had none."""
    rows = frames(
        vote("2026-11-02 17:00"), *(vote(f"2026-11-{day:02} 09:00") for day in (3, 9))
    )
    period = days(since, "2026-11-10")
    asked = replace(query(rows, period), **begins)
    table = executed(plan("votes_by_weekday", asked))
    assert table["votes"].to_list()[:3] == [2, 1, 0]
    assert table["days"].to_list() == [1, 2, 1, 1, 1, 1, 1]
    assert table["votes_per_day"].to_list()[:3] == [1.0, 0.5, 0.0]
    hours = executed(plan("votes_by_weekday_and_hour", asked))
    mondays = {hour: hours.filter(weekday=1, hour=hour) for hour in (9, 17)}
    assert mondays[9]["votes_per_day"].to_list() == [1.0]
    # Five in the afternoon of the first day counts, but as no Monday of a mean.
    assert mondays[17].select("votes", "votes_per_day").row(0) == (1, 0.0)


def test_hours_before_the_first_row_of_the_data_are_not_called_quiet() -> None:
    """Forty rooms vote at each hour; the data begins on Monday at 17:00."""
    held = [
        vote(f"2026-11-0{day} {hour:02}:00", room=room)
        for room in range(40)
        for day in range(2, 4)
        for hour in range(17 if day == 2 else 0, 24)
    ]
    asked = query(frames(*held), days("2026-11-02", "2026-11-03"))
    judged = executed(
        plan("votes_by_weekday_and_hour", replace(asked, data_begins=date(2026, 11, 2)))
    )
    assert {*judged["hour_verdict"]} == {"no clear difference"}
    # Of data that begins on the only day there is nothing else to go by.
    first = replace(
        query(frames(*held), days("2026-11-02", "2026-11-02")),
        data_begins=date(2026, 11, 2),
    )
    cells = executed(plan("votes_by_weekday_and_hour", first))
    assert cells.filter(weekday=1, hour=17)["votes_per_day"].to_list() == [40.0]


def test_a_weekday_outside_the_window_has_no_votes_per_day() -> None:
    rows = frames(vote("2026-11-02 09:00"), vote("2026-11-03 09:00"))
    table = answer(plan_of(votes.by_weekday, rows, days("2026-11-02", "2026-11-02")))
    assert [row["votes_per_day"] for row in table] == [1.0] + [None] * 6


def test_all_168_hours_of_the_week_are_there_in_order() -> None:
    rows = frames(vote("2026-11-03 23:59:59"))
    table = answer(plan_of(votes.by_weekday_and_hour, rows, WEEK))
    assert [(row["weekday"], row["hour"]) for row in table] == [
        (day, hour) for day in range(1, 8) for hour in range(24)
    ]
    assert [row for row in table if row["votes"]] == [
        {
            "weekday": 2,
            "weekday_name": "Tuesday",
            "hour": 23,
            "votes": 1,
            "votes_per_day": 1.0,
            "hour_verdict": None,
        }
    ]


def test_estimates_list_the_whole_scale_and_other_values() -> None:
    rows = frames(
        estimation("a", "2026-11-02 09:00", 5),
        estimation("b", "2026-11-02 09:00", 4),
        estimation("c", "2026-11-02 09:00", None, spectator=True),
    )
    table = answer(plan_of(votes.estimations_by_card, rows))
    assert {row["estimation"]: row["count"] for row in table} == {
        1: 0,
        2: 0,
        3: 0,
        4: 1,
        5: 1,
        8: 0,
        13: 0,
        21: 0,
    }
    assert [row["share"] for row in table if row["count"]] == [0.5, 0.5]


def test_a_card_on_the_row_of_a_spectator_is_no_estimation() -> None:
    """The replaced service counts it."""
    rows = frames(
        estimation("a", "2026-11-02 09:00", 5),
        estimation("b", "2026-11-02 09:00", 5, spectator=True),
    )
    cards = plan_of(votes.estimations_by_card, rows).filter(pl.col("count") > 0)
    assert cards.select("estimation", "count").collect().rows() == [(5, 1)]
    assert answer(votes.legacy_estimations(rows)) == [{"estimation": 5, "count": 2}]


def test_without_estimations_no_card_has_a_share() -> None:
    table = answer(plan_of(votes.estimations_by_card, Frames.empty()))
    assert [(row["estimation"], row["count"], row["share"]) for row in table] == [
        (value, 0, None) for value in SCALE
    ]


def test_durations_leave_out_votes_without_estimations() -> None:
    rows = frames(
        vote("2026-11-02 09:00", duration=15), unestimated("2026-11-02 11:00")
    )
    table = answer(plan_of(votes.durations, rows))
    assert [row["votes"] for row in table] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert table[1] == {"order": 2, "length": "15–30 s", "votes": 1, "share": 1.0}


def test_team_sizes_count_estimators() -> None:
    rows = frames(
        vote("2026-11-02 09:00", amount=4),
        vote("2026-11-02 10:00", amount=1),
        vote("2026-11-02 11:00", amount=4, spectators=3),
        unestimated("2026-11-02 12:00"),
    )
    assert answer(plan_of(votes.team_sizes, rows)) == [
        {"estimators": 1, "votes": 1, "share": 1 / 3},
        {"estimators": 4, "votes": 2, "share": 2 / 3},
    ]


@pytest.mark.parametrize(
    ("low", "high", "steps"), [(3, 3, 0), (13, 21, 1), (1, 21, 6), (2, 8, 3)]
)
def test_spread_counts_places_on_the_scale(low: int, high: int, steps: int) -> None:
    table = answer(
        plan_of(votes.spread, frames(vote("2026-11-02 09:00", low=low, high=high)))
    )
    assert [row["steps"] for row in table] == list(range(7))
    assert [row["votes"] for row in table] == [int(n == steps) for n in range(7)]


@pytest.mark.parametrize(("low", "high"), [(0, 21), (-5, 10**9), (2, 2), (4, 100)])
def test_no_vote_with_cards_off_the_scale_is_missing_from_the_spread(
    low: int, high: int
) -> None:
    odd = vote("2026-11-02 09:00", low=low, high=high)
    table = executed(plan_of(votes.spread, frames(odd, *VOTES)))
    assert table["votes"].sum() == 3
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("name", ["spread", "consensus", "convergence", "meetings"])
@pytest.mark.parametrize(("low", "high"), [(13, 2), (21, 1), (2, -7), (9, 8)])
def test_a_highest_card_below_the_lowest_makes_no_spread(
    name: str, low: int, high: int
) -> None:
    """Neither a negative one nor one of 0, which would be consensus."""
    good = (
        *(vote(f"2026-11-02 09:0{n}", low=1, high=8) for n in (0, 3)),
        *(vote(f"2026-11-02 09:{n}") for n in range(10, 30)),
    )
    odd = vote("2026-11-02 09:05", low=low, high=high)
    played = (
        estimation(who, f"2026-11-02 09:{minute}")
        for who in "ab"
        for minute in ("00", "03", "05")
    )
    build: Mapping[str, Callable[[Frames], Plan]] = {
        "spread": lambda rows: plan_of(votes.spread, rows),
        "consensus": lambda rows: plan_of(consensus.totals, rows),
        "convergence": lambda rows: plan_of(convergence.totals, rows),
        "meetings": lambda rows: meetings(rows).select("wide_votes"),
    }
    both = (*good, *played)
    assert answer(build[name](frames(*both, odd))) == answer(build[name](frames(*both)))


def test_a_row_of_votes_says_no_spread_that_its_cards_contradict() -> None:
    (row,) = answer(
        plan_of(votes.newest_first, frames(vote("2026-11-02 09:00", low=13, high=2)))
    )
    assert (row["min_estimation"], row["max_estimation"], row["steps"]) == (13, 2, None)


def test_spread_needs_two_estimations() -> None:
    rows = frames(
        vote("2026-11-02 09:00", amount=1, low=3, high=3),
        unestimated("2026-11-02 11:00"),
    )
    assert column(plan_of(votes.spread, rows), "votes") == [0] * 7
    assert column(plan_of(votes.spread, rows), "share") == [None] * 7


def test_weekdays_and_hours_are_judged_by_rooms() -> None:
    """Ten rooms of different sizes, more of whose votes are on Mondays at nine."""
    sizes = [3 + room for room in range(10)]
    times = [
        (room, *((2, 9) if vote_number % 3 else (3 + room % 3, 12)))
        for room, size in enumerate(sizes)
        for vote_number in range(size)
    ]
    rows = frames(*(vote(f"2026-11-{d:02} {h:02}:00", room=r) for r, d, h in times))

    def by_hand(cells: list[int], kinds: int) -> list[str | None]:
        """Judge the places that votes are at, in the order of `times`."""
        part, whole = 1 / kinds, len(times)
        of_rooms: dict[int, Counter[int]] = {}
        for (room, *_), cell in zip(times, cells, strict=True):
            of_rooms.setdefault(room, Counter())[cell] += 1
        off = sum(
            (of_room[cell] - of_room.total() * part) ** 2
            for of_room in of_rooms.values()
            for cell in range(kinds)
        )
        # Were each room one vote, this would be their number.
        rooms = whole**2 * (1 - part) / off
        shares = [cells.count(cell) / whole for cell in range(kinds)]
        above = {n: found - part for n, found in enumerate(shares)}
        ps: dict[Hashable, float] = {}
        for n, found in enumerate(shares):
            t = above[n] / math.sqrt(part * (1 - part) / rooms)
            arcs = math.asin(math.sqrt(found)) - math.asin(math.sqrt(part))
            if found > part:
                t = min(t, 2 * math.sqrt(rooms) * arcs)
            ps[n] = statistics.two_sided(t, rooms)
        corrected = statistics.corrected(ps, kinds)
        return [statistics.verdict(corrected[n], each) for n, each in above.items()]

    per_day = [day - 2 for _, day, _ in times]
    weekdays = column(plan_of(votes.by_weekday, rows, WEEK), "votes_per_day_verdict")
    assert weekdays == by_hand(per_day, 7)
    per_hour = [hour for *_, hour in times]
    cells = plan_of(votes.by_weekday_and_hour, rows, WEEK).collect()
    first_day = cells.head(24)["hour_verdict"].to_list()
    assert first_day == by_hand(per_hour, 24)
    assert {"higher", "no clear difference"} <= {*weekdays} | {*first_day}


def test_a_few_rooms_on_one_weekday_are_nothing_rare() -> None:
    """Nine of 24 rooms: of seven weekdays, one often has so many."""
    dates = [2] * 9 + [3 + room % 6 for room in range(15)]
    rows = frames(
        *(vote(f"2026-11-{d:02} 09:00", room=room) for room, d in enumerate(dates))
    )
    judged = column(plan_of(votes.by_weekday, rows, WEEK), "votes_per_day_verdict")
    assert {*judged} == {"no clear difference"}


def test_of_few_rooms_no_weekday_or_hour_is_judged() -> None:
    """Each votes on working days only: what others would do is not known."""
    held = [
        vote(f"2026-11-0{day} {hour:02}:00", room=room)
        for room in range(5)
        for day in range(2, 7)
        for hour in range(8, 18)
    ]
    weekdays = plan_of(votes.by_weekday, frames(*held), WEEK)
    assert {*column(weekdays, "votes_per_day_verdict")} == {None}
    hours = plan_of(votes.by_weekday_and_hour, frames(*held), WEEK)
    assert {*column(hours, "hour_verdict")} == {None}


def test_time_that_is_still_to_come_is_not_called_quiet() -> None:
    """Forty rooms vote at each hour; Thursday has begun, and ends at nine."""
    held = [
        vote(f"2026-11-0{day} {hour:02}:00", room=room)
        for room in range(40)
        for day in range(2, 6)
        for hour in range(24 if day < 5 else 9)
    ]
    period = Period(at("2026-11-02 00:00"), at("2026-11-05 09:00"))
    weekdays = plan_of(votes.by_weekday, frames(*held), period)
    judged = column(weekdays, "votes_per_day_verdict")
    assert judged == ["no clear difference"] * 3 + [None] * 4
    # Nor is a first day called quiet of which half is in the period.
    since_noon = Period(at("2026-11-02 12:00"), at("2026-11-05 00:00"))
    weekdays = plan_of(votes.by_weekday, frames(*held), since_noon)
    judged = column(weekdays, "votes_per_day_verdict")
    assert judged == [None, *(["no clear difference"] * 2), *([None] * 4)]
    today = Period(at("2026-11-05 00:00"), at("2026-11-05 09:00"))
    for asked in (period, today):
        hours = plan_of(votes.by_weekday_and_hour, frames(*held), asked).collect()
        assert "lower" not in hours["hour_verdict"].to_list()
        assert "higher" not in hours["hour_verdict"].to_list()


def test_a_day_that_the_period_cuts_makes_no_average_smaller() -> None:
    """Three Thursdays with a vote in every hour, of which the last ends at nine."""
    held = [
        vote(f"2026-11-{day:02} {hour:02}:30", room=room)
        for room in range(10)
        for day in (5, 12, 19)
        for hour in range(24 if day < 19 else 9)
    ]
    period = Period(at("2026-11-02 00:00"), at("2026-11-19 09:00"))
    weekdays = plan_of(votes.by_weekday, frames(*held), period).collect()
    assert weekdays["days"].to_list() == [3, 3, 3, 2, 2, 2, 2]
    assert weekdays["votes_per_day"].to_list() == [0, 0, 0, 240, 0, 0, 0]
    assert votes.busiest_weekday(weekdays) == (
        "Thursdays (240.0 votes a day) are busier than the average day (28.2)."
    )
    cells = plan_of(votes.by_weekday_and_hour, frames(*held), period).collect()
    thursdays = cells.filter(pl.col("weekday") == 4)
    assert thursdays["votes_per_day"].to_list() == [10] * 24
    # Of today nothing is known that is still to come.
    today = Period(at("2026-11-19 00:00"), at("2026-11-19 09:00"))
    cells = plan_of(votes.by_weekday_and_hour, frames(*held), today).collect()
    thursdays = cells.filter(pl.col("weekday") == 4)
    assert thursdays["votes_per_day"].to_list() == [10] * 9 + [None] * 15
    weekdays = plan_of(votes.by_weekday, frames(*held), today).collect()
    assert weekdays["votes_per_day"].to_list() == [None] * 7


@quick
@given(
    st.sampled_from(
        [
            *(
                ("Europe/Berlin", date(2026, 3, 28)),
                ("Europe/Berlin", date(2026, 10, 24)),
            ),
            *(
                ("Africa/Cairo", date(2026, 4, 23)),
                ("Africa/Cairo", date(2026, 10, 28)),
            ),
            ("Australia/Lord_Howe", date(2026, 4, 3)),
            ("Australia/Lord_Howe", date(2026, 10, 3)),
            ("UTC", date(2026, 11, 19)),
        ]
    ),
    st.integers(0, 47),
    st.integers(0, 240),
)
def test_hours_of_a_period_are_those_that_clocks_show_in_it(
    day: tuple[str, date], hours: int, quarters: int
) -> None:
    name, first = day
    zone, quarter = ZoneInfo(name), timedelta(minutes=15)
    start = datetime.combine(first, time(0)) + timedelta(hours=hours)
    period = Period(start, start + quarters * quarter, zone)
    shown = [0.0] * 24
    for number in range(quarters):
        moment = (start + number * quarter).replace(tzinfo=UTC)
        shown[moment.astimezone(zone).hour] += 0.25
    assert votes._hours_inside(period) == pytest.approx(shown)


def test_without_a_vote_no_weekday_or_hour_is_judged() -> None:
    weekdays = plan_of(votes.by_weekday, frames(), WEEK)
    assert {*column(weekdays, "votes_per_day_verdict")} == {None}
    hours = plan_of(votes.by_weekday_and_hour, frames(), WEEK)
    assert {*column(hours, "hour_verdict")} == {None}
