"""The periods of the bar: dates, comparisons, steps and own dates from links."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics import periods
from metrics.frames import Period
from metrics.periods import COMPARISONS, GRANULARITIES, PERIODS, PREVIOUS, YEAR, Days
from metrics.time_zone import to_local

NOW = datetime(2026, 11, 22, 14, 20)
TODAY = NOW.date()
BEGINNING = date(2024, 5, 24)
DAY = timedelta(days=1)
TO_DATE = {key: option.to_date for key, option in PERIODS.items() if option.to_date}


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("today", date(2026, 11, 22), date(2026, 11, 22)),
        ("yesterday", date(2026, 11, 21), date(2026, 11, 21)),
        ("last_week", date(2026, 11, 9), date(2026, 11, 15)),
        ("last_7_days", date(2026, 11, 15), date(2026, 11, 21)),
        ("last_28_days", date(2026, 10, 25), date(2026, 11, 21)),
        ("last_30_days", date(2026, 10, 23), date(2026, 11, 21)),
        ("last_91_days", date(2026, 8, 23), date(2026, 11, 21)),
        ("month_to_date", date(2026, 11, 1), date(2026, 11, 22)),
        ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
        ("quarter_to_date", date(2026, 10, 1), date(2026, 11, 22)),
        ("last_quarter", date(2026, 7, 1), date(2026, 9, 30)),
        ("year_to_date", date(2026, 1, 1), date(2026, 11, 22)),
        ("last_12_months", date(2025, 11, 1), date(2026, 10, 31)),
        ("all_time", date(2024, 5, 24), date(2026, 11, 22)),
    ],
)
def test_a_period_covers_these_dates(key: str, first: date, last: date) -> None:
    assert PERIODS[key].days(TODAY, BEGINNING) == Days(first, last)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_last_week_is_the_last_whole_week_from_monday(today: date) -> None:
    days = PERIODS["last_week"].days(today, BEGINNING)
    assert (days.first.weekday(), len(days)) == (0, 7)
    assert days.last < today <= days.last + 7 * DAY


def test_last_month_in_january_is_december() -> None:
    days = PERIODS["last_month"].days(date(2026, 1, 31), BEGINNING)
    assert days == Days(date(2025, 12, 1), date(2025, 12, 31))


def test_the_running_day_ends_at_the_clock() -> None:
    period = periods.period_of(Days(TODAY, TODAY), NOW)
    assert period == Period(datetime(2026, 11, 22), NOW)


def test_a_period_that_is_over_is_whole() -> None:
    period = periods.period_of(Days(date(2026, 11, 20), date(2026, 11, 21)), NOW)
    assert period == Period(datetime(2026, 11, 20), datetime(2026, 11, 22))


def test_today_is_compared_with_the_same_hours_of_yesterday() -> None:
    period = periods.compared_with(PREVIOUS, Days(TODAY, TODAY), NOW)
    assert period == Period(datetime(2026, 11, 21), datetime(2026, 11, 21, 14, 20))


@pytest.mark.parametrize(
    ("comparison", "match", "first", "last"),
    [
        (PREVIOUS, False, date(2026, 11, 8), date(2026, 11, 14)),
        (PREVIOUS, True, date(2026, 11, 8), date(2026, 11, 14)),
        (YEAR, False, date(2025, 11, 15), date(2025, 11, 21)),
        (YEAR, True, date(2025, 11, 16), date(2025, 11, 22)),
    ],
)
def test_seven_days_are_compared_with(
    comparison: str, match: bool, first: date, last: date
) -> None:
    days = Days(date(2026, 11, 15), date(2026, 11, 21))
    found = periods.compared_with(comparison, days, NOW, match_weekdays=match)
    assert found == Period.of_days(first, last)


def test_no_comparison_gives_none() -> None:
    days = Days(TODAY, TODAY)
    assert periods.compared_with(periods.NO_COMPARISON, days, NOW) is None


@pytest.mark.parametrize(
    ("key", "today", "comparison", "first", "last", "is_whole"),
    [
        ("month_to_date", "2026-11-22", PREVIOUS, "2026-10-01", "2026-10-22", False),
        # The last day of a long month: the month before is shorter.
        ("month_to_date", "2026-03-31", PREVIOUS, "2026-02-01", "2026-02-28", True),
        ("month_to_date", "2028-03-30", PREVIOUS, "2028-02-01", "2028-02-29", True),
        ("month_to_date", "2028-03-29", PREVIOUS, "2028-02-01", "2028-02-29", False),
        # The last day of a short month: the month before goes on.
        ("month_to_date", "2026-02-28", PREVIOUS, "2026-01-01", "2026-01-28", False),
        # The turn of the year.
        ("month_to_date", "2026-01-01", PREVIOUS, "2025-12-01", "2025-12-01", False),
        ("quarter_to_date", "2026-01-15", PREVIOUS, "2025-10-01", "2025-10-15", False),
        ("quarter_to_date", "2026-05-31", PREVIOUS, "2026-01-01", "2026-02-28", True),
        ("year_to_date", "2026-11-22", PREVIOUS, "2025-01-01", "2025-11-22", False),
        # A year ago, around 29 February.
        ("year_to_date", "2028-02-29", YEAR, "2027-01-01", "2027-02-28", True),
        ("year_to_date", "2028-03-01", YEAR, "2027-01-01", "2027-03-01", False),
        ("year_to_date", "2029-03-01", YEAR, "2028-01-01", "2028-03-01", False),
        ("month_to_date", "2028-02-29", YEAR, "2027-02-01", "2027-02-28", True),
    ],
)
def test_a_to_date_period_is_compared_with_the_same_days(
    key: str, today: str, comparison: str, first: str, last: str, is_whole: bool
) -> None:
    now = datetime.fromisoformat(f"{today} 09:30")
    days = PERIODS[key].days(now.date(), BEGINNING)
    found = periods.compared_with(comparison, days, now, to_date=PERIODS[key].to_date)
    whole = Period.of_days(date.fromisoformat(first), date.fromisoformat(last))
    cut = datetime.fromisoformat(f"{last} 09:30")
    assert found == (whole if is_whole else Period(whole.start, cut))


@given(
    st.sampled_from(sorted(TO_DATE)),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
    st.sampled_from([PREVIOUS, YEAR]),
)
@example("month_to_date", datetime(2026, 3, 31, 12), PREVIOUS)  # 28 February
def test_a_to_date_comparison_starts_its_unit_and_ends_on_the_same_day_and_time(
    key: str, now: datetime, comparison: str
) -> None:
    days = PERIODS[key].days(now.date(), BEGINNING)
    found = periods.compared_with(comparison, days, now, to_date=TO_DATE[key])
    # As it begins, nothing of it is known.
    if now == datetime.combine(days.first, time.min):
        assert found is None
        return
    assert found is not None
    months = 12 if comparison == YEAR else TO_DATE[key]
    apart = (days.first.year - found.start.year) * 12
    assert apart + days.first.month - found.start.month == months
    assert (found.start.day, found.start.time()) == (1, datetime.min.time())
    if found.end.time() == datetime.min.time() != now.time():
        # That month is too short: it is whole.
        assert found.last_day.day < now.day
        assert found.end.day == 1
    else:
        assert (found.end.day, found.end.time()) == (now.day, now.time())
    assert found.end <= now


@pytest.mark.parametrize("comparison", [PREVIOUS, YEAR])
@pytest.mark.parametrize("month", [date(2028, m, 1) for m in range(1, 13)], ids=str)
def test_a_whole_month_is_compared_with_a_whole_month(
    month: date, comparison: str
) -> None:
    days = Days(month, (month + 32 * DAY).replace(day=1) - DAY)
    found = periods.compared_with(comparison, days, datetime(2040, 1, 1))
    assert found is not None
    assert periods.whole_months(Days(found.first_day, found.last_day)) == 1


def test_29_february_is_compared_with_28_february() -> None:
    leap_day = Days(date(2024, 2, 29), date(2024, 2, 29))
    period = periods.compared_with(YEAR, leap_day, NOW)
    assert period == Period.of_days(date(2023, 2, 28), date(2023, 2, 28))


spans = st.builds(
    lambda first, length: Days(first, first + timedelta(days=length)),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
)


@given(spans)
def test_the_previous_period_ends_the_day_before(days: Days) -> None:
    assert periods.previous(days).last == days.first - DAY


@given(spans, st.sampled_from([PREVIOUS, YEAR]), st.sampled_from([0, 1, 3, 12]))
def test_matched_weekdays_are_the_same_weekdays(
    days: Days, comparison: str, to_date: int
) -> None:
    period = periods.compared_with(
        comparison,
        days,
        datetime(2040, 1, 1),
        to_date=to_date,
        match_weekdays=True,
    )
    assert period is not None
    assert period.start.weekday() == days.first.weekday()
    assert period.length == timedelta(days=len(days))
    if comparison == PREVIOUS or len(days) <= 366:
        assert period.last_day < days.first


@given(
    st.sampled_from([*PERIODS, "custom"]),
    st.dates(date(2025, 1, 1), date(2031, 1, 1)),
    st.lists(st.sampled_from([-1, 1]), max_size=12),
    spans,
)
def test_no_step_leads_beyond_history_or_to_an_impossible_period(
    key: str, today: date, steps: list[int], own: Days
) -> None:
    days = own if key == "custom" else PERIODS[key].days(today, BEGINNING)
    to_date = TO_DATE.get(key, 0)
    if key == "custom":
        days = Days(min(own.first, today), min(own.last, today))
    for direction in steps:
        there = (
            periods.step_back(days, BEGINNING, to_date)
            if direction < 0
            else periods.step_forward(days, today)
        )
        if there is None:
            continue
        assert there.first <= there.last <= today
        assert there.last >= BEGINNING or direction > 0
        assert there != days
        days, to_date = there, 0


def test_forward_from_a_whole_month_is_the_running_one() -> None:
    october = Days(date(2026, 10, 1), date(2026, 10, 31))
    assert periods.step_forward(october, TODAY) == Days(date(2026, 11, 1), TODAY)


def test_forward_from_yesterday_keeps_the_length_and_ends_today() -> None:
    days = PERIODS["last_7_days"].days(TODAY, BEGINNING)
    assert periods.step_forward(days, TODAY) == days.moved(DAY)
    assert periods.step_forward(days.moved(DAY), TODAY) is None


def test_back_from_all_time_and_forward_from_today_lead_nowhere() -> None:
    everything = PERIODS["all_time"].days(TODAY, BEGINNING)
    assert periods.step_back(everything, BEGINNING) is None
    assert periods.step_forward(everything, TODAY) is None
    assert periods.step_forward(Days(TODAY, TODAY), TODAY) is None


@given(spans, st.sampled_from(sorted(GRANULARITIES)))
@example(Days(TODAY - 6 * DAY, TODAY), "hour")
@example(Days(TODAY, TODAY), "month")
def test_no_granularity_draws_more_buckets_than_can_be_read(
    days: Days, asked: str
) -> None:
    found = periods.granularity_of(asked, days)
    per_day = {"hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 28}[found]
    if asked == "auto":
        assert len(days) * per_day <= 105
    elif len(days) <= 7:
        assert found == asked
    else:
        assert found != "hour"
        assert len(days) * per_day <= periods.MOST_DAYS


FALLBACK = Days(date(2026, 10, 25), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("key", "today"),
    [
        ("last_28_days", "2026-03-01"),
        ("last_30_days", "2026-07-01"),
        ("last_91_days", "2026-07-01"),
    ],
)
def test_days_by_number_are_compared_with_as_many_also_where_they_are_months(
    key: str, today: str
) -> None:
    option, now = PERIODS[key], datetime.fromisoformat(f"{today} 09:30")
    days = option.days(now.date(), BEGINNING)
    assert periods.whole_months(days)
    for comparison in (PREVIOUS, YEAR):
        found = periods.compared_with(comparison, days, now, by_days=option.by_days)
        assert found is not None
        assert found.length == len(days) * DAY
        assert comparison == YEAR or found.end.date() == days.first


@pytest.mark.parametrize(
    ("first", "last", "shown", "problems"),
    [
        ("2026-03-02", "2026-03-29", Days(date(2026, 3, 2), date(2026, 3, 29)), []),
        (None, None, FALLBACK, ["from is missing", "to is missing"]),
        (
            "2026-11-22",
            None,
            Days(date(2026, 11, 22), date(2026, 11, 22)),
            ["to is missing"],
        ),
        (
            "2026-11-01",
            None,
            Days(date(2026, 11, 1), FALLBACK.last),
            ["to is missing"],
        ),
        (
            None,
            "2026-03-29",
            Days(date(2026, 3, 2), date(2026, 3, 29)),
            ["from is missing"],
        ),
        (
            "2026-02-29",
            "2026-03-29",
            Days(date(2026, 3, 2), date(2026, 3, 29)),
            ["from “2026-02-29” is not a valid date like 2026-11-22"],
        ),
        (
            " 2026-03-02",
            "2026-03-29 ",
            Days(date(2026, 3, 2), date(2026, 3, 29)),
            [],
        ),
        (
            "2026-03-29",
            "2026-03-02",
            Days(date(2026, 3, 2), date(2026, 3, 29)),
            ["from is after to"],
        ),
        (
            "2026-11-20",
            "2026-12-01",
            Days(date(2026, 11, 20), TODAY),
            ["to 2026-12-01 is in the future"],
        ),
        (
            "1999-01-01",
            "2026-11-20",
            Days(BEGINNING, date(2026, 11, 20)),
            ["from 1999-01-01 is before the data begins"],
        ),
        (
            "22.11.2026",
            "20261120",
            FALLBACK,
            [
                "from “22.11.2026” is not a valid date like 2026-11-22",
                "to “20261120” is not a valid date like 2026-11-22",
            ],
        ),
    ],
)
def test_own_dates_that_cannot_be_shown_are_named(
    first: str | None, last: str | None, shown: Days, problems: list[str]
) -> None:
    read = periods.read_days(first, last, FALLBACK, BEGINNING, TODAY)
    assert (read.days, list(read.problems)) == (shown, problems)


@given(
    st.none() | st.text(max_size=12) | st.dates().map(str),
    st.none() | st.text(max_size=12) | st.dates().map(str),
)
def test_whatever_a_link_says_the_dates_are_possible(
    first: str | None, last: str | None
) -> None:
    read = periods.read_days(first, last, FALLBACK, BEGINNING, TODAY)
    assert BEGINNING <= read.days.first <= read.days.last <= TODAY
    shown = [str(read.days.first), str(read.days.last)]
    assert [(first or "").strip(), (last or "").strip()] == shown or read.problems


@given(st.dates(BEGINNING, TODAY))
def test_one_date_alone_is_kept(day: date) -> None:
    since = periods.read_days(str(day), None, FALLBACK, BEGINNING, TODAY)
    until = periods.read_days(None, str(day), FALLBACK, BEGINNING, TODAY)
    assert (since.days.first, until.days.last) == (day, day)
    assert since.problems == ("to is missing",)
    assert until.problems == ("from is missing",)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (Days(TODAY, TODAY), "22 Nov 2026"),
        (Days(date(2026, 10, 26), TODAY), "26 Oct – 22 Nov 2026"),
        (Days(date(2025, 12, 31), date(2026, 1, 1)), "31 Dec 2025 – 1 Jan 2026"),
    ],
)
def test_dates_read_like_a_user_writes_them(days: Days, text: str) -> None:
    assert periods.describe(days) == text


def test_each_name_belongs_to_one_period() -> None:
    owners = [
        (name.casefold(), key)
        for key, option in PERIODS.items()
        for name in {key, option.label, *option.aliases}
    ]
    assert len({name for name, _ in set(owners)}) == len(set(owners))
    assert len(set(COMPARISONS.values())) == len(COMPARISONS)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("comparison", "match", "ends"),
    [
        (PREVIOUS, False, datetime(2026, 11, 21, 15, 20)),
        (PREVIOUS, True, datetime(2026, 11, 15, 15, 20)),
        (YEAR, False, datetime(2025, 11, 22, 15, 20)),
        (YEAR, True, datetime(2025, 11, 23, 15, 20)),
    ],
)
def test_the_last_24_hours_end_at_the_clock_and_so_does_what_they_are_compared_with(
    comparison: str, match: bool, ends: datetime
) -> None:
    now = datetime(2026, 11, 22, 15, 20)
    option = PERIODS["last_24_hours"]
    days = option.days(now.date(), BEGINNING)
    assert days == Days(date(2026, 11, 21), now.date())
    period = periods.period_of(days, now, BERLIN, hours=option.hours)
    assert (period.start, period.end) == (now - timedelta(hours=24), now)
    found = periods.compared_with(
        comparison,
        days,
        now,
        match_weekdays=match,
        zone=BERLIN,
        hours=option.hours,
    )
    assert found == Period(ends - timedelta(hours=24), ends, BERLIN)


@given(
    st.sampled_from(sorted(PERIODS)),
    st.sampled_from([PREVIOUS, YEAR]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),
    st.timedeltas(timedelta(), timedelta(days=40)),
)
# The data ends on a day that the earlier month does not have.
@example("year_to_date", PREVIOUS, datetime(2028, 3, 20), timedelta(days=19.5))
@example("last_quarter", PREVIOUS, datetime(2026, 7, 2), timedelta(days=31.5))
@example("last_28_days", YEAR, datetime(2028, 3, 20), timedelta(days=19.5))
@example("today", YEAR, datetime(2028, 2, 29, 9), timedelta())
@example("last_7_days", PREVIOUS, datetime(2026, 7, 9), timedelta(days=7))
def test_both_periods_end_where_late_data_does(
    key: str, comparison: str, now: datetime, late: timedelta
) -> None:
    option, until = PERIODS[key], now - late
    days = option.days(now.date(), BEGINNING)
    period = periods.period_of(days, until, hours=option.hours)
    found = periods.compared_with(
        comparison, days, until, to_date=option.to_date, hours=option.hours
    )
    whole = Period.of_days(days.first, days.last)
    if until <= whole.start and not option.hours:
        # None of the days has data: there is nothing to compare.
        assert (period, found) == (whole, None)
        return
    assert found is not None
    assert period.end == (until if option.hours else min(whole.end, until))
    if until < whole.end:
        # A shorter month is whole.
        is_whole = found.end.time() == datetime.min.time()
        assert is_whole or found.end.time() == until.time()
        # Three months differ by three days at most, a day from none.
        differ = timedelta(days=3 if len(days) > 1 else 0)
        assert abs(found.length - period.length) <= differ


def test_24_hours_stay_24_hours_when_the_clocks_change() -> None:
    """On 25 October 2026 Berlin's clocks go back: a day has 25 hours."""
    now = datetime(2026, 10, 25, 12, 30)
    period = periods.period_of(Days(now.date(), now.date()), now, BERLIN, hours=24)
    assert period.length == timedelta(hours=24)
    assert periods.describe_period(period) == "24 Oct, 14:30 – 25 Oct 2026, 13:30"


@pytest.mark.parametrize("hours", [0, 24])
@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30)),
        ("America/Santiago", datetime(2026, 4, 5, 3, 30)),
        ("Africa/Cairo", datetime(2026, 10, 29, 21, 30)),
    ],
)
def test_a_repeated_hour_is_compared_with_the_same_pass_a_year_ago(
    zone: str, now: datetime, hours: int
) -> None:
    """52 weeks before, the clocks went back on the same weekday."""
    place = ZoneInfo(zone)
    for clock in (now, now - timedelta(hours=1)):
        day = to_local(clock, place).date()
        found = periods.compared_with(
            YEAR, Days(day, day), clock, match_weekdays=True, zone=place, hours=hours
        )
        assert found is not None
        assert found.end == clock - timedelta(weeks=52)


def test_dates_before_the_data_are_kept_as_they_were_asked_for() -> None:
    first, last = BEGINNING - timedelta(days=9), BEGINNING + timedelta(days=9)
    for spaces in ("", " "):
        given = f"{spaces}{first}", f"{last}{spaces}"
        read = periods.read_days(*given, FALLBACK, BEGINNING, TODAY)
        assert read.days == Days(BEGINNING, last)
        assert read.asked == Days(first, last)
