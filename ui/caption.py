"""The line beneath the period bar: what the controls above it mean, in dates."""

from metrics import periods
from metrics.periods import Days
from metrics.query import Query


def caption(query: Query, days: Days, granularity: str, *, bots: bool) -> str:
    """Return the dates of both periods and whatever is not as usual."""
    parts = [
        f"{periods.describe(days)} · {counted(days, query)}",
        _compared(query),
        f"by {query.granularity}{_why(granularity, query)}",
        "bots included" if bots else "",
        "weekends shown" if query.weekends else "",
        "UTC",
    ]
    return " · ".join(part for part in parts if part)


def counted(days: Days, query: Query) -> str:
    """Return the number of days, and whether the running one is among them."""
    count = f"{len(days):,} day{'s' if len(days) != 1 else ''}"
    today = query.now.date()
    if days.last >= today:
        return f"{count}, with today so far"
    return f"{count}, without today" if days.last == today - periods.DAY else count


def _compared(query: Query) -> str:
    if query.comparison is None:
        return ""
    before = Days(query.comparison.first_day, query.comparison.last_day)
    return f"compared with {periods.describe(before)}"


def _why(granularity: str, query: Query) -> str:
    """Say so where a period has too many days to draw each of them."""
    asked = granularity.lower()
    return " (too long for days)" if asked == "day" != query.granularity else ""
