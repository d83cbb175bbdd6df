"""How figures print everywhere: on pages, in reports. None prints as "–"."""

import re

from metrics.subject import Unit

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"


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


def signed(value: float, digits: int) -> str:
    """Print a number with its sign; one that rounds to 0 has none."""
    text = f"{value:+,.{digits}f}"
    return _with_minus(text if float(text.replace(",", "")) else text[1:])


def _with_minus(text: str) -> str:
    """Return a printed number with a minus sign, which nothing but zeros has not."""
    return text.replace("-", MINUS if re.search("[1-9]", text) else "")


def _seconds(value: float, longest: float) -> str:
    if longest < 120:
        return f"{value:,.0f} s"
    return f"{value / 60:,.1f} min" if longest < 7200 else f"{value / 3600:,.1f} h"
