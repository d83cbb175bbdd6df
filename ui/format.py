"""How pages print numbers (as `metrics.formats` does), times and names."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from metrics import periods
from metrics.attention import duration
from metrics.formats import MINUS, in_one_line, isolated, link_target
from metrics.formats import NOTHING as NOTHING
from metrics.formats import change as change
from metrics.formats import number as number
from metrics.formats import signed as signed
from metrics.registry import DEFINITIONS
from metrics.sentences import counted
from metrics.sentences import day_of as day_of
from metrics.subject import Unit
from metrics.time_zone import UTC_ZONE

period = periods.describe_period


def beside_each_other(values: Iterable[float | None], unit: Unit) -> list[str]:
    """Print numbers that are compared: durations in one unit."""
    numbers = [*values]
    return [number(value, unit, *numbers) for value in numbers]


def counts(numbers: pl.Expr) -> pl.Expr:
    """Return whole numbers as texts: "1,234"."""
    digits = numbers.cast(pl.Int64).cast(pl.String)
    # Three digits that are followed by groups of three only: a look-ahead, reversed.
    groups = digits.str.reverse().str.replace_all(r"(\d{3})", "${1},")
    return groups.str.reverse().str.replace(r"^(-?),", "$1")


def cases(number: int, key: str) -> str:
    """Return a sample size: "1 vote", "1,602 votes"."""
    title = DEFINITIONS[key].title.removesuffix(" (n)")
    several = title[0].lower() + title[1:]
    # The first plural is what is counted: "1 room compared".
    return counted(number, re.sub(r"s\b", "", several, count=1), several)


def arrow(now: float | None, before: float | None, unit: Unit) -> str:
    """Print a change with an arrow for its sign: "↓ 7.6%", "↑ 1.2 pp", "n/a"."""
    text = change(now, before, unit)
    return text.replace("+", "↑ ").replace(MINUS, "↓ ")


def linked(text: str, link: str | None) -> str:
    """Return a text as Markdown, with its link where it has one."""
    if link is None:
        return escaped(text)
    return f"[{escaped(text)}]({link_target(link)})"


def days(first: date, last: date) -> str:
    """Print a date or a span of dates: "26 Oct – 22 Nov 2026"."""
    return periods.describe(periods.Days(first, last))


_JOINER = "\N{WORD JOINER}"
# Spaces before a dot or dash, in a date or time, after a number, and in "compared
# with".
_KEPT = re.compile(
    r" (?=[·–])|(?<=\d) (?=(?!expected)[a-z]|(?:[A-Z][a-z]{2}|[A-Z]{3,4})\b)"
    r"|(?<=[A-Z][a-z]{2}) (?=\d{4}\b)|(?<=compared) (?=with)|(?<=with) (?=\d)"
)
# Of a range: "09:00–10:00", "3–90".
_DASH = re.compile(r"(?<=\d)–(?=\d)")


def kept_together(line: str) -> str:
    """Return a line that breaks no date, no range, and no number from what it counts.

    On a phone "26" was on one line and "Mar 2025" on the next, and "0" apart from
    "votes".
    """
    return _DASH.sub(f"–{_JOINER}", _KEPT.sub("\N{NO-BREAK SPACE}", line))


def kept_dates(markdown: str) -> str:
    """Return Markdown that breaks no date within: "2026-" on a line, "11-12" below."""
    return re.sub(r"(?<=\d)\\?-(?=\d)", rf"\g<0>{_JOINER}", markdown)


def kept_together_in_html(html: str) -> str:
    """Return HTML whose texts are `kept_together`, and whose tags stay: "<h2 style"."""
    return re.sub(">[^<]+", lambda text: kept_together(text[0]), html)


def age(span: timedelta) -> str:
    """Print how long ago: "just now", "4 minutes ago", "3 hours ago"."""
    return "just now" if span < timedelta(minutes=1) else f"{duration(span)} ago"


def instant(time: datetime, now: datetime, zone: ZoneInfo = UTC_ZONE) -> str:
    """Print a UTC time as clocks of the zone show it: "14:20 UTC", "15:20 CET".

    With its date when it is not today's.
    """
    there, today = (at.replace(tzinfo=UTC).astimezone(zone) for at in (time, now))
    date = "" if there.date() == today.date() else f"{there.day} {there:%b %Y}, "
    return f"{date}{clock_time(there)}"


def clock_time(there: datetime) -> str:
    """Print the time of day of a time in a zone: "15:20 CET", "09:20 UTC-05"."""
    name = there.tzname() or ""
    # Zones without an abbreviation have their offset for a name: +14, -03, +1345.
    hours, minutes = name[:3], name[3:]
    offset = f"UTC{hours}:{minutes}" if minutes else f"UTC{hours}"
    return f"{there:%H:%M} {name if name.isalpha() else offset}"


_SPECIAL = frozenset("\\`*_{}[]()<>#+-.!|~$:^=&@\"'/")
# Where an invisible character keeps addresses, `:shortcodes:` and arrows apart.
# Streamlit looks for them after Markdown has resolved its escapes.
_TURNED = re.compile(
    r"(?<=:)(?=//|\w)|(?<=www)(?=\.)|(?<=@)(?=\S)|(?<=[:<>=~-])(?=[:<>=~+-])",
    re.IGNORECASE,
)


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it as plain text on one line.

    Line breaks, tabs and control characters become spaces: two of them would start a
    paragraph or a block of code.
    """
    line = _TURNED.sub(_JOINER, isolated(in_one_line(text)))
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in line)


def shortened(text: str, length: int = 40) -> str:
    """Return the start of a text from the address as Markdown."""
    return escaped(text if len(text) <= length else text[:length] + "…")
