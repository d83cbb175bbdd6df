"""Users and rooms that come back."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import returning
from metrics.constants import START_DATE
from metrics.frames import Frames
from metrics.query import SharedPlans
from metrics.returning import COUNTS
from tests.metrics.building import (
    Row,
    answer,
    column,
    days,
    estimation,
    frames,
    plan_of,
    quick,
)

MONDAY = date(2026, 11, 2)
TODAY = MONDAY + timedelta(days=70)


def counts(rows: Frames, name: str) -> dict[date, int]:
    frame = returning.legacy(SharedPlans(rows), MONDAY, TODAY).collect()
    return dict(zip(frame["date"].to_list(), frame[name].to_list(), strict=True))


def test_a_user_is_reoccurring_from_the_second_day_on() -> None:
    rows = frames(estimation("a", "2026-11-02 09:00"), estimation("a", "2026-11-05"))
    users = counts(rows, "reoccurring_users")
    assert users[date(2026, 11, 4)] == 0
    assert users[date(2026, 11, 5)] == 1
    assert users[TODAY] == 1


def test_two_votes_on_one_day_are_one_day() -> None:
    rows = frames(
        estimation("a", "2026-11-02 09:00"), estimation("a", "2026-11-02 15:00")
    )
    assert counts(rows, "reoccurring_users")[TODAY] == 0


def test_second_visit_on_a_weekend_does_not_count() -> None:
    rows = frames(estimation("a", "2026-11-02 09:00"), estimation("a", "2026-11-07"))
    assert counts(rows, "reoccurring_users")[TODAY] == 0


def test_days_before_the_start_do_not_count() -> None:
    rows = frames(estimation("a", "2026-10-30"), estimation("a", "2026-11-02"))
    assert counts(rows, "reoccurring_users")[TODAY] == 0


def test_spectators_count() -> None:
    rows = frames(
        estimation("a", "2026-11-02", None, spectator=True),
        estimation("a", "2026-11-03", None, spectator=True),
    )
    assert counts(rows, "reoccurring_users")[TODAY] == 1


def test_a_room_is_reoccurring_regardless_of_its_users() -> None:
    rows = frames(
        estimation("a", "2026-11-02", room=7), estimation("b", "2026-11-03", room=7)
    )
    assert counts(rows, "reoccurring_rooms")[TODAY] == 1
    assert counts(rows, "reoccurring_users")[TODAY] == 0


def test_adjusted_lasts_30_calendar_days_after_the_last_day() -> None:
    rows = frames(estimation("a", "2026-11-02"), estimation("a", "2026-11-04"))
    adjusted = counts(rows, "adjusted_reoccurring_users")
    assert adjusted[date(2026, 12, 4)] == 1
    assert adjusted[date(2026, 12, 7)] == 0


def test_adjusted_users_that_return_count_again() -> None:
    rows = frames(
        estimation("a", "2026-11-02"),
        estimation("a", "2026-11-03"),
        estimation("a", "2026-12-18"),
    )
    adjusted = counts(rows, "adjusted_reoccurring_users")
    assert adjusted[date(2026, 12, 17)] == 0
    assert adjusted[date(2026, 12, 18)] == 1
    assert counts(rows, "reoccurring_users")[TODAY] == 1


def test_a_second_day_after_a_long_absence_counts_once() -> None:
    rows = frames(estimation("a", "2026-11-02"), estimation("a", "2026-12-18"))
    assert counts(rows, "adjusted_reoccurring_users")[date(2026, 12, 18)] == 1


def test_only_monday_to_friday_are_listed() -> None:
    plan = returning.legacy(SharedPlans(Frames.empty()), MONDAY, date(2026, 11, 9))
    assert column(plan, "date") == [
        *(date(2026, 11, day) for day in range(2, 7)),
        date(2026, 11, 9),
    ]


def test_a_series_shows_the_state_at_the_end_of_each_bucket() -> None:
    rows = frames(estimation("a", "2026-11-02"), estimation("a", "2026-11-12"))
    plan = plan_of(returning.series, rows, days("2026-11-02", "2026-11-15"), "week")
    assert answer(plan.select("bucket", "reoccurring_users")) == [
        {"bucket": date(2026, 11, 2), "reoccurring_users": 0},
        {"bucket": date(2026, 11, 9), "reoccurring_users": 1},
    ]


def test_a_series_repeats_the_state_of_friday_at_the_weekend() -> None:
    rows = frames(estimation("a", "2026-11-02"), estimation("a", "2026-11-06"))
    plan = plan_of(returning.series, rows, days("2026-11-05", "2026-11-08"), "day")
    assert column(plan, "reoccurring_users") == [0, 1, 1, 1]


@pytest.mark.parametrize("since", ["2024-05-25", "2024-06-03", "2024-06-10"])
def test_a_day_has_the_same_state_wherever_the_period_begins(since: str) -> None:
    """Participations before 3 June 2024 never count, also where a period has them."""
    times = ("2024-05-27", "2024-05-28", "2024-06-04", "2024-06-10")
    rows = frames(*(estimation("a", time) for time in times))
    found = plan_of(returning.series, rows, days(since, "2024-06-14"), "day")
    for day, *states in found.select("bucket", *COUNTS).collect().iter_rows():
        assert states == [int(day >= date(2024, 6, 10))] * 4


def test_a_series_before_the_start_of_counting_is_0() -> None:
    first = (START_DATE - timedelta(days=9)).isoformat()
    rows = frames(estimation("a", "2024-05-20"), estimation("a", "2024-05-21"))
    plan = plan_of(returning.series, rows, days(first, first), "day")
    assert column(plan, "reoccurring_users") == [0]


ROWS = st.lists(
    st.builds(
        lambda who, day: estimation(who, (MONDAY + timedelta(days=day)).isoformat()),
        st.sampled_from("abc"),
        st.integers(0, 70),
    ),
    max_size=12,
)


@quick
@given(ROWS)
def test_neighbours_in_one_sort_count_as_the_definition_does(rows: list[Row]) -> None:
    seen: dict[object, set[date]] = {}
    for row in rows:
        day = date.fromisoformat(str(row.values["estimated_at"])[:10])
        if day.weekday() < 5:
            seen.setdefault(row.values["user_id"], set()).add(day)
    frame = returning.legacy(SharedPlans(frames(*rows)), MONDAY, TODAY).collect()
    for day, total, adjusted in frame.select(
        "date", "reoccurring_users", "adjusted_reoccurring_users"
    ).rows():
        past = [sorted(d for d in dates if d <= day) for dates in seen.values()]
        came_back = [dates for dates in past if len(dates) > 1]
        assert total == len(came_back)
        assert adjusted == sum((day - dates[-1]).days <= 30 for dates in came_back)
    assert frame.schema["date"] == pl.Date
