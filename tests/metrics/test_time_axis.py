"""Time axes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, batched
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics.frames import Period
from metrics.query import Granularity, SharedPlans
from metrics.registry import METRIC_TABLES, plan
from metrics.time_axis import (
    ANY_UTC,
    bucketed,
    first_of,
    middle_of,
    number_of,
    per_day,
    period_axis,
    places_in,
    same_weekdays,
    time_series,
)
from tests.metrics.building import (
    at,
    column,
    days,
    estimation,
    event,
    executed,
    frames,
    query,
    quick,
    view,
    vote,
)

NOW = datetime(2026, 12, 31)


@pytest.mark.parametrize(
    ("granularity", "wanted"),
    [
        ("day", date(2026, 11, 19)),
        ("week", date(2026, 11, 16)),
        ("month", date(2026, 11, 1)),
    ],
)
def test_a_bucket_is_named_by_its_first_day(
    granularity: Granularity, wanted: date
) -> None:
    assert first_of(date(2026, 11, 19), granularity) == wanted
    rows = frames(vote("2026-11-19 23:59:59"))
    table = bucketed(rows, granularity, ANY_UTC).votes
    assert column(table, "bucket") == [wanted]


def test_a_sunday_belongs_to_the_week_of_the_monday_before() -> None:
    assert first_of(date(2026, 11, 22), "week") == date(2026, 11, 16)


def test_28_days_have_28_buckets() -> None:
    axis = period_axis(days("2026-10-26", "2026-11-22"), "day")
    dates = column(axis, "bucket")
    assert len(dates) == 28
    assert (dates[0], dates[-1]) == (date(2026, 10, 26), date(2026, 11, 22))


def test_every_week_that_overlaps_the_window_is_there() -> None:
    axis = period_axis(days("2026-11-08", "2026-11-16"), "week")
    assert column(axis, "bucket") == [
        date(2026, 11, 2),
        date(2026, 11, 9),
        date(2026, 11, 16),
    ]


def test_months_of_different_lengths_follow_each_other() -> None:
    axis = period_axis(days("2026-01-31", "2026-03-01"), "month")
    assert column(axis, "bucket") == [date(2026, m, 1) for m in (1, 2, 3)]


def test_the_running_day_is_in_the_window() -> None:
    period = Period(at("2026-11-21"), at("2026-11-22 00:00:01"))
    assert column(period_axis(period, "day"), "bucket") == [
        date(2026, 11, 21),
        date(2026, 11, 22),
    ]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@quick
@given(
    st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 5)) | st.none()),
    st.integers(1, 4),
)
def test_days_are_counted_whatever_the_order_of_the_rows(
    engine: Literal["in-memory", "streaming"], times: list[datetime | None], files: int
) -> None:
    each = -(-len(times) // files)
    parts = [times[each * n : each * (n + 1)] for n in range(files)]
    frames = [pl.DataFrame({"at": p}, schema={"at": pl.Datetime("us")}) for p in parts]
    # As it is after reading several files.
    rows = pl.concat(frames, rechunk=False).lazy()
    found = per_day(rows, "at", ANY_UTC).collect(engine=engine)
    counted = dict(zip(found["day"].to_list(), found["count"].to_list(), strict=True))
    assert counted == Counter(time.date() for time in times if time is not None)


@pytest.mark.parametrize(
    ("period", "now", "granularity", "cut"),
    [
        pytest.param(
            days("2026-11-02", "2026-11-15"),
            "2026-11-20",
            "week",
            [None, None],
            id="no",
        ),
        pytest.param(
            days("2026-11-04", "2026-11-18"),
            "2026-11-20",
            "week",
            ["start", None, "end"],
            id="both ends",
        ),
        pytest.param(
            days("2026-11-03", "2026-11-04"),
            "2026-11-20",
            "week",
            ["start and end"],
            id="inside one week",
        ),
        pytest.param(
            Period(at("2026-11-09"), at("2026-11-18 14:20")),
            "2026-11-18 14:20",
            "week",
            [None, "running"],
            id="until now",
        ),
        pytest.param(
            Period(at("2026-11-17"), at("2026-11-18 14:20")),
            "2026-11-18 14:20",
            "week",
            ["start and running"],
            id="from yesterday until now",
        ),
        pytest.param(
            Period(at("2026-11-17"), at("2026-11-18 14:20")),
            "2026-11-18 14:20",
            "day",
            [None, "running"],
            id="today",
        ),
        pytest.param(
            Period(at("2026-11-18 09:20"), at("2026-11-18 11:00")),
            "2026-11-20",
            "hour",
            ["start", None],
            id="hours",
        ),
        pytest.param(
            Period(at("2026-11-18 09:20"), at("2026-11-18 09:20")),
            "2026-11-20",
            "day",
            ["start and end"],
            id="no time at all",
        ),
        pytest.param(
            days("2026-01-31", "2026-03-31"),
            "2026-11-20",
            "month",
            ["start", None, None],
            id="months",
        ),
    ],
)
def test_a_bucket_that_the_period_cuts_is_marked(
    period: Period, now: str, granularity: Granularity, cut: list[str | None]
) -> None:
    asked = replace(query(frames(), period, granularity=granularity), now=at(now))
    series = time_series(period_axis(period, granularity), asked)
    assert column(series, "cut") == cut


@pytest.mark.parametrize(
    ("granularity", "begins", "cut"),
    [
        ("day", "2026-11-16", ["start", None, "running"]),
        ("day", "2026-11-17", ["start", "running"]),
        ("day", "2026-11-18", ["start and running"]),
        ("day", "2026-11-20", ["start", "start", "start and running"]),
        ("day", "2026-11-15", [None, None, "running"]),
        ("week", "2026-11-15", ["running"]),
        ("week", "2026-11-16", ["start and running"]),
        ("month", "2026-11-16", ["start and running"]),
        ("hour", "2026-11-17", [None] * 33 + ["running"]),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/Los_Angeles"])
def test_the_bucket_in_which_the_data_begins_is_the_first_and_marked(
    granularity: Granularity, begins: str, cut: list[str | None], zone: str
) -> None:
    """The first row may be at any time of its day."""
    whole = Period.of_days(date(2026, 11, 16), date(2026, 11, 18), ZoneInfo(zone))
    period = replace(whole, end=whole.end - timedelta(hours=14, minutes=30))
    asked = replace(
        query(frames(), period, granularity=granularity),
        data_begins=date.fromisoformat(begins),
    )
    series = time_series(period_axis(period, granularity), asked)
    assert column(series, "cut") == cut


def test_hours_of_the_first_day_of_the_data_begin_no_earlier_than_asked() -> None:
    hours = Period(datetime(2026, 11, 16, 9), datetime(2026, 11, 17, 9))
    asked = replace(query(frames(), hours), data_begins=date(2026, 11, 16))
    assert asked.known == hours


# Days that begin at one o'clock: clocks go from 23:59 to 01:00.
NO_MIDNIGHT = [
    ("Africa/Cairo", date(2026, 4, 24)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Havana", date(2026, 3, 8)),
]


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_a_period_that_has_just_begun_has_every_table(name: str) -> None:
    """At midnight, where late data ends before it, within an hour, by hours alone."""
    midnight, minutes = at("2026-11-02 00:00"), timedelta(minutes=90)
    rows = frames(view("a", "2026-11-01 12:00"), vote("2026-11-01 12:00"))
    granularities: tuple[Granularity, ...] = ("hour", "day")
    for granularity in granularities:
        for start, end in (
            (midnight, midnight),
            (midnight, midnight + minutes),
            (midnight + minutes, midnight + minutes + timedelta(hours=24)),
        ):
            asked = query(rows, Period(start, end), None, granularity)
            found = executed(plan(name, asked))
            if {"bucket", "votes"} <= set(found.columns):
                assert found["votes"].sum() == 0


@pytest.mark.parametrize(("zone", "day"), NO_MIDNIGHT)
@pytest.mark.parametrize("granularity", ["day", "week"])
def test_days_without_a_midnight_are_whole(
    zone: str, day: date, granularity: Granularity
) -> None:
    first = first_of(day, granularity)
    for ago in (14, 0, -7):
        since = first - timedelta(days=ago)
        period = Period.of_days(since, since + timedelta(days=13), ZoneInfo(zone))
        asked = replace(query(frames(), period, granularity=granularity), now=NOW)
        series = time_series(period_axis(period, granularity), asked)
        assert set(column(series, "cut")) == {None}


OVER_TIME = [name for name in METRIC_TABLES if name.endswith("_over_time")]


@pytest.mark.parametrize("granularity", ["day", "week"])
@pytest.mark.parametrize("name", [*OVER_TIME, "historical", "reoccurring"])
def test_a_table_over_time_is_that_of_the_days_with_data(
    name: str, granularity: Granularity
) -> None:
    """Halves, which sentences compare, are those of the data as well."""
    rows = frames(
        *(vote(f"2026-11-{day:02} 09:00") for day in range(11, 23)),
        *(view("a", f"2026-11-{day:02} 09:00", source="cv") for day in range(11, 23)),
        *(event("a", f"2026-11-{day:02} 09:00") for day in range(11, 23)),
        *(estimation("a", f"2026-11-{day:02} 09:00") for day in range(11, 23)),
        *(estimation("b", f"2026-11-{day:02} 09:00") for day in range(11, 23)),
    )
    found = [
        executed(
            plan(
                name,
                replace(
                    query(rows, days(since, "2026-11-22"), granularity=granularity),
                    data_begins=date(2026, 11, 11),
                ),
            )
        )
        for since in ("2026-08-03", "2026-11-11")
    ]
    assert_frame_equal(*found)


@pytest.mark.parametrize("name", [*OVER_TIME, "historical", "reoccurring"])
def test_every_table_over_time_marks_cut_buckets(name: str) -> None:
    """Counts are those of the days inside the period, in all of them."""
    rows = frames(
        *(vote(f"2026-11-{day:02} 09:00") for day in range(2, 23)),
        *(view("a", f"2026-11-{day:02} 09:00", source="cv") for day in range(2, 23)),
        *(event("a", f"2026-11-{day:02} 09:00") for day in range(2, 23)),
        *(estimation("a", f"2026-11-{day:02} 09:00") for day in range(2, 23)),
    )
    asked = query(rows, days("2026-11-04", "2026-11-19"), granularity="week")
    asked = replace(asked, now=at("2026-12-01"))
    table = executed(plan(name, asked))
    assert table["cut"].unique().sort().to_list() == [None, "end", "start"]
    begun = replace(asked, data_begins=date(2026, 11, 11))
    cut = executed(plan(name, begun)).unique("bucket").sort("bucket")["cut"]
    assert cut.to_list() == ["start", "end"]
    for count in {
        "votes",
        "rounds",
        "rounds_with_estimate",
        "page_views",
        "count",
    } & set(table.columns):
        per_bucket = table.filter(pl.col(count) > 0).unique("bucket").sort("bucket")
        assert per_bucket[count].to_list() == [5, 7, 4]


@pytest.mark.parametrize(
    ("zone", "minute"), [("UTC", 0), ("Asia/Kolkata", 30), ("Asia/Kathmandu", 15)]
)
def test_hours_are_those_of_the_clock_wherever_the_period_begins(
    zone: str, minute: int
) -> None:
    start = datetime(2026, 3, 1, 14, 40, 7, 500)
    period = Period(start, start + timedelta(days=1), ZoneInfo(zone))
    hours = period_axis(period, "hour").collect()["bucket"]
    assert {hour.time().replace(hour=0) for hour in hours} == {time(minute=minute)}
    assert hours[0] <= start < hours[1]
    assert hours.len() == 25


@quick
@given(
    st.lists(st.integers(1, 30_000), min_size=2, max_size=12),
    st.sampled_from((1, 3_600, 86_400)),
    st.sampled_from((pl.Int64, pl.UInt64)),
)
def test_each_second_is_in_its_period(
    gaps: list[int], unit: int, dtype: type[pl.Int64 | pl.UInt64]
) -> None:
    """Edges that are whole hours or days apart, and edges that are nothing apart."""
    edges = [at("2026-01-01") + timedelta(seconds=n * unit) for n in accumulate(gaps)]
    periods = [Period(*pair) for pair in batched(edges, 2) if len(pair) == 2]
    around = [edge + timedelta(seconds=n) for edge in edges for n in (-1, 0, 1)]
    seconds = [int(time.replace(tzinfo=UTC).timestamp()) for time in around]
    frame = pl.DataFrame({"second": seconds}, schema={"second": dtype})
    inside = [
        next((n for n, p in enumerate(periods) if p.start <= time < p.end), None)
        for time in around
    ]
    place = places_in(periods)(pl.col("second"))
    assert frame.select(place).to_series().to_list() == inside


def test_a_second_is_in_the_period_in_which_it_begins() -> None:
    """A clock shows parts of a second, rows do not."""
    start, end = at("1970-01-01 00:00:01.5"), at("1970-01-01 00:00:03.5")
    place = places_in([Period(start, end)])(pl.col("second"))
    found = pl.DataFrame({"second": [1, 2, 3, 4]}).select(place)
    assert found.to_series().to_list() == [None, 0, 0, None]


def test_periods_and_their_buckets_have_places_of_their_own() -> None:
    """A page asks for both, of the same periods."""
    shared, second = SharedPlans(frames()), pl.col("second")
    two = tuple(Period.of_days(date(2026, 3, d), date(2026, 3, d + 1)) for d in (2, 4))
    noon = int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp())
    found = pl.DataFrame({"second": [noon]}).select(
        period=number_of(second, shared, two),
        day=number_of(second, shared, two, "day"),
        hour=number_of(second, shared, two, "hour"),
    )
    assert found.row(0) == (1, 3, 84)


edges = st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 20))


@quick
@given(edges, edges, st.times(), st.sampled_from([0, 1]))
def test_times_of_a_weekday_are_those_between_two_edges(
    one: datetime, other: datetime, clock: time, hours: int
) -> None:
    start, end = min(one, other), max(one, other)
    # Of a time that lasts, those that do not reach into the next day.
    clock = clock.replace(hour=min(clock.hour, 22))
    begins = [
        datetime.combine(start.date() + timedelta(days=n), clock) for n in range(32)
    ]
    inside = [
        b for b in begins if b < end and (start <= b or start < b + _HOUR * hours)
    ]
    counts = Counter(b.isoweekday() for b in inside)
    for weekday in range(1, 8):
        found = same_weekdays(start, end, weekday, clock, _HOUR * hours)
        assert found == counts[weekday]


_HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("first", "last", "every", "begins"),
    [
        ("2026-11-02", "2026-11-29", "week", "2026-11-16"),
        # Five weeks, of which the first is a day.
        ("2026-11-01", "2026-11-28", "week", "2026-11-16"),
        ("2026-11-02", "2026-11-22", "week", "2026-11-09"),
        ("2026-08-31", "2026-11-01", "month", "2026-10-01"),
        ("2026-11-02", "2026-11-08", "week", "2026-11-02"),
    ],
)
def test_the_second_half_begins_nearest_to_the_middle(
    first: str, last: str, every: Granularity, begins: str
) -> None:
    assert f"{middle_of(days(first, last), every)}" == begins
