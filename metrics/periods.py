"""The periods that the bar offers, as pure functions of a clock and a time zone.

Every period is a span of whole days in one time zone. "Last 28 days" has 28 dates;
only Today, the to-date periods and All time include the running day, and these end
at the clock. "Last 24 hours" is no span of days: it begins and ends at the clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.constants import HISTORY, MONTHS_OF_HISTORY, NEW_USERS_BEFORE
from metrics.frames import Period
from metrics.query import Granularity
from metrics.time_zone import UTC_ZONE, to_local, to_utc

DAY = timedelta(days=1)
TODAY, ALL_TIME, CUSTOM = "today", "all_time", "custom"
DEFAULT_PERIOD = "last_28_days"

PREVIOUS, YEAR, NO_COMPARISON = "previous", "year", "none"
COMPARISONS: Mapping[str, str] = {
    PREVIOUS: "Previous period",
    YEAR: "Same period last year",
    NO_COMPARISON: "No comparison",
}
"""Key → label."""

AUTO = "auto"
GRANULARITIES: Mapping[str, str] = {
    AUTO: "Auto",
    "hour": "Hour",
    "day": "Day",
    "week": "Week",
    "month": "Month",
}
"""Key → label."""

_YEAR = 366
MOST_HOURLY_DAYS = 7
"""Days that a chart shows hour by hour."""
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


@dataclass(frozen=True, slots=True)
class PeriodOption:
    """A named period."""

    label: str
    days: Callable[[date, date], Days]
    """The dates, from today and the first day with data."""
    to_date: int = 0
    """Months of the unit that a to-date period is a part of; 0 for other periods."""
    hours: int = 0
    """The length of a period that begins and ends at the clock; 0 for whole days."""
    by_days: bool = False
    """Whether it steps by its days and is compared with as many, also where they are a
    month."""
    aliases: tuple[str, ...] = ()
    """What older links call it."""


def _ending_yesterday(length: int) -> Callable[[date, date], Days]:
    return lambda today, _: Days(today - length * DAY, today - DAY)


def _add_months(day: date, months: int) -> date | None:
    """Return the same day of another month; None where that month is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return None


def _first_of_month(day: date, months: int = 0) -> date:
    """Return the first day of the month that is `months` after the day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _first_of_quarter(day: date, quarters: int = 0) -> date:
    return _first_of_month(day, 3 * quarters - (day.month - 1) % 3)


def _last_week(today: date, _: date) -> Days:
    monday = today - (today.weekday() + 7) * DAY
    return Days(monday, monday + 6 * DAY)


PERIODS: Mapping[str, PeriodOption] = {
    TODAY: PeriodOption("Today", lambda today, _: Days(today, today)),
    "last_24_hours": PeriodOption(
        "Last 24 hours", lambda today, _: Days(today - DAY, today), hours=24
    ),
    "yesterday": PeriodOption("Yesterday", _ending_yesterday(1)),
    "last_week": PeriodOption("Last week (Mon–Sun)", _last_week),
    "last_7_days": PeriodOption(
        "Last 7 days", _ending_yesterday(7), aliases=("7 days",)
    ),
    DEFAULT_PERIOD: PeriodOption(
        "Last 28 days", _ending_yesterday(28), by_days=True, aliases=("28 days",)
    ),
    "last_30_days": PeriodOption(
        "Last 30 days", _ending_yesterday(30), by_days=True, aliases=("30 days",)
    ),
    "last_91_days": PeriodOption(
        "Last 91 days", _ending_yesterday(91), by_days=True, aliases=("91 days",)
    ),
    "month_to_date": PeriodOption(
        "Month to date",
        lambda today, _: Days(_first_of_month(today), today),
        to_date=1,
    ),
    "last_month": PeriodOption(
        "Last month",
        lambda today, _: Days(_first_of_month(today, -1), _first_of_month(today) - DAY),
    ),
    "quarter_to_date": PeriodOption(
        "Quarter to date",
        lambda today, _: Days(_first_of_quarter(today), today),
        to_date=3,
    ),
    "last_quarter": PeriodOption(
        "Last quarter",
        lambda today, _: Days(
            _first_of_quarter(today, -1), _first_of_quarter(today) - DAY
        ),
    ),
    "year_to_date": PeriodOption(
        "Year to date",
        lambda today, _: Days(date(today.year, 1, 1), today),
        to_date=12,
    ),
    "last_12_months": PeriodOption(
        "Last 12 months",
        lambda today, _: Days(
            _first_of_month(today, -12), _first_of_month(today) - DAY
        ),
        aliases=("12 months",),
    ),
    ALL_TIME: PeriodOption(
        "All time", lambda today, beginning: Days(min(beginning, today), today)
    ),
}
"""Key → period, in the order of the bar. The keys are those of links and of the API."""


def period_of(
    days: Days, now: datetime, zone: ZoneInfo = UTC_ZONE, *, hours: int = 0
) -> Period:
    """Return the days of a zone as a period; the running day ends at the clock.

    With `hours` it is that many hours up to the clock, whatever the days. Where data is
    late, `now` is its end: days after it are left out, unless these are all of them.
    """
    if hours:
        return Period(now - timedelta(hours=hours), now, zone)
    whole = Period.of_days(days.first, days.last, zone)
    return replace(whole, end=min(whole.end, now)) if whole.start < now else whole


def with_new_users(period: Period) -> Period:
    """Return a period with all earlier days whose new users are counted."""
    return replace(period, start=period.start - NEW_USERS_BEFORE)


def with_history(period: Period, every: Granularity) -> Period:
    """Return a period with all earlier days that its tables depend on."""
    back = MONTHS_OF_HISTORY if every == "month" else HISTORY
    return replace(period, start=period.start - back)


def compared_with(
    comparison: str,
    days: Days,
    now: datetime,
    *,
    to_date: int = 0,
    match_weekdays: bool = False,
    zone: ZoneInfo = UTC_ZONE,
    hours: int = 0,
    by_days: bool = False,
) -> Period | None:
    """Return the period to compare with; None for no comparison, or before the period.

    A to-date period is compared with the same days of the unit before, a whole month
    with a whole month, but `by_days` with as many days: the last 28 may be a February.
    Where the period is still running, so is the comparison: it ends on the same day at
    the same time. Where the earlier month is too short (30 February), it ends with that
    month. With `hours` it is as many hours: those just before, by weekdays those of a
    week before, or those up to the same time a year before.
    """
    if comparison == NO_COMPARISON:
        return None
    if hours:
        end = _end_of_hours(comparison, now, hours, zone, match_weekdays=match_weekdays)
        return Period(end - timedelta(hours=hours), end, zone)
    whole_ones = 0 if by_days else whole_months(days)
    months = 12 if comparison == YEAR else to_date or whole_ones
    earlier = _earlier(days, months, whole=whole_ones > 0)
    if match_weekdays:
        # From the comparison itself to the nearest one that starts on the same weekday.
        weeks = round((days.first - earlier.first) / timedelta(weeks=1))
        # Rounding to weeks may reach back into the period itself.
        # A year of weeks is a day shorter than a year: the two would share that day.
        apart = comparison == PREVIOUS or len(days) <= _YEAR
        overlap_free = -(-len(days) // 7) if apart else 0
        earlier, months = days.moved(-timedelta(weeks=max(weeks, overlap_free))), 0
    whole = Period.of_days(earlier.first, earlier.last, zone)
    clock = to_local(now, zone)
    if days.last < clock.date():
        return whole
    # Late data may end before the period begins.
    if clock <= datetime.combine(days.first, time.min):
        return None
    end = to_utc(_same_time(clock, days, earlier, months), zone)
    return Period(whole.start, min(whole.end, end), zone)


def _same_time(clock: datetime, days: Days, earlier: Days, months: int) -> datetime:
    """Return until when the earlier days count if their counterparts do to the clock.

    `months` is how far apart they are in months; 0 where days are counted.
    """
    # The running day counts up to now: so does the day that it is compared with.
    today = clock.date()
    if not months:
        # Arithmetic forgets which pass of a repeated hour it is.
        moved = clock - (days.first - earlier.first)
        return moved.replace(fold=clock.fold)
    same_day = _add_months(today, -months)
    if same_day is not None:
        return datetime.combine(same_day, clock.time())
    next_month = _first_of_month(today, 1 - months)
    # Of 29 February alone there is a part: so there is of 28 February.
    if days.first == today:
        return datetime.combine(next_month - DAY, clock.time())
    # 31 May has no 31 April: the whole month is the fairer comparison.
    return datetime.combine(next_month, time.min)


def _end_of_hours(
    comparison: str, now: datetime, hours: int, zone: ZoneInfo, *, match_weekdays: bool
) -> datetime:
    """Return when the hours end that are compared with those up to the clock."""
    clock = to_local(now, zone)
    if comparison == YEAR:
        day = _add_months(clock.date(), -12) or clock.date() - 365 * DAY
        if match_weekdays:
            day = clock.date() - 52 * 7 * DAY
        return to_utc(datetime.combine(day, clock.time()), zone)
    if match_weekdays:
        return to_utc(clock - 7 * DAY, zone)
    return now - timedelta(hours=hours)


def _earlier(days: Days, months: int, *, whole: bool) -> Days:
    """Return the days so many months back; for 0 months those just before.

    Of `whole` months it is whole ones.
    """
    if not months:
        return days.moved(-len(days) * DAY)
    if whole:
        return Days(
            _first_of_month(days.first, -months),
            _first_of_month(days.last + DAY, -months) - DAY,
        )
    first, last = (
        _add_months(day, -months) or _first_of_month(day, 1 - months) - DAY
        for day in (days.first, days.last)
    )
    return Days(first, last)


def previous(days: Days, to_date: int = 0, *, by_days: bool = False) -> Days:
    """Return the span before: whole months step by months, others by their length.

    A to-date period is preceded by the whole unit before it; with `by_days` a whole
    month by as many days.
    """
    # March is compared with February, not with the 31 days before it.
    months = to_date or (0 if by_days else whole_months(days))
    if not months:
        return days.moved(-len(days) * DAY)
    return Days(_first_of_month(days.first, -months), days.first - DAY)


def step_back(
    days: Days, beginning: date, to_date: int = 0, *, by_days: bool = False
) -> Days | None:
    """Return the span before, None where it ends before the data begins."""
    # Before its first day there may be no date at all.
    if days.first <= beginning:
        return None
    before = previous(days, to_date, by_days=by_days)
    return before if before.last >= beginning else None


def step_forward(days: Days, today: date, *, by_days: bool = False) -> Days | None:
    """Return the span after, None where it is in the future.

    Where it would reach beyond today, months end today and other spans keep their
    length and end today, with `by_days` also where they are months.
    """
    after_first = days.last + DAY
    if after_first > today:
        return None
    months = 0 if by_days else whole_months(days)
    if months:
        last = _first_of_month(after_first, months) - DAY
        return Days(after_first, min(last, today))
    after = days.moved(len(days) * DAY)
    return after.moved(min(timedelta(), today - after.last))


def whole_months(days: Days) -> int:
    """Return how many calendar months the span covers, 0 when not whole ones."""
    after = days.last + DAY
    # Both edges have to be first days of a month.
    if days.first.day != 1 or after.day != 1:
        return 0
    return (after.year - days.first.year) * 12 + after.month - days.first.month


def granularity_of(asked: str, days: Days) -> Granularity:
    """Return the length of a bucket; "auto" keeps a chart below about 100 of them.

    Hours of more than a week, days of more than three years and weeks of more than 21
    are no lines that can be read: they become days, weeks and months.
    """
    match asked:
        case "hour" if len(days) <= MOST_HOURLY_DAYS:
            return "hour"
        case "hour" | "day" if len(days) <= MOST_DAYS:
            return "day"
        case "hour" | "day" | "week":
            return "week" if len(days) <= 7 * MOST_DAYS else "month"
        case "month":
            return "month"
        # Auto: a day or two have too few points by day.
        case _ if len(days) <= 2:
            return "hour"
        case _:
            return "day" if len(days) <= 92 else "week" if len(days) <= 731 else "month"


def describe(days: Days) -> str:
    """Return the dates as a reader would write them: "26 Oct – 22 Nov 2026"."""
    first, last = days.first, days.last
    end = f"{last.day} {last:%b %Y}"
    if first == last:
        return end
    style: Literal["%b", "%b %Y"] = "%b" if first.year == last.year else "%b %Y"
    return f"{first.day} {first:{style}} – {end}"


def not_compared(begins: date) -> str:
    """Return why nothing is compared with days before the data begins."""
    return f"no comparison: the data begins on {describe(Days(begins, begins))}"


def describe_period(period: Period) -> str:
    """Return the dates of a period, with its times where it does not begin a day."""
    if not period.begins_within_a_day:
        return describe(Days(period.first_day, period.last_day))
    start, end = period.local(period.start), period.local(period.end)
    year = "" if start.year == end.year else f" {start.year}"
    return (
        f"{start.day} {start:%b}{year}, {start:%H:%M} – "
        f"{end.day} {end:%b %Y}, {end:%H:%M}"
    )


@dataclass(frozen=True, slots=True)
class CustomDays:
    """Own dates from a link, and what had to be changed."""

    days: Days
    problems: tuple[str, ...] = ()
    asked: Days | None = None
    """The dates as they are in the link, where only the first is before the data."""


def read_days(
    first: str | None, last: str | None, fallback: Days, beginning: date, today: date
) -> CustomDays:
    """Read own dates; whatever cannot be shown is replaced and named.

    Dates after today or before the data begins move there, and reversed dates change
    places. Where one is missing or unreadable, the days run from the other to the end
    of `fallback`, or are as many as those of `fallback`; without both they are those.
    """
    problems: list[str] = []

    def read(name: str, text: str | None) -> date | None:
        if text is None:
            problems.append(f"{name} is missing")
            return None
        day = _read_date(text.strip())
        if day is None:
            given = text if len(text) <= 20 else f"{text[:20]}…"
            problems.append(f"{name} “{given}” is not a valid date like 2026-11-22")
            return None
        if beginning <= day <= today:
            return day
        after = day > today
        problems.append(
            f"{name} {day} is "
            + ("in the future" if after else "before the data begins")
        )
        return today if after else beginning

    start, end = read("from", first), read("to", last)
    if start is None:
        if end is None:
            return CustomDays(fallback, tuple(problems))
        start = max(beginning, end - (len(fallback) - 1) * DAY)
    elif end is None:
        end = max(start, fallback.last)
    if start > end:
        problems.append("from is after to")
    days = Days(min(start, end), max(start, end))
    since, until = (_read_date((text or "").strip()) for text in (first, last))
    is_early = since is not None and since < beginning and until == end
    asked = Days(since, end) if since is not None and is_early else None
    return CustomDays(days, tuple(problems), asked)


def _read_date(text: str) -> date | None:
    # `fromisoformat` also reads week dates and dates without hyphens.
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
