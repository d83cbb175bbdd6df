"""Days, weeks and hours of any zone, exact when its clocks change."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics import growth, returning, traffic, votes
from metrics.frames import Period
from metrics.query import Granularity
from metrics.subject import Build
from metrics.time_axis import bucket_of, history_until, local_hour, period_axis
from metrics.time_zone import (
    as_clocks_show,
    in_zone,
    local_seconds,
    to_local,
    to_utc,
    zone_of,
)
from tests.metrics.building import (
    answer,
    estimation,
    frames,
    plan_of,
    quick,
    view,
    vote,
)

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "America/Santiago",
    "Africa/Cairo",
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31))
dates = st.dates(date(2024, 1, 2), date(2027, 12, 30))


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone)


@quick
@given(zones, st.lists(moments, max_size=30))
def test_local_seconds_are_those_that_the_clocks_show(
    zone: ZoneInfo, times: list[datetime]
) -> None:
    frame = pl.DataFrame({"t": [int(t.replace(tzinfo=UTC).timestamp()) for t in times]})
    span = (datetime(2015, 1, 1), datetime(2028, 1, 1))
    found = frame.select(local_seconds(pl.col("t"), zone, *span)).to_series().to_list()
    wall = [local(t, zone).replace(tzinfo=UTC) for t in times]
    assert found == [int(t.timestamp()) for t in wall]


@quick
@given(zones, dates, st.integers(0, 6), st.lists(moments, max_size=20))
def test_a_period_of_days_covers_exactly_the_instants_of_these_dates(
    zone: ZoneInfo, first: date, more: int, times: list[datetime]
) -> None:
    last = first + timedelta(days=more)
    period = Period.of_days(first, last, zone)
    for time in times:
        inside = period.start <= time < period.end
        assert inside == (first <= local(time, zone).date() <= last)
    assert (period.first_day, period.last_day) == (first, last)


@quick
@given(
    zones,
    dates,
    st.sampled_from(["hour", "day", "week", "month"]),
    st.lists(st.floats(0, 0.999), max_size=30),
)
def test_every_row_of_a_period_has_a_bucket_of_its_axis(
    zone: ZoneInfo, first: date, granularity: Granularity, places: list[float]
) -> None:
    period = Period.of_days(first, first + timedelta(days=4), zone)
    times = [period.start + (period.length * p) for p in places]
    rows = pl.LazyFrame({"at": times}, schema={"at": pl.Datetime("us")})
    axis = period_axis(period, granularity).collect()["bucket"]
    found = rows.select(bucket_of("at", granularity, period)).collect().to_series()
    assert axis.is_sorted()
    assert axis.is_unique().all()
    assert set(found) <= set(axis)
    if granularity == "day":
        assert found.to_list() == [local(t, zone).date() for t in times]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 10, 26), 24),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Pacific/Auckland", date(2026, 9, 27), 23),
        # Clocks skip midnight here.
        ("America/Santiago", date(2026, 9, 6), 23),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_show(
    zone: str, day: date, hours: int
) -> None:
    period = Period.of_days(day, day, ZoneInfo(zone))
    assert period.length == timedelta(hours=hours)
    starts = [period.start + timedelta(hours=n, minutes=5) for n in range(hours)]
    found = answer(
        plan_of(
            votes.over_time, frames(*(vote(str(t)) for t in starts)), period, "hour"
        )
    )
    assert [row["votes"] for row in found] == [1] * hours
    daily = answer(
        plan_of(votes.over_time, frames(*(vote(str(t)) for t in starts)), period, "day")
    )
    assert [(row["bucket"], row["votes"]) for row in daily] == [(day, hours)]


ROWS = [
    "2026-10-24 21:59:59",  # still the 24th in Berlin
    "2026-10-24 22:00:00",  # midnight of the 25th, summer time
    "2026-10-25 00:30:00",  # 02:30, the first time
    "2026-10-25 01:30:00",  # 02:30, again
    "2026-10-25 22:59:59",  # 23:59:59 of the long day
    "2026-10-25 23:00:00",  # midnight of the 26th, winter time
]
LONG_DAY = Period.of_days(
    date(2026, 10, 25), date(2026, 10, 25), ZoneInfo("Europe/Berlin")
)


def test_all_tables_over_time_count_the_long_day_alike() -> None:
    rows = frames(
        *(vote(t) for t in ROWS),
        *(view("anna", t) for t in ROWS),
        *(estimation("anna", t) for t in ROWS),
    )
    of_votes = answer(plan_of(votes.over_time, rows, LONG_DAY, "day"))
    of_visits = answer(plan_of(traffic.over_time, rows, LONG_DAY, "day"))
    grown = answer(plan_of(growth.historical, rows, LONG_DAY, "day"))
    assert [row["votes"] for row in of_votes] == [4]
    assert [(row["page_views"], row["unique_users"]) for row in of_visits] == [(4, 1)]
    assert [(row["votes"], row["page_views"]) for row in grown] == [(4, 4)]
    assert [row["acc_votes"] for row in grown] == [5]


near = st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 28)).map(
    lambda time: time.replace(microsecond=0)
)


@quick
@given(
    zones,
    st.lists(near, min_size=1, max_size=20),
    near,
    st.sampled_from([24, 36, 72]),
    st.sampled_from(["hour", "day", "week", "month"]),
)
def test_a_bucket_has_one_number_wherever_the_period_begins(
    zone: ZoneInfo,
    times: list[datetime],
    start: datetime,
    hours: int,
    granularity: Granularity,
) -> None:
    """All tables of the same rows; and the buckets add up to the period."""
    period = Period(start, start + timedelta(hours=hours), zone)
    rows = frames(
        *(vote(str(t)) for t in times), *(view("anna", str(t)) for t in times)
    )
    inside = sum(period.start <= time < period.end for time in times)
    plans: dict[str, tuple[Build, str]] = {
        "votes": (votes.over_time, "votes"),
        "visits": (traffic.over_time, "page_views"),
        "votes of all time": (growth.historical, "votes"),
        "views of all time": (growth.historical, "page_views"),
    }
    found = {
        name: {
            row["bucket"]: int(str(row[counted]))
            for row in answer(plan_of(plan, rows, period, granularity))
        }
        for name, (plan, counted) in plans.items()
    }
    first, *others = found.values()
    assert sum(first.values()) == inside
    assert all(other == first for other in others)


def test_the_heat_map_has_local_hours_and_weekdays() -> None:
    rows = frames(*(vote(t) for t in ROWS))
    found = answer(plan_of(votes.by_weekday_and_hour, rows, LONG_DAY))
    cells = {(r["weekday_name"], r["hour"]): r["votes"] for r in found if r["votes"]}
    assert cells == {("Sunday", 0): 1, ("Sunday", 2): 2, ("Sunday", 23): 1}


# By UTC: clocks go forward at 2:00, at 2:00 by half an hour, at 2:45, and at midnight;
# back at 2:00, by half an hour, from 1:00 to midnight, over midnight, by two hours.
CLOCK_CHANGES = [
    ("America/New_York", datetime(2026, 3, 8, 7)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30)),
    ("Pacific/Chatham", datetime(2026, 9, 26, 14)),
    ("America/Havana", datetime(2026, 3, 8, 5)),
    ("America/New_York", datetime(2026, 11, 1, 6)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15)),
    ("America/Havana", datetime(2026, 11, 1, 5)),
    ("America/Santiago", datetime(2026, 4, 5, 3)),
    ("Antarctica/Troll", datetime(2026, 10, 25, 1)),
]


@pytest.mark.parametrize(("zone", "change"), CLOCK_CHANGES)
@quick
@given(
    begin=st.integers(-120, 12) | st.integers(-800, 240),
    length=st.integers(1, 12) | st.integers(88, 104) | st.integers(1, 800),
)
@example(begin=-4, length=4)
def test_days_with_an_hour_are_those_whose_clocks_show_it(
    zone: str, change: datetime, begin: int, length: int
) -> None:
    # In quarters of an hour, mostly with an end near the change.
    start = change + timedelta(minutes=15 * begin)
    period = Period(start, start + timedelta(minutes=15 * length), ZoneInfo(zone))
    walked = range(0, 15 * length, 15)
    clocks = (period.local(start + timedelta(minutes=m)) for m in walked)
    hours = {(clock.date(), clock.hour) for clock in clocks}
    days = Counter((day.isoweekday(), hour) for day, hour in hours)
    cells = answer(plan_of(votes.by_weekday_and_hour, frames(), period))
    # Without a vote there are 0 per day, and nothing where no day has the hour.
    known = {(r["weekday"], r["hour"]): r["votes_per_day"] for r in cells}
    assert {cell for cell, n in known.items() if n is not None} == {*days}
    expected = [days[weekday, n] for weekday in range(1, 8) for n in range(24)]
    assert votes._days_with_hours(period) == expected


def test_users_are_counted_once_per_local_hour() -> None:
    rows = frames(*(view("anna", t) for t in ROWS), view("ben", ROWS[2]))
    found = answer(plan_of(traffic.over_time, rows, LONG_DAY, "hour"))
    per_hour = {n: row["unique_users"] for n, row in enumerate(found)}
    assert len(per_hour) == 25
    assert {hour: n for hour, n in per_hour.items() if n} == {0: 1, 2: 2, 3: 1, 24: 1}


def test_a_second_working_day_is_a_local_one() -> None:
    # 23:30 and 00:30 in Auckland: two days there, one in UTC.
    times = ["2026-11-10 10:30:00", "2026-11-10 11:30:00"]
    rows = frames(*(estimation("anna", t) for t in times))
    for zone, users in (("UTC", 0), ("Pacific/Auckland", 1)):
        period = Period.of_days(date(2026, 11, 10), date(2026, 11, 12), ZoneInfo(zone))
        found = answer(plan_of(returning.series, rows, period, "day"))
        assert found[-1]["reoccurring_users"] == users


@quick
@given(zones, st.lists(moments, min_size=1, max_size=30))
def test_hours_of_the_day_are_those_of_the_clocks(
    zone: ZoneInfo, times: list[datetime]
) -> None:
    period = history_until(Period(times[0], datetime(2028, 1, 1), zone))
    rows = pl.LazyFrame({"at": times}, schema={"at": pl.Datetime("us")})
    found = rows.select(local_hour("at", period)).collect().to_series().to_list()
    assert Counter(found) == Counter(local(t, zone).hour for t in times)


def test_a_midnight_that_the_clocks_skip_is_when_they_skip_it() -> None:
    zone = ZoneInfo("America/Santiago")
    start = to_utc(datetime(2026, 9, 6), zone)
    assert local(start, zone).replace(tzinfo=None) == datetime(2026, 9, 6, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Mars/Olympus", "../etc/passwd", "Europe", "\0", "ä" * 5000),
        *("Factory", "localtime", "posixrules", "posix/UTC", "right/Europe/Berlin"),
    ],
)
def test_an_unknown_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_long_name_of_a_link_costs_nothing() -> None:
    """Polars would work for a minute on this one."""
    before = process_time()
    assert zone_of("x" * 60_000) is None
    assert process_time() - before < 1
    assert max(map(len, available_timezones())) < 64


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_every_zone_is_found_in_any_case(case: Callable[[str], str]) -> None:
    """Also US/Eastern, Etc/GMT+5, America/Port-au-Prince and Antarctica/McMurdo."""
    names = available_timezones() - {"Factory", "localtime"}
    found = {name: zone_of(case(name)) for name in names}
    assert [n for n, zone in found.items() if not zone or zone.key != n] == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        # The plus sign of an address that is not encoded, and names as they are read.
        *(("Etc/GMT 3", "Etc/GMT+3"), ("gmt 0", "GMT+0")),
        *(("America/New York", "America/New_York"), ("Etc/GMT  3", None)),
        ("America/Port of Spain", "America/Port_of_Spain"),
    ],
)
def test_a_blank_stands_for_a_sign(written: str, name: str | None) -> None:
    assert (zone := zone_of(written)) == (name and ZoneInfo(name))
    assert zone is None or zone.key == name


def test_a_table_shows_what_the_clocks_of_any_zone_show() -> None:
    times = [datetime(2026, month, 15, 22, 40) for month in range(1, 13)]
    frame = pl.DataFrame({"at": times}, schema={"at": pl.Datetime("us")})
    names = available_timezones() - {"Factory", "localtime"}
    zones = {name: zone_of(name) for name in names}
    wrong = [
        name
        for name, zone in zones.items()
        if zone is None
        or as_clocks_show(in_zone(frame, zone))["at"].to_list()
        != [to_local(time, zone) for time in times]
    ]
    assert wrong == []
    assert len(names) > 400
