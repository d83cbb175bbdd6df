"""What needs attention: late data, today and lately unusual counts, quiet rooms."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics import attention
from metrics.expressions import MINIMUM_SAMPLE
from metrics.frames import Frames
from metrics.query import SharedPlans
from metrics.time_zone import UTC_ZONE
from tests.metrics.building import (
    Row,
    at,
    executed,
    frames,
    quick,
    room,
    user,
    view,
    vote,
)

NOW = at("2026-11-19 14:30")
"""A Thursday."""
INTERVAL = 600
AUCKLAND = ZoneInfo("Pacific/Auckland")
WEEKS = timedelta(weeks=1)


def findings(
    rows: Frames, until: datetime = NOW, now: datetime = NOW
) -> list[attention.Finding]:
    plans = attention.plans(SharedPlans(rows), min(now, until))
    answers = {name: executed(plan) for name, plan in plans.items()}
    return attention.findings(answers, now, until, INTERVAL)


def today(
    rows: Frames, measure: str, now: datetime = NOW, zone: ZoneInfo = UTC_ZONE
) -> dict[str, object]:
    table = executed(attention.today(SharedPlans(rows), now, zone))
    return table.row(by_predicate=pl.col("measure") == measure, named=True)


def thursdays(votes: int, weeks: range = range(1, 10)) -> list[Row]:
    return [
        vote(f"{NOW - n * WEEKS - timedelta(minutes=m + 1)}")
        for n in weeks
        for m in range(votes)
    ]


def test_today_counts_up_to_the_same_time_of_the_same_weekday() -> None:
    rows = frames(
        *thursdays(4),
        vote("2026-11-19 00:00", amount=3),
        vote("2026-11-12 14:29:59"),
        vote("2026-11-12 14:30:00"),
        vote("2026-11-11 10:00"),
    )
    assert today(rows, "votes") == {
        "measure": "votes",
        "today": 1,
        "median": 4.0,
        "lowest": 4,
        "highest": 5,
        "weeks": 8,
    }


def test_today_has_all_of_an_hour_that_the_clocks_repeat() -> None:
    """In Berlin it is 02:10 again, and 02:45 has been."""
    rows = frames(vote("2026-10-25 00:45"), vote("2026-10-18 00:45"))
    now, berlin = at("2026-10-25 01:10"), ZoneInfo("Europe/Berlin")
    assert today(rows, "votes", now, berlin)["today"] == 1


def test_days_without_rows_count_as_0_and_days_before_the_first_row_not_at_all() -> (
    None
):
    """Nor does the day of the first row, which may lack its morning."""
    rows = frames(*thursdays(2, range(1, 2)), *thursdays(3, range(6, 7)))
    row = today(rows, "votes")
    assert (row["weeks"], row["lowest"], row["highest"]) == (5, 0, 2)


def test_with_fewer_than_four_weeks_nothing_is_usual() -> None:
    row = today(frames(*thursdays(30, range(1, 5))), "votes")
    assert (row["weeks"], row["median"], row["lowest"]) == (3, None, None)


def test_every_measure_is_counted_also_without_rows() -> None:
    table = executed(attention.today(SharedPlans(Frames.empty()), NOW))
    assert table["measure"].to_list() == list(attention.MEASURES)
    assert table["today"].null_count() == table.height


def test_users_count_once() -> None:
    rows = frames(
        user("a", "2026-11-19 09:00"),
        view("a", "2026-11-19 09:00"),
        view("a", "2026-11-19 10:00"),
    )
    assert today(rows, "unique_users")["today"] == 1
    assert today(rows, "page_views")["today"] == 2
    assert today(rows, "new_users")["today"] == 1


def test_an_outage_today_is_found_and_says_where_to_look() -> None:
    (outage, *_) = findings(frames(*thursdays(60)))
    assert outage.text == "Today: 0 votes by 14:30 UTC, usually 60"
    assert (outage.kind, outage.page, outage.measure) == ("today", "votes", "votes")
    # So is one among as few as may be judged.
    fewest = findings(frames(*thursdays(MINIMUM_SAMPLE)))
    assert "Today: 0 votes by 14:30 UTC, usually 20" in {f.text for f in fewest}


def test_a_day_on_which_late_data_ends_is_not_called_today() -> None:
    rows = frames(*thursdays(60))
    late, outage, *_ = findings(rows, now=NOW + timedelta(days=3))
    assert late.kind == "data_late"
    assert outage.text == "Thu 19 Nov: 0 votes by 14:30 UTC, usually 60"
    assert (outage.query["from"], outage.query["to"]) == ("2026-11-19", "2026-11-19")


@pytest.mark.parametrize(("votes", "found"), [(49, []), (50, ["votes"])])
def test_a_usual_day_needs_no_attention(votes: int, found: list[str]) -> None:
    assert findings(frames(*thursdays(60, range(10)))) == []
    # However alike the days before were, a count is as far off as one is by chance.
    alike = frames(*thursdays(36), *thursdays(votes, range(1)))
    assert [f.measure for f in findings(alike) if f.measure == "votes"] == found


@quick
@given(st.integers(0, 19), st.integers(0, 19))
def test_small_counts_are_never_called_unusual(usual: int, now: int) -> None:
    rows = frames(*thursdays(usual), *thursdays(now, range(1)))
    assert [f for f in findings(rows) if f.measure == "votes"] == []


@pytest.mark.parametrize(
    ("behind", "text"),
    [
        (timedelta(minutes=20), None),
        (timedelta(minutes=21), "Data is 21 minutes late"),
        (timedelta(minutes=60), "Data is 1 hour late"),
        (timedelta(hours=50), "Data is 2 days late"),
    ],
)
def test_data_is_late_after_two_missed_runs(
    behind: timedelta, text: str | None
) -> None:
    found = [f for f in findings(Frames.empty(), NOW - behind) if f.page == "data"]
    assert [f.text for f in found] == ([text] if text else [])


def test_late_data_is_late_since_a_day_of_the_zone() -> None:
    until = at("2026-11-16 20:00")
    (late,) = attention.findings(
        {
            name: executed(plan)
            for name, plan in attention.plans(
                SharedPlans(Frames.empty()), until, AUCKLAND
            ).items()
        },
        NOW,
        until,
        INTERVAL,
        AUCKLAND,
    )
    assert late.day == date(2026, 11, 17)


def test_late_data_does_not_make_today_look_unusual() -> None:
    """Two hours without data are no outage of the product."""
    rows = frames(
        *(
            vote(f"{date(2026, 11, 19) - n * WEEKS} {hour}:{minute:02}")
            for n in range(10)
            for hour in (12, 13, 14)
            for minute in range(30)
            if n or hour == 12
        )
    )
    late = findings(rows, until=at("2026-11-19 12:30"))
    assert [f.kind for f in late] == ["data_late"]


@pytest.mark.parametrize(
    ("now", "zone", "name"),
    [
        (NOW, "UTC", "Today"),
        # A minute after midnight, and days later: the page's today is another day.
        (at("2026-11-20 00:01"), "UTC", "Thu 19 Nov"),
        (at("2026-11-22 09:00"), "UTC", "Thu 19 Nov"),
        (at("2026-11-20 00:01"), "America/Bogota", "Today"),
    ],
)
def test_a_count_is_of_the_day_on_which_the_data_ends(
    now: datetime, zone: str, name: str
) -> None:
    place = ZoneInfo(zone)
    plans = attention.plans(SharedPlans(frames(*thursdays(60))), NOW, place)
    answers = {name: executed(plan) for name, plan in plans.items()}
    found = attention.findings(answers, now, NOW, INTERVAL, place)
    (outage, *_) = [each for each in found if each.kind == "today"]
    assert outage.text.startswith(f"{name}: 0 votes by ")
    assert outage.day == date(2026, 11, 19)
    # Also of today: the link is followed on later days as well.
    day = {"from": "2026-11-19", "to": "2026-11-19"}
    assert outage.query == day | {"show": "votes"}
    # A simulated history is counted up to its own end, too, and never late.
    demo = attention.findings(answers, now, NOW, INTERVAL, place, due=False)
    assert demo == [each for each in found if each.kind != "data_late"]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_every_finding_says_since_when_if_that_is_known(zone: str) -> None:
    """Days are those of the zone: in Auckland the next one has begun."""
    place = ZoneInfo(zone)
    quiet = [
        vote(f"{NOW - timedelta(days=31 + day, minutes=n)}", amount=5)
        for day in range(20)
        for n in range(2)
    ]
    plans = attention.plans(SharedPlans(frames(room(1, "Phoenix"), *quiet)), NOW, place)
    answers = {name: executed(plan) for name, plan in plans.items()}
    found = attention.findings(
        answers, NOW + timedelta(hours=3), NOW, INTERVAL, place, ["fpp_events"]
    )
    day = timedelta(days=zone != "UTC")
    assert {each.kind: each.day for each in found} == {
        "table_missing": None,
        "data_late": date(2026, 11, 19) + day,
        "rooms_quiet": date(2026, 10, 19) + day,
    }
    assert all(each.expected for each in found)


def clear(rows: Frames) -> str:
    plans = attention.plans(SharedPlans(rows), NOW)
    return attention.all_clear({name: executed(plan) for name, plan in plans.items()})


def test_a_young_store_says_how_much_data_today_and_whole_days_take() -> None:
    said = clear(frames(vote("2026-11-18 09:00")))
    assert said.endswith("four weeks for today, twelve for whole days.")


@pytest.mark.parametrize("days", [82, 83, 84, 85])
def test_the_last_days_are_called_usual_where_an_unusual_one_would_be_found(
    days: int,
) -> None:
    """The first of them is the hardest to judge: least data is before it."""
    first = NOW.date() - timedelta(days=attention.DAYS)

    def history(outage: int) -> Frames:
        return frames(
            vote("1970-01-01 00:00"),  # of a clock that was wrong: no beginning
            *(
                vote(f"{first - timedelta(days=n)} 09:{minute:02}")
                for n in range(-attention.DAYS, days + 1)
                for minute in range(outage if n == 0 else 50)
            ),
        )

    found = [each.day for each in findings(history(0)) if each.kind == "unusual_day"]
    said = clear(history(50))
    assert (first in found) == (said == "Nothing unusual today or in the last 7 days.")
    assert ("twelve weeks" in said) == (first not in found)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (thursdays(1), "Usual: the last 8 Thursdays, until the same time."),
        (
            thursdays(1, range(1, 6)),
            "Usual: the last 4 Thursdays, until the same time.",
        ),
        # Page views began later than votes.
        (
            [*thursdays(1), *(view("a", f"{NOW - n * WEEKS}") for n in range(1, 6))],
            "Usual: the last 4–8 Thursdays, until the same time.",
        ),
        (
            thursdays(1, range(1, 5)),
            "Nothing is called usual before 4 Thursdays of data.",
        ),
        # Of a clock that was wrong: no beginning.
        (
            [*thursdays(1, range(1, 5)), vote("1970-01-01 00:00")],
            "Nothing is called usual before 4 Thursdays of data.",
        ),
    ],
)
def test_what_is_usual_says_of_how_many_days(rows: list[Row], said: str) -> None:
    counts = executed(attention.today(SharedPlans(frames(*rows)), NOW))
    assert attention.usual_days(counts, "Thursday") == said


def test_without_weeks_to_compare_with_nothing_is_called_usual() -> None:
    assert clear(frames(*thursdays(60, range(5)))).startswith("Too little data")
    assert clear(frames(*thursdays(60, range(6)))).startswith("Nothing unusual today.")
    assert clear(Frames.empty()).startswith("Too little data")


def test_an_unusual_day_is_named_once_with_its_week() -> None:
    gone = date(2026, 11, 17)
    rows = frames(
        *(
            vote(f"{day} 09:{minute:02}")
            for n in range(1, 90)
            if (day := NOW.date() - timedelta(days=n)) != gone
            for minute in range(50)
        ),
        *thursdays(50, range(1)),
    )
    (found,) = [f for f in findings(rows) if f.kind == "unusual_day"]
    assert found.text.startswith("Tue 17 Nov: 0 ")
    assert found.query["from"] == "2026-11-11"
    assert found.query["to"] == "2026-11-17"


def test_rooms_that_have_gone_quiet_are_counted() -> None:
    lively = [
        vote(f"{NOW - timedelta(days=30 + day, minutes=n)}", amount=5)
        for day in range(20)
        for n in range(2)
    ]
    found = findings(frames(room(1, "Phoenix"), *lively))
    assert [f.text for f in found if f.kind == "rooms_quiet"] == [
        "1 healthy room has gone quiet"
    ]
    # Of a deleted one there is nothing to ask.
    found = findings(frames(room(2, "Another"), *lively))
    assert [f.text for f in found if f.kind == "rooms_quiet"] == []


@quick
@given(
    st.sampled_from(["Pacific/Kiritimati", "America/Bogota", "Asia/Kathmandu"]),
    st.lists(st.integers(0, 70 * 24 * 60), max_size=60),
)
def test_days_are_those_of_the_zone(zone_name: str, minutes: list[int]) -> None:
    """Where clocks never change, a zone is UTC moved by its offset."""
    zone = ZoneInfo(zone_name)
    ahead = NOW.replace(tzinfo=zone).utcoffset() or timedelta()
    times = [NOW - timedelta(minutes=each) for each in minutes]
    there = frames(*(vote(f"{time}", amount=9) for time in times))
    moved = frames(*(vote(f"{time + ahead}", amount=9) for time in times))
    now, later = (
        attention.plans(SharedPlans(there), NOW, zone),
        attention.plans(SharedPlans(moved), NOW + ahead),
    )
    for name in ("today", "unusual_days"):
        assert_frame_equal(executed(now[name]), executed(later[name]))
    texts = [
        [
            finding.text.replace(f" {place.key},", "")
            for finding in attention.findings(
                {name: executed(plan) for name, plan in asked.items()},
                until,
                until,
                INTERVAL,
                place,
            )
            if finding.kind != "rooms_quiet"
        ]
        for asked, until, place in (
            (now, NOW, zone),
            (later, NOW + ahead, UTC_ZONE),
        )
    ]
    assert texts[0] == texts[1]


def test_negative_sums_of_damaged_rows_fail_nothing() -> None:
    amounts = [40, *[50, -30] * 5]
    rows = [
        vote(f"{NOW - n * WEEKS - timedelta(minutes=1)}", amount=amount)
        for n, amount in enumerate(amounts)
    ]
    assert [each.kind for each in findings(frames(*rows))] == []
    # Every day of four months: that one is unusual, and no day after it.
    every_day = [
        vote(f"{NOW - n * WEEKS / 7}", amount=-900 if n == 5 else 40 + n % 3)
        for n in range(130)
    ]
    days = [each.day for each in findings(frames(*every_day)) if each.day]
    assert days == [date(2026, 11, 14)]


def test_rooms_are_quiet_since_the_last_vote_of_any_of_them() -> None:
    last = [at("2026-10-20 09:00"), at("2026-10-23 09:00"), at("2026-10-21 09:00")]
    rooms = pl.DataFrame({"last_round_at": last})
    (found,) = attention._quiet(rooms, ZoneInfo("UTC"), {})
    assert (found.day, found.value) == (date(2026, 10, 23), 3)


def test_a_day_is_named_with_the_measure_that_is_furthest_off() -> None:
    """Beside its own range: large counts are off by more."""
    day = date(2026, 11, 18)
    rows = [(day, "page_views", 400, 900, 1600), (day, "votes", 4, 16, 25)]
    schema = ["bucket", "measure", "value", "expected", "high"]
    days = pl.DataFrame(rows, schema, orient="row").with_columns(low=9)
    (found,) = attention._unusual_days(days)
    assert (found.measure, found.value) == ("votes", 4)
