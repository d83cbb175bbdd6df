"""Growth per bucket."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics import growth, time_axis
from metrics.frames import Frames, Period
from metrics.query import Granularity, SharedPlans
from metrics.time_axis import buckets_of, first_of
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
    room,
    user,
    view,
    vote,
)

FRIDAY, MONDAY = date(2026, 11, 6), date(2026, 11, 9)
LONG = frames(
    *(view("a", f"2026-{m:02}-{d:02} 09:00") for m in (9, 10) for d in range(1, 31))
)


def test_the_reference_lists_weekdays_only_and_sums_what_it_lists() -> None:
    rows = frames(
        view("a", "2026-11-06 09:00"),
        view("a", "2026-11-07 09:00"),
        view("a", "2026-11-09 23:59:59"),
    )
    plan = growth.legacy(rows, FRIDAY, MONDAY)
    assert column(plan, "date") == [FRIDAY, MONDAY]
    assert column(plan, "page_views") == [1, 1]
    assert column(plan, "acc_page_views") == [1, 2]


def test_each_table_has_its_own_count() -> None:
    rows = frames(
        user("a", "2026-11-06"),
        room(1, "x", "2026-11-06"),
        room(2, "y", "2026-11-06"),
        *(view("a", "2026-11-06") for _ in range(3)),
        *(vote("2026-11-06") for _ in range(4)),
        *(estimation("a", "2026-11-06") for _ in range(5)),
    )
    (day,) = answer(growth.legacy(rows, FRIDAY, FRIDAY))
    assert [day[name] for name in growth.COUNTS] == [1, 3, 2, 5, 4]
    assert [day[f"acc_{name}"] for name in growth.COUNTS] == [1, 3, 2, 5, 4]
    assert [day[f"ma_{name}"] for name in growth.COUNTS] == [None] * 5


def test_a_start_after_today_lists_nothing() -> None:
    assert answer(growth.legacy(Frames.empty(), MONDAY, FRIDAY)) == []


def test_the_reference_averages_the_last_30_listed_rows_and_votes() -> None:
    plan = growth.legacy(LONG, date(2026, 9, 1), date(2026, 10, 31))
    averages = column(plan, "ma_page_views")
    assert averages[:30] == [None] * 29 + [1.0]
    rows = frames(view("a", "2026-09-01"))
    last = column(
        growth.legacy(rows, date(2026, 9, 1), date(2026, 10, 12)),
        "ma_page_views",
    )
    assert last[-1] == 0.03


def test_a_series_adds_up_from_the_beginning_and_counts_every_day() -> None:
    rows = frames(
        view("a", "2026-11-06 09:00"),
        view("a", "2026-11-07 09:00"),
        view("a", "2026-11-09 09:00"),
        view("a", "2026-11-10 09:00"),
    )
    plan = plan_of(growth.historical, rows, days("2026-11-08", "2026-11-09"), "day")
    assert column(plan, "page_views") == [0, 1]
    assert column(plan, "acc_page_views") == [2, 3]


def test_a_series_averages_30_buckets_of_history_before_the_window() -> None:
    period = days("2026-10-30", "2026-10-31")
    plan = plan_of(growth.historical, LONG, period, "day")
    assert column(plan, "ma_page_views") == [1.0, 29 / 30]


@pytest.mark.parametrize("since", ["2026-09-29", "2026-07-01"])
def test_a_series_has_no_average_before_30_buckets_of_history(since: str) -> None:
    """Also where the period begins long before the data."""
    plan = plan_of(growth.historical, LONG, days(since, "2026-09-30"), "day")
    *before, last = column(plan, "ma_page_views")
    assert last == 1.0
    assert set(before) == {None}


@pytest.mark.parametrize("granularity", ["hour", "day", "week", "month"])
def test_a_stray_row_is_no_history_but_counts(
    monkeypatch: pytest.MonkeyPatch, granularity: Granularity
) -> None:
    """There are no buckets for the half century after it: hours took a second."""
    made: list[int] = []

    def data_axis(*given: Any) -> pl.LazyFrame:
        axis = time_axis.data_axis(*given)
        made.append(executed(axis).height)
        return axis

    monkeypatch.setattr(growth, "data_axis", data_axis)
    rows = frames(view("a", "1970-01-01 05:00"), *(view("a", "2026-09-01 09:00"),) * 3)
    period = days("2026-09-01", "2026-09-02")
    asked = replace(
        query(rows, period, granularity=granularity), data_begins=period.first_day
    )
    found = executed(growth.historical(asked, SharedPlans.of(asked)))
    assert found["acc_page_views"][-1] == 4
    assert found["ma_page_views"].null_count() == min(found.height, 29)
    assert made[0] <= found.height + 30


def test_a_window_before_the_first_row_is_there_with_zeros() -> None:
    plan = plan_of(growth.historical, LONG, days("2024-01-01", "2024-01-02"), "day")
    assert column(plan, "acc_page_views") == [0, 0]


def test_a_month_that_the_period_cuts_counts_what_is_inside() -> None:
    period, later = days("2026-09-15", "2026-10-10"), datetime(2026, 11, 20)
    plan = plan_of(growth.historical, LONG, period, "month", now=later)
    assert column(plan, "page_views") == [16, 10]
    assert column(plan, "acc_page_views") == [30, 40]
    assert column(plan, "cut") == ["start", "end"]


ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo")
]
LENGTHS: dict[Granularity, int] = {
    "hour": 1,
    "day": 24,
    "week": 7 * 24,
    "month": 30 * 24,
}
BUILD = (vote, partial(view, "a"), partial(estimation, "b"))


@st.composite
def histories(
    draw: st.DrawFn,
) -> tuple[Granularity, Period, list[tuple[int, datetime]]]:
    """A granularity, a period, and rows around it: the place in BUILD, and when."""
    every = draw(st.sampled_from([*LENGTHS]))
    start = draw(st.datetimes(datetime(2018, 1, 1), datetime(2024, 1, 1)))
    start = start.replace(microsecond=0)
    length = draw(st.integers(1, 40 * LENGTHS[every]))
    period = Period(
        start, start + timedelta(hours=length), draw(st.sampled_from(ZONES))
    )
    near = st.integers(-70 * LENGTHS[every] * 3600, (length + 50) * 3600)
    seconds = draw(st.lists(st.tuples(st.integers(0, 2), near), max_size=30))
    rows = [(table, start + timedelta(seconds=after)) for table, after in seconds]
    return every, period, rows


# In winter its hours begin at half past; when history began they did not.
WINTER = Period(datetime(2018, 6, 1), datetime(2018, 6, 1, 3), ZONES[1])


@quick
@example(("hour", WINTER, [(0, datetime(2018, 6, 1, 1, 10))]))
@given(histories())
def test_totals_and_averages_are_those_of_all_rows_in_any_zone(
    history: tuple[Granularity, Period, list[tuple[int, datetime]]],
) -> None:
    every, period, rows = history
    first_hour = buckets_of(period, every)[0].start

    def bucket(time: datetime) -> date:
        if isinstance(first_hour, datetime):
            hours = (time - first_hour) // timedelta(hours=1)
            return first_hour + timedelta(hours=hours)
        return first_of(period.local(time).date(), every)

    stored = frames(*(BUILD[n](time.isoformat(" ")) for n, time in rows))
    plan = plan_of(growth.historical, stored, period, every)
    known = [(n, time) for n, time in rows if time < period.end]
    for number, name in enumerate(("votes", "page_views", "estimations")):
        own = [time for n, time in known if n == number]
        found = plan.select("bucket", name, f"acc_{name}", f"ma_{name}").collect()
        axis = [b.start for b in buckets_of(period, every)]
        assert found["bucket"].to_list() == axis
        # Not the period: the same day has the same average in all of them.
        begins = min((bucket(time) for _, time in known), default=None)
        for start, inside, total, average in found.iter_rows():
            since = start
            for _ in range(29):
                since = bucket_before(since, every)
            last = [time for time in own if since <= bucket(time) <= start]
            assert inside == sum(
                bucket(time) == start for time in own if time >= period.start
            )
            assert total == sum(bucket(time) <= start for time in own)
            is_known = begins is not None and begins <= since
            assert average == (len(last) / 30 if is_known else None)


def bucket_before(start: date, every: Granularity) -> date:
    if every == "hour":
        return start - timedelta(hours=1)
    return first_of(start - timedelta(days=1), every)


STRAY = st.lists(st.datetimes(datetime(1, 1, 1), datetime(2024, 1, 1)), max_size=3)


@quick
@given(STRAY)
def test_history_begins_where_the_data_begin_in_earnest(stray: list[datetime]) -> None:
    """Whatever a few old rows say, and in whichever table they are."""
    rows = [vote(f"2026-03-{day:02} 09:00") for day in range(2, 30)] * 150
    build = (vote, partial(view, "a"), partial(estimation, "b"))
    old = [build[n](time.isoformat(" ")) for n, time in enumerate(stray)]
    found = one(growth.beginning(frames(*rows, *old)))
    assert found == {"first_day": date(2026, 3, 2), "older_rows": len(stray)}


@quick
@given(st.lists(st.datetimes(datetime(1, 1, 1), datetime(2014, 12, 31)), max_size=5))
def test_a_small_store_begins_with_the_product_however_many_rows_are_stray(
    stray: list[datetime],
) -> None:
    old = [vote(time.isoformat(" ")) for time in stray]
    found = one(growth.beginning(frames(vote("2026-03-02 09:00"), *old)))
    assert found == {"first_day": date(2026, 3, 2), "older_rows": len(stray)}


def test_the_hour_in_which_a_period_begins_counts_what_is_inside() -> None:
    minutes = ("10", "20", "30")
    rows = frames(*(vote(f"2026-11-18 09:{minute}") for minute in minutes))
    period = Period(at("2026-11-18 09:20"), at("2026-11-18 10:00"))
    plan = plan_of(growth.historical, rows, period, "hour")
    assert column(plan, "votes") == [2]
    assert column(plan, "acc_votes") == [3]


def test_no_history_begins_before_1970() -> None:
    found = one(growth.beginning(frames(vote("0001-01-01 09:00"))))
    assert found == {"first_day": None, "older_rows": 1}


def test_history_begins_with_the_first_row_where_no_row_is_stray() -> None:
    rows = [vote("2024-06-03 09:00"), vote("2026-03-02 09:00")]
    found = one(growth.beginning(frames(*rows)))
    assert found == {"first_day": date(2024, 6, 3), "older_rows": 0}
    assert one(growth.beginning(Frames.empty()))["first_day"] is None


@pytest.mark.parametrize(
    ("gap", "rows", "is_stray"),
    [
        pytest.param(367, 1_000, True, id="stray"),
        pytest.param(366, 1_000, False, id="a shorter gap"),
        pytest.param(367, 999, False, id="a thousandth of all rows"),
    ],
)
def test_a_row_is_stray_before_a_long_gap_and_many_rows(
    gap: int, rows: int, *, is_stray: bool
) -> None:
    old, day = date(2025, 3, 2) - timedelta(days=gap), date(2025, 3, 2)
    found = growth.beginning(
        frames(vote(f"{old} 09:00"), *[vote(f"{day} 09:00")] * rows)
    )
    first = day if is_stray else old
    assert one(found) == {"first_day": first, "older_rows": int(is_stray)}


def test_the_first_row_of_a_day_is_in_it_up_to_its_last_moment() -> None:
    last = at("2026-03-02 23:59:59.999999")
    rows = frames(
        vote("2026-03-01 23:59:59"), vote(f"{last}"), view("a", "2026-03-03 00:00")
    )
    assert one(growth.first_row(rows, last.date())) == {"at": last}
