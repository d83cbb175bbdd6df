"""How numbers, times and names print. None prints as "–"."""

import re
from datetime import date, datetime, timedelta
from urllib.parse import quote

from metrics import periods
from metrics.frames import Period
from metrics.subject import Unit

NOTHING = "–"


_MINUS = "\N{MINUS SIGN}"


def number(value: float | None, unit: Unit, beside: float | None = None) -> str:
    """Print a value with its unit: 1,234 · 12.3% · 3.56 · 4.2 min · 45 s.

    Durations print in the same unit as the longer one `beside` them.
    """
    if value is None:
        return NOTHING
    match unit:
        case "count" | "points":
            text = f"{value:,.0f}"
        case "share":
            text = f"{value * 100:.1f}%"
        case "number":
            text = f"{value:,.2f}"
        case "minutes":
            text = f"{value:,.1f} min"
        case "seconds":
            text = _seconds(value, max(abs(value), abs(beside or 0)))
    return _with_minus(text)


def change(now: float | None, before: float | None, unit: Unit) -> str:
    """Print a change: percent, or percentage points for a share; else "n/a".

    A number that may be negative has no percentage: its difference is printed.
    """
    if now is None or before is None or (before == 0 and unit != "share"):
        return "n/a"
    if unit == "share":
        return f"{signed((now - before) * 100, 1)} pp"
    if before < 0 or now < 0:
        difference = number(now - before, unit)
        positive = now > before and re.search("[1-9]", difference)
        return f"+{difference}" if positive else difference
    percent = (now - before) / before * 100
    return f"{signed(percent, 1 if abs(percent) < 100 else 0)}%"


def arrow(now: float | None, before: float | None, unit: Unit) -> str:
    """Print a change with an arrow for its sign: "↓ 7.6%", "↑ 1.2 pp", "n/a"."""
    text = change(now, before, unit)
    return text.replace("+", "↑ ").replace(_MINUS, "↓ ")


def signed(value: float, digits: int) -> str:
    """Print a number with its sign; one that rounds to 0 has none."""
    text = f"{value:+,.{digits}f}"
    return _with_minus(text if float(text.replace(",", "")) else text[1:])


def _with_minus(text: str) -> str:
    """Return a printed number with a minus sign, which nothing but zeros has not."""
    return text.replace("-", _MINUS if re.search("[1-9]", text) else "")


def linked(text: str, link: str | None) -> str:
    """Return a text as Markdown, with its link where it has one."""
    if link is None:
        return escaped(text)
    target = quote(link, safe="/:?&=#%+@,;~!$*'")
    return f"[{escaped(text)}]({target})"


def days(first: date, last: date) -> str:
    """Print a date or a span of dates: "26 Oct – 22 Nov 2026"."""
    return periods.describe(periods.Days(first, last))


def period(shown: Period) -> str:
    """Print the dates of a period."""
    return days(shown.first_day, shown.last_day)


def age(span: timedelta) -> str:
    """Print how long ago: "just now", "4 minutes ago", "3 hours ago"."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for size, name in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count:,} {name}{'s' if count != 1 else ''} ago"
    raise AssertionError("the last size is one minute")


def instant(time: datetime, today: datetime) -> str:
    """Print a UTC time: "14:20 UTC", with its date when it is not today's."""
    if time.date() == today.date():
        return f"{time:%H:%M} UTC"
    return f"{time.day} {time:%b %Y, %H:%M} UTC"


def day(time: datetime) -> str:
    """Print a date: "5 Nov 2026"."""
    return f"{time.day} {time:%b %Y}"


def size(count: int) -> str:
    """Print a number of bytes: 2.3 MB."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def _seconds(value: float, longest: float) -> str:
    if longest < 120:
        return f"{value:,.0f} s"
    return f"{value / 60:,.1f} min" if longest < 7200 else f"{value / 3600:,.1f} h"


_SPECIAL = frozenset("\\`*_{}[]()<>#+-.!|~$:^=&@\"'/")


_JOINER = "\N{WORD JOINER}"
_TURNED = re.compile(
    r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=@)(?=\S)|(?<=[:<>=~-])(?=[\w:<>=~+-])|(?<=\w)(?=@)",
    re.IGNORECASE,
)
"""Where an invisible character keeps addresses, `:shortcodes:` and arrows apart.

Streamlit looks for them after Markdown has resolved its escapes.
"""


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it as plain text on one line.

    Line breaks, tabs and control characters become spaces: two of them would start a
    paragraph or a block of code.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in _TURNED.sub(_JOINER, line))


def shortened(text: str, length: int = 40) -> str:
    """Return the start of a text from the address as Markdown."""
    return escaped(text if len(text) <= length else text[:length] + "…")
