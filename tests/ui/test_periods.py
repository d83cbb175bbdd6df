from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metrics import periods
from metrics.frames import Period
from metrics.periods import Days

NOW = datetime(2026, 11, 22, 14, 20)
TODAY = NOW.date()
BEGINNING = date(2024, 5, 24)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Today", date(2026, 11, 22), date(2026, 11, 22)),
        ("Yesterday", date(2026, 11, 21), date(2026, 11, 21)),
        ("7 days", date(2026, 11, 15), date(2026, 11, 21)),
        ("28 days", date(2026, 10, 25), date(2026, 11, 21)),
        ("30 days", date(2026, 10, 23), date(2026, 11, 21)),
        ("91 days", date(2026, 8, 23), date(2026, 11, 21)),
        ("Month to date", date(2026, 11, 1), date(2026, 11, 22)),
        ("Last month", date(2026, 10, 1), date(2026, 10, 31)),
        ("Year to date", date(2026, 1, 1), date(2026, 11, 22)),
        ("12 months", date(2025, 11, 1), date(2026, 10, 31)),
        ("All time", date(2024, 5, 24), date(2026, 11, 22)),
    ],
)
def test_a_preset_covers_these_dates(name: str, first: date, last: date) -> None:
    assert periods.PERIODS[name](TODAY, BEGINNING) == Days(first, last)


@pytest.mark.parametrize("count", [7, 28, 30, 91])
def test_n_days_have_n_dates(count: int) -> None:
    assert len(periods.PERIODS[f"{count} days"](TODAY, BEGINNING)) == count


def test_last_month_in_january_is_december() -> None:
    days = periods.PERIODS["Last month"](date(2026, 1, 31), BEGINNING)
    assert days == Days(date(2025, 12, 1), date(2025, 12, 31))


def test_the_running_day_ends_at_the_clock() -> None:
    period = periods.period_of(Days(TODAY, TODAY), NOW)
    assert period == Period(datetime(2026, 11, 22), NOW)


def test_a_period_that_is_over_is_whole() -> None:
    period = periods.period_of(Days(date(2026, 11, 20), date(2026, 11, 21)), NOW)
    assert period == Period(datetime(2026, 11, 20), datetime(2026, 11, 22))


def test_today_is_compared_with_the_same_hours_of_yesterday() -> None:
    period = periods.compared_with(periods.PREVIOUS, Days(TODAY, TODAY), NOW)
    assert period == Period(datetime(2026, 11, 21), datetime(2026, 11, 21, 14, 20))


@pytest.mark.parametrize(
    ("comparison", "first", "last"),
    [
        (periods.PREVIOUS, date(2026, 11, 8), date(2026, 11, 14)),
        (periods.PREVIOUS_WEEKDAYS, date(2026, 11, 8), date(2026, 11, 14)),
        (periods.YEAR, date(2025, 11, 15), date(2025, 11, 21)),
        (periods.YEAR_WEEKDAYS, date(2025, 11, 16), date(2025, 11, 22)),
    ],
)
def test_seven_days_are_compared_with(comparison: str, first: date, last: date) -> None:
    days = Days(date(2026, 11, 15), date(2026, 11, 21))
    assert periods.compared_with(comparison, days, NOW) == Period.of_days(first, last)


def test_no_comparison_gives_none() -> None:
    days = Days(TODAY, TODAY)
    assert periods.compared_with(periods.NO_COMPARISON, days, NOW) is None


def test_whole_months_step_by_months() -> None:
    march = Days(date(2026, 3, 1), date(2026, 3, 31))
    february = Days(date(2026, 2, 1), date(2026, 2, 28))
    assert periods.previous(march) == february
    assert periods.following(february) == march


def test_29_february_is_compared_with_28_february() -> None:
    leap_day = Days(date(2024, 2, 29), date(2024, 2, 29))
    period = periods.compared_with(periods.YEAR, leap_day, NOW)
    assert period == Period.of_days(date(2023, 2, 28), date(2023, 2, 28))


spans = st.builds(
    lambda first, length: Days(first, first + timedelta(days=length)),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
)


@given(spans)
def test_the_next_period_of_the_previous_one_is_the_period(days: Days) -> None:
    before = periods.previous(days)
    # 487 days can happen to be 16 whole months: then both steps are by months.
    assume(periods.whole_months(before) == periods.whole_months(days))
    assert periods.following(before) == days


@given(spans)
def test_the_previous_period_ends_the_day_before(days: Days) -> None:
    assert periods.previous(days).last == days.first - timedelta(days=1)


@given(spans)
def test_matched_weekdays_are_the_same_weekdays(days: Days) -> None:
    for comparison in (periods.PREVIOUS_WEEKDAYS, periods.YEAR_WEEKDAYS):
        period = periods.compared_with(comparison, days, datetime(2040, 1, 1))
        assert period is not None
        assert period.start.weekday() == days.first.weekday()
        assert period.length == timedelta(days=len(days))


@given(spans, st.sampled_from(periods.GRANULARITIES))
def test_auto_never_draws_more_than_about_a_hundred_buckets(
    days: Days, granularity: str
) -> None:
    granularity = periods.granularity_of(granularity, days)
    size = {"day": 1, "week": 7, "month": 28}[granularity]
    if granularity == periods.AUTO:
        assert len(days) / size <= 105
    else:
        assert granularity == granularity.lower()


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (Days(TODAY, TODAY), "22 Nov 2026"),
        (Days(date(2026, 10, 26), TODAY), "26 Oct – 22 Nov 2026"),
        (Days(date(2025, 12, 31), date(2026, 1, 1)), "31 Dec 2025 – 1 Jan 2026"),
    ],
)
def test_dates_read_like_a_person_writes_them(days: Days, text: str) -> None:
    assert periods.describe(days) == text
