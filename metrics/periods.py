"""The periods that the bar offers, as pure functions of a clock.

Every period is a span of whole days in UTC. "28 days" has 28 dates; only Today,
the "to date" periods and All time include the running day, and end at the clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from metrics.frames import Period
from metrics.query import Granularity

DAY = timedelta(days=1)
ALL_TIME = "All time"
CUSTOM = "Custom"
DEFAULT_PERIOD = "28 days"
PREVIOUS, PREVIOUS_WEEKDAYS = "Previous period", "Previous, same weekdays"
YEAR, YEAR_WEEKDAYS = "Year ago", "Year ago, same weekdays"
NO_COMPARISON = "No comparison"
COMPARISONS = (PREVIOUS, PREVIOUS_WEEKDAYS, YEAR, YEAR_WEEKDAYS, NO_COMPARISON)
AUTO = "Auto"
GRANULARITIES = (AUTO, "Day", "Week", "Month")


MOST_DAYS = 1_100
"""Days that a chart shows one by one: three years."""


@dataclass(frozen=True, slots=True)
class Days:
    """A span of dates, both ends included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def moved(self, by: timedelta) -> "Days":
        """Return the span of the same length, later by the given time."""
        return Days(self.first + by, self.last + by)


def _ending_yesterday(length: int) -> Callable[[date, date], Days]:
    return lambda today, _: Days(today - length * DAY, today - DAY)


def _first_of_month(day: date, months: int = 0) -> date:
    """Return the first day of the month that lies `months` after the day's."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


PERIODS: Mapping[str, Callable[[date, date], Days]] = {
    "Today": lambda today, _: Days(today, today),
    "Yesterday": _ending_yesterday(1),
    "7 days": _ending_yesterday(7),
    DEFAULT_PERIOD: _ending_yesterday(28),
    "30 days": _ending_yesterday(30),
    "91 days": _ending_yesterday(91),
    "Month to date": lambda today, _: Days(_first_of_month(today), today),
    "Last month": lambda today, _: Days(
        _first_of_month(today, -1), _first_of_month(today) - DAY
    ),
    "Year to date": lambda today, _: Days(date(today.year, 1, 1), today),
    "12 months": lambda today, _: Days(
        _first_of_month(today, -12), _first_of_month(today) - DAY
    ),
    ALL_TIME: lambda today, beginning: Days(min(beginning, today), today),
}
"""Name → days, as a function of today and of the first day with data."""


def period_of(days: Days, now: datetime) -> Period:
    """Return the days as a window; the running day ends at the clock."""
    whole = Period.of_days(days.first, days.last)
    return Period(whole.start, max(whole.start, min(whole.end, now)))


def compared_with(comparison: str, days: Days, now: datetime) -> Period | None:
    """Return the window to compare with, or None for no comparison.

    It is cut where the period itself is cut by the clock: a running day is
    compared with the same hours of the day before.
    """
    if comparison == NO_COMPARISON:
        return None
    earlier = _EARLIER[comparison](days)
    whole = Period.of_days(earlier.first, earlier.last)
    elapsed = now - datetime.combine(days.first, datetime.min.time())
    end = min(whole.end, whole.start + max(elapsed, timedelta()))
    return Period(whole.start, end) if days.last >= now.date() else whole


def previous(days: Days) -> Days:
    """Return the span before: whole months step by months, others by length."""
    months = whole_months(days)
    if months:
        return Days(_first_of_month(days.first, -months), days.first - DAY)
    return days.moved(-len(days) * DAY)


def following(days: Days) -> Days:
    """Return the span after; the inverse of `previous` for spans of one kind."""
    months = whole_months(days)
    if months:
        after = days.last + DAY
        return Days(after, _first_of_month(after, months) - DAY)
    return days.moved(len(days) * DAY)


def whole_months(days: Days) -> int:
    """Return how many calendar months the span covers, 0 when not whole ones."""
    after = days.last + DAY
    if days.first.day != 1 or after.day != 1:
        return 0
    return (after.year - days.first.year) * 12 + after.month - days.first.month


def _same_weekdays_before(days: Days) -> Days:
    weeks = -(-len(days) // 7)
    return days.moved(-weeks * 7 * DAY)


def _year_ago(days: Days) -> Days:
    return Days(_same_day_last_year(days.first), _same_day_last_year(days.last))


def _same_day_last_year(day: date) -> date:
    """29 February has none: the day before stands in."""
    last_february_day = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if last_february_day else day.day)


_EARLIER: Mapping[str, Callable[[Days], Days]] = {
    PREVIOUS: previous,
    PREVIOUS_WEEKDAYS: _same_weekdays_before,
    YEAR: _year_ago,
    YEAR_WEEKDAYS: lambda days: days.moved(-52 * 7 * DAY),
}


def granularity_of(granularity: str, days: Days) -> Granularity:
    """Return the bucket; "Auto" keeps a chart below about 100 of them.

    More than `MOST_DAYS` days are no lines that anybody can read: they are weeks.
    """
    chosen: Mapping[str, Granularity] = {"Day": "day", "Week": "week", "Month": "month"}
    if granularity == "Day" and len(days) > MOST_DAYS:
        return "week"
    if granularity == "Week" and len(days) > 7 * MOST_DAYS:
        return "month"
    if granularity in chosen:
        return chosen[granularity]
    return "day" if len(days) <= 92 else "week" if len(days) <= 731 else "month"


def describe(days: Days) -> str:
    """Return the dates as a reader would write them: "26 Oct – 22 Nov 2026"."""
    first, last = days.first, days.last
    end = f"{last.day} {last:%b %Y}"
    if first == last:
        return end
    style: Literal["%b", "%b %Y"] = "%b" if first.year == last.year else "%b %Y"
    return f"{first.day} {first:{style}} – {end}"
