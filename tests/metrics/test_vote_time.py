from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics import vote_time
from metrics.frames import Period
from tests.metrics.building import Row, days, frames, one, plan_of, unestimated, vote

DAY = days("2026-11-03", "2026-11-03")


def vote_rows(*ends: str, duration: int = 60, room: int = 1) -> list[Row]:
    return [vote(f"2026-11-03 {end}", duration=duration, room=room) for end in ends]


def totals(*rows: Row) -> dict[str, object]:
    return one(plan_of(vote_time.totals, frames(*rows), DAY))


def test_votes_59_minutes_apart_are_one_meeting_60_are_two() -> None:
    assert totals(*vote_rows("09:00:00", "09:59:59"))["meetings"] == 1
    assert totals(*vote_rows("09:00:00", "10:00:00"))["meetings"] == 2


def test_meetings_of_different_rooms_are_different() -> None:
    assert totals(*vote_rows("09:00"), *vote_rows("09:05", room=2))["meetings"] == 2


def test_talk_is_the_time_from_an_end_to_the_next_start() -> None:
    """Twenty-one votes of a minute, every three minutes: two minutes of talk."""
    ends = [f"09:{minute:02}" for minute in range(0, 60, 3)] + ["10:00"]
    found = totals(*vote_rows(*ends))
    assert found["talks"] == 20
    assert found["talk_median_seconds"] == 120


def test_a_clock_that_started_before_the_last_end_gives_no_negative_talk() -> None:
    ends = [f"09:{minute:02}" for minute in range(21)]
    found = totals(*vote_rows(*ends, duration=300))
    assert found["talk_median_seconds"] == 0


def test_votes_per_hour_count_from_the_first_start_to_the_last_end() -> None:
    ends = [f"09:{minute:02}" for minute in range(1, 61, 3)]
    found = totals(*vote_rows(*ends))
    assert found["rounds_per_meeting_hour"] == pytest.approx(20 / (58 / 60))


def test_the_first_votes_idle_clock_counts_an_hour_at_most() -> None:
    ends = [f"10:{minute:02}" for minute in range(1, 39, 2)]
    first = vote("2026-11-03 10:00", duration=30_000)
    found = totals(first, *vote_rows(*ends))
    assert found["rounds_per_meeting_hour"] == pytest.approx(20 / (1 + 37 / 60))


def test_median_p90_and_votes_above_an_hour() -> None:
    rows = [vote("2026-11-03 09:00", duration=n) for n in range(1, 21)]
    rows += [vote("2026-11-03 09:00", duration=3600)]
    rows += [vote("2026-11-03 09:00", duration=3601)] * 4
    found = totals(*rows)
    assert found["rounds_with_estimate"] == 25
    assert found["duration_median_seconds"] == 13
    assert found["duration_p90_seconds"] == 3601
    assert (found["long_rounds"], found["long_share"]) == (4, 4 / 25)


def test_empty_votes_are_left_out() -> None:
    assert totals(unestimated("2026-11-03 09:00"))["rounds_with_estimate"] == 0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_weeks_add_up_to_their_period_where_a_meeting_crosses_midnight(
    zone: str,
) -> None:
    """It counts in the week of its first vote: as a period of its own as well."""
    ahead = timedelta(hours=1 if zone == "Europe/Berlin" else 0)
    rows = [
        vote(f"{datetime(2026, 11, day, hour, minute) - ahead}", duration=300)
        for day, hour, minute in ((8, 23, 50), (9, 0, 10), (9, 0, 30), (9, 9, 0))
    ]
    both, *weeks = (
        Period.of_days(date(2026, 11, first), date(2026, 11, last), ZoneInfo(zone))
        for first, last in ((2, 15), (2, 8), (9, 15))
    )
    line = plan_of(vote_time.over_time, frames(*rows), both, "week").collect()
    names = ("rounds_with_estimate", "meetings", "talks", "talk_median_seconds")
    alone = [one(plan_of(vote_time.totals, frames(*rows), week)) for week in weeks]
    for name, expected in zip(
        names, ((1, 3), (1, 1), (0, 2), (None, 900)), strict=True
    ):
        assert tuple(line[name]) == expected, name
        assert tuple(week[name] for week in alone) == expected, name


def test_the_median_of_each_half_is_in_all_of_its_buckets() -> None:
    """Three weeks: the second half begins with the second one."""
    rows = [
        vote(f"2026-11-{day:02} 09:{minute:02}", room=room, duration=seconds)
        for day, seconds in ((3, 10), (10, 40), (17, 60))
        for room in range(6)
        for minute in range(4)
    ]
    period = days("2026-11-02", "2026-11-22")
    line = plan_of(vote_time.over_time, frames(*rows), period, "week").collect()
    half = "duration_median_seconds_of_half"
    found = line.select("duration_median_seconds", "half", half, f"{half}_low").rows()
    assert found == [
        (10.0, "first", 10.0, 10),
        (40.0, "second", 50.0, 40),
        (60.0, "second", 50.0, 40),
    ]
