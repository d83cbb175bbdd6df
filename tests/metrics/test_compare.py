"""Two periods side by side, and what moved."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics import changes
from metrics.frames import Frames, Period
from metrics.query import SharedPlans
from metrics.subject import compared
from metrics.tables import PAGE_VIEWS
from metrics.time_zone import UTC_ZONE, to_utc
from tests.metrics.building import (
    Row,
    answer,
    at,
    column,
    days,
    estimation,
    executed,
    frames,
    query,
    quick,
    room,
    user,
    view,
    vote,
)
from tests.metrics.oracle import changes as by_hand

NO_ROOMS = SharedPlans(Frames.empty())


def counted(**labels: int) -> pl.LazyFrame:
    keys = [None if label == "null" else label for label in labels]
    frame = pl.LazyFrame(
        {"label": keys, "count": list(labels.values())},
        schema={"label": pl.String, "count": pl.Int64},
    )
    return frame.with_columns(share=pl.lit(0.0))


def beside(now: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    """Compare two counts as a ranked table does."""
    asked = query(Frames.empty(), NOW, BEFORE)

    def count(period: Period) -> pl.LazyFrame:
        return now if period == NOW else before

    return compared(asked, count, ["label"])


def changed(
    rows: Frames, period: Period, comparison: Period | None = None
) -> pl.LazyFrame:
    asked = query(rows, period, comparison)
    return executed(changes.what_changed(asked, SharedPlans.of(asked))).lazy()


def test_rooms_between_the_periods_make_no_teams() -> None:
    """Of a running day the comparison ends at its time: hours are between them."""
    now = Period(at("2026-11-02"), at("2026-11-08 15:00"))
    before = Period(at("2026-10-26"), at("2026-11-01 15:00"))
    users = range(1, 31)
    rows = frames(
        *(estimation(f"{who}", "2026-11-01 20:00", room=who) for who in users),
        *(estimation(f"{who}", "2026-11-02 09:00", room=1) for who in users),
        *(view(f"{who}", "2026-11-02 09:00", source="cv") for who in users),
    )
    asked = query(rows, now, before)
    found = changes.what_changed(asked, SharedPlans.of(asked)).plan.collect()
    of_sources = found.filter(pl.col("dimension") == "source")
    assert of_sources["clusters"].to_list() == [1]


def test_labels_of_either_period_are_listed() -> None:
    plan = beside(counted(a=3, b=1), counted(b=2, c=5))
    assert answer(plan) == [
        {
            "label": "a",
            "count": 3,
            "share": 0.75,
            "count_before": 0,
            "count_change": 3,
            "count_change_share": None,
        },
        {
            "label": "b",
            "count": 1,
            "share": 0.25,
            "count_before": 2,
            "count_change": -1,
            "count_change_share": -0.5,
        },
        {
            "label": "c",
            "count": 0,
            "share": 0.0,
            "count_before": 5,
            "count_change": -5,
            "count_change_share": -1.0,
        },
    ]


def test_null_is_compared_with_null() -> None:
    plan = beside(counted(null=3), counted(null=2))
    assert answer(plan.select("label", "count", "count_before")) == [
        {"label": None, "count": 3, "count_before": 2}
    ]


def moving(**labels: tuple[int, int]) -> pl.LazyFrame:
    """Labels with their count now and before."""
    rows = [("country", label, None, 1, *counts) for label, counts in labels.items()]
    schema = pl.Schema(
        {
            "dimension": pl.String,
            "label": pl.String,
            "room_id": pl.Int32,
            "cluster": pl.Int64,
            "now": pl.Float64,
            "before": pl.Float64,
        }
    )
    dimension = pl.col("dimension").cast(pl.Enum([*changes.MEASURES]))
    return pl.LazyFrame(rows, schema, orient="row").with_columns(dimension)


def test_what_moved_most_comes_first_up_or_down() -> None:
    plan = changes.changed_most(moving(a=(3, 0), b=(1, 7), d=(2, 1)), NO_ROOMS)
    assert column(plan, "label") == ["b", "a", "d"]


def test_contributions_are_parts_of_the_whole_before_and_add_up_to_its_change() -> None:
    counts = moving(a=(30, 20), b=(20, 16), c=(9, 0), d=(0, 4))
    table = changes.changed_most(counts, NO_ROOMS).collect()
    assert dict(table.select("label", "contribution").iter_rows()) == {
        "a": 0.25,
        "b": 0.1,
        "c": 0.225,
        "d": -0.1,
    }
    assert table["contribution"].sum() == pytest.approx(59 / 40 - 1)


def test_contributions_to_fewer_than_20_are_hidden() -> None:
    plan = changes.changed_most(moving(a=(3, 19)), NO_ROOMS)
    assert column(plan, "contribution") == [None]


NOW, BEFORE = days("2026-11-02", "2026-11-08"), days("2026-10-26", "2026-11-01")
ROWS = frames(
    user("a", "2026-01-01", country="DE"),
    room(1, "x", "2026-01-01"),
    vote("2026-10-26 09:00"),
    *(vote("2026-11-03 09:00") for _ in range(3)),
    view("a", "2026-10-26 09:00", source="cv"),
    view("a", "2026-11-03 09:00", source="cv"),
)


def test_the_overview_names_what_moved_and_leaves_out_what_stayed() -> None:
    plan = changed(ROWS, NOW, BEFORE)
    assert answer(plan) == [
        {
            "dimension": dimension,
            "rank": rank,
            "measure": "votes",
            "label": label,
            "room_id": room_id,
            "now": now,
            "before": before,
            "change": now - before,
            "change_verdict": None,
            "total_before": 1,
            "contribution": None,
            "explained": None,
        }
        for dimension, rank, label, room_id, now, before in (
            ("room", 1, "x", 1, 3, 1),
            ("weekday", 1, "Tuesday", None, 3, 0),
            ("weekday", 2, "Monday", None, 0, 1),
        )
    ]


def test_what_explains_most_of_a_change_comes_first_whatever_is_counted() -> None:
    """Ten of 20 users are more than 30 of 100 page views."""
    rows = [user(f"u{n}", "2026-01-01", country="DE") for n in range(30)]
    rows += [view(f"u{n % 20}", "2026-10-26 09:00", source="cv") for n in range(100)]
    rows += [view(f"u{n % 30}", "2026-11-03 09:00", source="cv") for n in range(130)]
    plan = changed(frames(*rows), NOW, BEFORE)
    assert plan.select("dimension", "change", "contribution").collect().rows() == [
        ("country", 10, 0.5),
        ("source", 30, 0.3),
    ]


def test_rooms_of_one_name_stay_apart_and_a_deleted_one_has_no_name() -> None:
    rows = frames(
        *(room(key, "same", "2026-01-01") for key in (1, 2)),
        *(vote("2026-11-03 09:00", room=n) for n in (1, 2, 3)),
    )
    plan = changed(rows, NOW, BEFORE)
    found = plan.filter(pl.col("dimension") == "room").select("label", "room_id")
    assert found.collect().rows() == [("same", 1), ("same", 2), (None, 3)]


def test_without_a_comparison_nothing_moved() -> None:
    assert answer(changed(ROWS, NOW)) == []


def test_changes_of_a_dimension_add_up_to_that_of_the_whole() -> None:
    """Page views with and without a source, and what each explains of the change."""
    rows = frames(
        *(view(f"a{n}", "2026-10-26 09:00", source="cv") for n in range(30)),
        *(view(f"b{n}", "2026-11-03 09:00") for n in range(20)),
        *(view(f"c{n}", "2026-11-03 09:00", source="email") for n in range(60)),
    )
    table = changed(rows, NOW, BEFORE).filter(pl.col("dimension") == "source").collect()
    assert table.select("rank", "label", "change", "explained").rows() == [
        (1, "Email", 60, 1.2),
        (2, "CV", -30, -0.6),
        (3, None, 20, 0.4),
    ]
    assert table["change_verdict"].to_list() == ["higher", "lower", "higher"]


def test_weekdays_are_compared_per_day() -> None:
    """A month with five Mondays against one with four: two votes on each."""
    now, before = days("2026-11-01", "2026-11-30"), days("2026-10-01", "2026-10-31")
    mondays = ["10-05", "10-12", "10-19", "10-26"]
    mondays += ["11-02", "11-09", "11-16", "11-23", "11-30"]
    rows = [vote(f"2026-{day} 09:00") for day in mondays for _ in range(2)]
    table = changed(frames(*rows), now, before).collect()
    assert table.filter(pl.col("dimension") == "weekday").is_empty()
    assert table.select("dimension", "change").rows() == [("room", 2)]


def test_halves_of_scaled_counts_are_rounded_up_as_everywhere() -> None:
    """Ten votes on four Mondays are 12.5 on five of them."""
    now, before = days("2026-11-01", "2026-11-30"), days("2026-10-01", "2026-10-31")
    mondays = ["10-05", "10-12", "10-19", "10-26", "10-26"]
    rows = [vote(f"2026-{day} 09:00") for day in mondays for _ in range(2)]
    table = changed(frames(*rows), now, before).collect()
    weekdays = table.filter(pl.col("dimension") == "weekday")
    assert weekdays.select("label", "now", "before").rows() == [("Monday", 0, 13)]


def test_weekdays_are_those_of_the_zone() -> None:
    """In Berlin half past eleven on Monday, UTC, is on Tuesday."""
    zone = ZoneInfo("Europe/Berlin")
    before, now = (
        Period.of_days(date(2026, 11, first), date(2026, 11, first + 6), zone)
        for first in (2, 9)
    )
    rows = [vote("2026-11-02 23:30")] * 20 + [vote("2026-11-09 23:30")] * 40
    table = changed(frames(*rows), now, before).collect()
    weekdays = table.filter(pl.col("dimension") == "weekday")
    assert weekdays.select("label", "now", "before").rows() == [("Tuesday", 40, 20)]


def test_a_week_in_which_the_clocks_go_forward_has_weekdays() -> None:
    """It has 167 hours."""
    before, now = (
        Period.of_days(date(2026, 3, day), date(2026, 3, day + 6), ZoneInfo("CET"))
        for day in (16, 23)
    )
    rows = [vote("2026-03-24 09:00")] * 3 + [vote("2026-03-17 09:00")]
    table = changed(frames(*rows), now, before).collect()
    weekdays = table.filter(pl.col("dimension") == "weekday")
    assert weekdays.select("label", "now", "before").rows() == [("Tuesday", 3, 1)]


@pytest.mark.parametrize(
    ("first", "clock"),
    [(date(2026, 9, 28), time(22, 30)), (date(2026, 3, 2), time(0, 30))],
    ids=["autumn", "spring"],
)
def test_a_day_of_a_room_is_one_after_clocks_have_changed(
    first: date, clock: time
) -> None:
    """Five evenings are too few to judge; cut at eleven they would be six.

    And so are five nights that are cut at one.
    """

    def moved(zone: ZoneInfo) -> pl.DataFrame:
        before, now = (
            Period.of_days(first + start, first + start + timedelta(20), zone)
            for start in (timedelta(), timedelta(21))
        )
        clocks = [
            datetime.combine(first + timedelta(day), clock) + timedelta(hours=hour)
            for day in NIGHTS
            for hour in (0, 1)
            # As many between two cuts.
            for _ in range(
                18 if (day, hour) in {(NIGHTS[0], 0), (NIGHTS[-1], 1)} else 9
            )
        ]
        votes = frames(*(vote(f"{to_utc(clock, zone)}") for clock in clocks))
        return changed(votes, now, before).collect()

    found = moved(ZoneInfo("Europe/Berlin"))
    verdicts = found.filter(pl.col("dimension") == "room")["change_verdict"]
    assert verdicts.to_list() == [None]
    assert_frame_equal(found, moved(UTC_ZONE))


NIGHTS = range(30, 35)
"""Days after the first: the clocks of Berlin have changed by the 27th."""


@pytest.mark.parametrize("ends", ["now", "before", "both"])
def test_weekdays_are_compared_up_to_the_same_time(ends: str) -> None:
    """A vote in each hour: nothing changed, whichever period ends on a morning."""
    cut = timedelta(hours=9, minutes=30, microseconds=1)
    before, now = (
        Period(first, first + timedelta(days=16) + cut * (ends in {name, "both"}))
        for name, first in (
            ("before", datetime(2026, 10, 1)),
            ("now", datetime(2026, 11, 1)),
        )
    )
    rows = [
        vote(f"{period.start + timedelta(hours=hour, minutes=10)}", room=hour % 24)
        for period in (before, now)
        for hour in range(17 * 24)
        if period.start + timedelta(hours=hour, minutes=10) < period.end
    ]
    table = changed(frames(*rows), now, before).collect()
    weekdays = table.filter(pl.col("dimension") == "weekday")
    assert weekdays.select("label", "now", "before").rows() == []


def test_a_weekday_has_the_times_that_clocks_repeat_as_its_period_ends() -> None:
    """In Berlin it is 02:30 again on the fourth Sunday: all of them had 02:45."""
    zone, week = ZoneInfo("Europe/Berlin"), timedelta(weeks=1)
    now = Period(at("2026-09-27 22:00"), at("2026-10-25 01:30"), zone)
    before = Period(at("2026-08-30 22:00"), at("2026-09-27 00:30"), zone)
    sundays = [at("2026-10-25 00:45") - n * week for n in range(8)]
    rows = [vote(f"{time}") for time in sundays]
    table = changed(frames(*rows), now, before).collect()
    weekdays = table.filter(pl.col("dimension") == "weekday")
    assert weekdays.select("label", "now", "before").rows() == []


def test_one_team_that_leaves_is_one_change_however_many_its_users() -> None:
    """Twenty users of one room are gone: no sign of what their country does."""
    users = [user(f"u{n}", "2026-01-01", country="DE") for n in range(60)]
    rows = [
        Row(
            PAGE_VIEWS,
            {
                "user_id": f"u{n}",
                "viewed_at": at(time),
                "route": "ROOM",
                "room_id": n // 20,
            },
        )
        for n in range(60)
        for time in ("2026-10-26 09:00", "2026-11-03 09:00")
        if n >= 20 or time < "2026-11"
    ]
    table = changed(frames(*users, *rows), NOW, BEFORE).collect()
    country = table.filter(pl.col("dimension") == "country")
    assert country.select("change", "change_verdict").rows() == [(-20, None)]


TWO_WEEKS = [date(2026, 10, 26) + timedelta(days=n) for n in range(14)]
USER_IDS = [f"u{n:02}" for n in range(24)]
VIEWS = st.lists(
    st.builds(
        by_hand.Seen,
        st.sampled_from(USER_IDS),
        st.sampled_from(TWO_WEEKS),
        st.none() | st.integers(1, 8),
        st.sampled_from([None, "CV", "GitHub", "Email"]),
    ),
    min_size=40,
    max_size=120,
)
VOTES = st.lists(
    st.builds(by_hand.Held, st.sampled_from(TWO_WEEKS), st.integers(1, 8)),
    min_size=30,
    max_size=90,
)
SOURCES = {"CV": "cv", "GitHub": "github.com", "Email": "email", None: None}


@quick
@given(VIEWS, VOTES, st.integers(1, 7), st.integers(0, 3))
def test_what_moved_is_as_counted_by_hand(
    views: list[by_hand.Seen], votes: list[by_hand.Held], length: int, gone: int
) -> None:
    """The last days against as many before them; some labels hardly happen now."""
    now, before = TWO_WEEKS[7 : 7 + length], TWO_WEEKS[7 - length : 7]
    views = [v for v in views if v.day not in now or v.room is None or v.room > gone]
    # In order of time: who views two rooms at once has no first one.
    views = sorted(views, key=lambda v: v.day)
    places = dict(zip(USER_IDS, ["DE", "AT", None, "FR"] * 6, strict=True))
    rows = [
        Row(
            PAGE_VIEWS,
            {
                "user_id": v.who,
                "viewed_at": datetime.combine(v.day, time(9)) + timedelta(seconds=n),
                "route": "HOME",
                "room_id": v.room,
                "source": SOURCES[v.source],
            },
        )
        for n, v in enumerate(views)
    ]
    rows += [user(who, "2026-01-01", country=place) for who, place in places.items()]
    rows += [room(n, f"room {n}", "2026-01-01") for n in range(1, 9)]
    rows += [vote(f"{v.day} 09:00", room=v.room) for v in votes]
    spans = (Period.of_days(days[0], days[-1]) for days in (now, before))
    found = changed(frames(*rows), *spans).collect()
    assert {
        (row[0], row[3] if row[0] != "room" else row[4]): (row[1], *row[5:])
        for row in found.iter_rows()
    } == {
        key: tuple(pytest.approx(each, abs=1e-9) if each else each for each in figures)
        for key, figures in by_hand.what_moved(
            views, votes, places, now, before
        ).items()
    }
