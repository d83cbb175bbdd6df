"""How figures print everywhere: on pages, in reports. None prints as "–"."""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, isfinite
from urllib.parse import quote

from metrics.subject import Unit

SECONDS: Mapping[Unit, int] = {"seconds": 1, "minutes": 60}
"""The units of durations, in seconds."""
NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
MOST_DIGITS = 9
"""Decimals of a number that is nearly 0."""
_TO_100, _ALMOST_ALL = 99.95, 99.9
# Letters of scripts that are written from right to left.
_LEFTWARD = (
    r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_BESIDE = rf"[\W\d_{_LEFTWARD}]*"
_INSIDE = rf"(?:[^\w()]|[\d_{_LEFTWARD}])*"
# A bracket that closes behind them and opens among them is one of theirs.
LEFTWARD_WORDS = re.compile(
    rf"[{_LEFTWARD}](?:{_BESIDE}\({_INSIDE}[{_LEFTWARD}]{_INSIDE}\))?"
    rf"(?:{_BESIDE}[{_LEFTWARD}])?"
)
"""Words from right to left: see `isolated`."""
# Emoji of several parts, flags such as Scotland's, and words of Persian have these.
_JOINS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")
# More digits than any float has before its point.
_MANY = Context(prec=400)


def number(value: float | None, unit: Unit, *beside: float | None) -> str:
    """Print a value with its unit: 1,234 · 12.3% · 3.56 · 4.2 min · 45 s.

    Durations, counted in minutes or in seconds, print in the same unit as the longest
    one `beside` them, or in a smaller one in which none of them is 0; shares with as
    many decimals (`share_digits`).
    """
    # A figure of damaged rows may be no number.
    if value is None or not isfinite(value):
        return NOTHING
    match unit:
        case "count":
            text = fixed(value, 0)
        case "points":
            text = fixed(whole_points(value), 0)
        case "share":
            text = f"{fixed(value * 100, share_digits(value, *beside))}%"
        case "number":
            text = fixed(value, number_digits(value))
        case "seconds" | "minutes":
            text = _duration(value, beside, SECONDS[unit])
    return with_minus(text)


def share_digits(*shares: float | None) -> int:
    """Return the decimals of shares in percent: one, more where it would mislead.

    Only none is 0.0% and only all is 100.0%: a part is 0.04%, or 99.96%.
    """
    parts = [min(share, 1 - share) for share in shares if share and 0 < share < 1]
    return digits_in_print(100 * min(parts, default=1.0), 1)


def digits_in_print(value: float, fewest: int) -> int:
    """Return the decimals, at least the `fewest`, with which a part is not 0.

    Of a rest that subtracting floats leaves, such as 6e-17, they are the fewest.
    """
    digits = range(fewest, MOST_DIGITS + 1) if value else ()
    return next((n for n in digits if not prints_zero(fixed(value, n))), fewest)


def number_digits(value: float) -> int:
    """Return the decimals of a number: two, more where these are few digits of it.

    A change of 21.6% from 0.07 to 0.09 would not agree with what is printed.
    """
    fewest = 2 + sum(0 < abs(value) < limit for limit in (1, 0.1))
    return digits_in_print(value, fewest)


def whole_points(value: float) -> float:
    """Return points as they are printed: whole ones that have been reached.

    Rounded, 69.6 points would be 70, which is healthy, beside the word "cooling".
    """
    return floor(value) if isfinite(value) else value


def fixed(value: float, digits: int) -> str:
    """Print a number with so many decimals as browsers do: halves away from zero.

    Charts and tables are printed by the browser; Python would print 6.25 as 6.2, and
    one share would be 6.2% on a tile and 6.3% in its table.
    """
    if not isfinite(value):
        return NOTHING
    # The float itself, not its shortest text: 0.15 is less than a half.
    exact = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _MANY)
    return f"{exact:,f}"


def change(now: float | None, before: float | None, unit: Unit) -> str:
    """Print a change: percent, or percentage points for a share; else "n/a".

    A number that may be negative has no percentage: its difference is printed. It is
    the change of what is printed: two shares differ by what their texts do, and two
    numbers of one text, such as 40 s or 0, not at all.
    """
    if now is None or before is None:
        return "n/a"
    if not (isfinite(now) and isfinite(before)):
        return "n/a"
    if unit == "share":
        digits = share_digits(now, before)
        return f"{signed(100 * _share_difference(now, before), digits)} pp"
    if number(now, unit, before) == number(before, unit, now):
        return f"{signed(0, 1)}%"
    if before == 0:
        return "n/a"
    if before < 0 or now < 0:
        difference = number(now - before, unit)
        positive = now > before and not prints_zero(difference)
        return f"+{difference}" if positive else difference
    percent = (now - before) / before * 100
    # Of 5,000 one is left: that is not all.
    if now > 0:
        percent = max(percent, -_ALMOST_ALL)
    # What is printed as 100 has no decimal either.
    return f"{signed(percent, 1 if abs(percent) < _TO_100 else 0)}%"


def isolated(text: str) -> str:
    """Return a text whose words from right to left leave what follows in its place.

    After an Arabic or Hebrew name, ": 79 votes" would otherwise begin on its left.
    """
    return LEFTWARD_WORDS.sub("\u2068\\g<0>\u2069", text)


def in_one_line(text: str) -> str:
    """Return a text with blanks in place of line breaks and of what is not drawn."""
    shown = (c if c.isprintable() or _JOINS.match(c) else " " for c in text)
    return " ".join("".join(shown).split())


def link_target(link: str) -> str:
    """Return an address for a link in Markdown, which a bracket in it would end."""
    return quote(link, safe="/:?&=#%+@,;~!$*'")


def prints_zero(text: str) -> bool:
    """Return whether a printed number is nothing but zeros, such as "0.0%"."""
    return not re.search("[1-9]", text)


def judged_change(now: float | None, before: float | None, unit: Unit) -> float | None:
    """Return the change that is compared with the usual ones.

    Of shares the printed difference, of others the part of before; None where there is
    no percentage: from 0 to more, or across it.
    """
    if now is None or before is None:
        return None
    if unit == "share":
        return _share_difference(now, before)
    if now == before == 0:
        return 0.0
    return (now - before) / before if before > 0 and now >= 0 else None


def _share_difference(now: float, before: float) -> float:
    """Return the difference of two shares as they are printed, in parts of 1."""
    digits = share_digits(now, before)
    one, other = (
        fixed(share * 100, digits).replace(",", "") for share in (now, before)
    )
    # A share of a damaged store may be no number.
    if NOTHING in {one, other}:
        return now - before
    return float((Decimal(one) - Decimal(other)) / 100)


def beside_usual(low: float, high: float, change: float) -> str:
    """Return how a change is to the usual ones: "within", "beyond" or "smaller than".

    Where each usual change is a fall, as of a Saturday after a Friday, a smaller fall
    is outside of them, and no bad news.
    """
    if low <= change <= high:
        return "within"
    return "smaller than" if 0 < change < low or high < change < 0 else "beyond"


def usual_span(low: float, high: float, change: float, unit: Unit) -> str:
    """Print the usual changes: "−9 to +14%", for a share "−2 to +3 pp".

    In whole numbers, and with decimals where "within" or "beyond" them would otherwise
    look wrong beside the change: +14.4% is not beyond +14% but beyond +14.2%. Ends that
    are one in print are named once: "within the usual 0%".
    """
    inside = low <= change <= high
    shown = float(fixed(100 * change, 1).replace(",", ""))

    def fits(digits: int) -> bool:
        ends = (float(fixed(100 * e, digits).replace(",", "")) for e in (low, high))
        least, most = ends
        return (least <= shown <= most) == inside

    digits = next(filter(fits, range(3)), 3)
    ends = dict.fromkeys(signed(100 * end, digits) for end in (low, high))
    return f"{' to '.join(ends)}{' pp' if unit == 'share' else '%'}"


def ends_apart(low: float, high: float, digits: int) -> list[str]:
    """Print both ends of an interval with as many digits as tell them apart."""
    texts = ([fixed(end, n) for end in (low, high)] for n in range(digits, digits + 3))
    return next(
        (both for both in texts if both[0] != both[1]),
        [fixed(end, digits) for end in (low, high)],
    )


def signed(value: float, digits: int) -> str:
    """Print a number with its sign; one that rounds to 0 has none."""
    text = fixed(value, digits)
    if prints_zero(text):
        return with_minus(text)
    return with_minus(text if value < 0 else f"+{text}")


def with_minus(text: str) -> str:
    """Return a printed number with a minus sign for its hyphen, zeros without one."""
    return text.replace("-", "" if prints_zero(text) else MINUS)


def unit_of_seconds(
    longest: float, shortest: float | None = None
) -> tuple[int, str, int]:
    """Return the unit of durations up to this one: its seconds, its name, its digits.

    Seconds below two minutes, minutes below two hours, else hours, by what is printed:
    119.6 seconds are 2.0 min, as 120 are, and not "120 s". It is a smaller one where
    the `shortest` would print as 0: 99 s before 2.5 h are 1.6 min before 150.0 min. So
    have seconds as many digits as the shortest needs.
    """
    least = longest if shortest is None else shortest
    for size, name, digits, end in ((1, "s", 0, 119.5), (60, "min", 1, 119.95)):
        larger = fixed(least / (60 * size), 1)
        if not longest / size >= end or (least and prints_zero(larger)):
            return size, name, digits_in_print(least / size, digits)
    return 3600, "h", 1


def _duration(value: float, beside: Iterable[float | None], seconds: int) -> str:
    known = [
        abs(each) * seconds for each in (value, *beside) if each and isfinite(each)
    ]
    size, name, digits = unit_of_seconds(max(known, default=0), min(known, default=0))
    return f"{fixed(value * seconds / size, digits)} {name}"
