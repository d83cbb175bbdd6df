"""The line beneath the period bar: what the controls above it mean, in dates."""

from metrics import periods
from metrics.periods import Days
from metrics.scope import Scope


def caption(scope: Scope, days: Days, granularity: str, *, bots: bool) -> str:
    """Return the dates of both periods and whatever is not as usual."""
    parts = [
        f"{periods.describe(days)} · {counted(days, scope)}",
        _compared(scope),
        f"by {scope.every}{_why(granularity, scope)}",
        "bots included" if bots else "",
        "weekends shown" if scope.weekends else "",
        "UTC",
    ]
    return " · ".join(part for part in parts if part)


def counted(days: Days, scope: Scope) -> str:
    """Return the number of days, and whether the running one is among them."""
    count = f"{len(days):,} day{'s' if len(days) != 1 else ''}"
    today = scope.now.date()
    if days.last >= today:
        return f"{count}, with today so far"
    return f"{count}, without today" if days.last == today - periods.DAY else count


def _compared(scope: Scope) -> str:
    if scope.before is None:
        return ""
    before = Days(scope.before.first_day, scope.before.last_day)
    return f"compared with {periods.describe(before)}"


def _why(granularity: str, scope: Scope) -> str:
    """Say so where a period has too many days to draw each of them."""
    asked = granularity.lower()
    return " (too long for days)" if asked == "day" != scope.every else ""
