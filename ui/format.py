"""How numbers, times and names print. None prints as "–"."""

import re
from datetime import datetime, timedelta

from metrics.subject import Unit

NOTHING = "–"


def number(value: float | None, unit: Unit) -> str:
    """Print a value with its unit: 1,234 · 12.3 % · 3.56 · 4.2 min · 45 s."""
    if value is None:
        return NOTHING
    match unit:
        case "count" | "points":
            return f"{value:,.0f}"
        case "share":
            return f"{value * 100:.1f} %"
        case "number":
            return f"{value:,.2f}"
        case "minutes":
            return f"{value:,.1f} min"
        case "seconds":
            return _seconds(value)


def change(now: float | None, before: float | None, unit: Unit) -> str:
    """Print a change: percent, or percentage points for a share; else "n/a"."""
    if now is None or before is None:
        return "n/a"
    if unit == "share":
        return f"{(now - before) * 100:+.1f} pp"
    if before == 0:
        return "n/a"
    return f"{(now - before) / before * 100:+.1f} %"


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


def _seconds(value: float) -> str:
    if value < 120:
        return f"{value:,.0f} s"
    return f"{value / 60:,.1f} min" if value < 7200 else f"{value / 3600:,.1f} h"


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
