"""How numbers read in a sentence, and how shares are compared."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from metrics import formats
from metrics.expressions import MINIMUM_SAMPLE
from metrics.uncertainty import HIGHER, LOWER, SECOND, UNCLEAR

_MOST_NAMED, _LONGEST_NAME = 12, 60


def some_of(names: Iterable[str]) -> str:
    """Return names that others chose, which may be many and long: "a, b, 3 more"."""
    every = [*names]
    more = len(every) - _MOST_NAMED
    rest = [f"{more:,} more"] if more > 0 else []
    return ", ".join([*map(cut, every[:_MOST_NAMED]), *rest])


def cut(text: str) -> str:
    """Return a text that others wrote, short enough for a sentence."""
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def percent(share: float, digits: int = 0) -> str:
    """Return a share in percent; in whole ones only none is 0% and only all is 100%."""
    if digits:
        return f"{formats.fixed(100 * share, digits)}%"
    if 0 < share < 0.01:
        return "less than 1%"
    if 0.99 < share < 1:
        return "more than 99%"
    return f"{formats.fixed(100 * share, 0)}%"


def in_figures(share: float, digits: int = 0) -> str:
    """Return a share in percent after "about" or "than the": "0.4%", never in words."""
    if not 0 < share < 1:
        return percent(share, digits)
    least = (n for n in range(digits, _MOST_DIGITS) if _in_print(share, n))
    return percent(share, next(least, _MOST_DIGITS))


def _in_print(share: float, digits: int) -> bool:
    """Return whether a part is neither none nor all with so many digits in percent."""
    unit: float = 10.0 ** -(digits + 2)
    return unit <= share <= 1 - unit


def portion(share: float, digits: int = 0, *, none: str = "None") -> str:
    """Return a share of a number of things: "62%", "None".

    Within a sentence `none` is "none".
    """
    return none if share == 0 else percent(share, digits)


def portion_of(
    share: float, things: str, digits: int = 0, *, none: str = "None"
) -> str:
    """Return a share of some things: "62% of votes", "None of the votes"."""
    the = "the " if share == 0 else ""
    return f"{portion(share, digits, none=none)} of {the}{things}"


def digits_between(one: float, other: float) -> int:
    """Return how many digits two shares need in percent to print differently."""
    unlike = (n for n in range(_MOST_DIGITS) if percent(one, n) != percent(other, n))
    return next(unlike, _MOST_DIGITS)


def duration(seconds: float) -> str:
    """Return seconds below two minutes, minutes below two hours, else hours."""
    return formats.number(seconds, "seconds")


def durations(*spans: Sequence[float | None]) -> list[str]:
    """Return durations, each with its interval if it has one: "2.0 min (1.8–2.2)".

    A span is a number of seconds and the two ends of its interval. All print in the
    unit of the longest, and with as many digits as tell different durations apart.
    """
    size, unit, fewest = _unit([end for span in spans for end in span])
    known = [span[0] or 0 for span in spans]

    def texts(digits: int) -> list[str]:
        return [formats.fixed(seconds / size, digits) for seconds in known]

    def tells_apart(digits: int) -> bool:
        # A short duration is not 0 either.
        zeros = [formats.prints_zero(text) for text in texts(digits)]
        different = len(set(texts(digits))) == len(set(known))
        return different and zeros == [not seconds for seconds in known]

    enough = filter(tells_apart, range(fewest, fewest + _MOST_DIGITS))
    digits = next(enough, fewest)
    return [
        f"{text} {unit}{_ends(span[1:], size, digits)}"
        for text, span in zip(texts(digits), spans, strict=True)
    ]


def difference(low: float, high: float) -> str:
    """Return an interval of a difference in seconds: "−2 to +4 s"."""
    size, unit, digits = _unit((low, high))
    ends = (formats.signed(end / size, digits) for end in (low, high))
    return f"{' to '.join(ends)} {unit}"


def _unit(seconds: Sequence[float | None]) -> tuple[int, str, int]:
    """Return the unit of the longest duration: its seconds, name, usual digits."""
    known = [abs(each) for each in seconds if each is not None]
    return formats.unit_of_seconds(max(known, default=0))


def _ends(ends: Sequence[float | None], size: int, digits: int) -> str:
    known = [end / size for end in ends if end is not None]
    if len(known) < 2:
        return ""
    return f" ({'–'.join(formats.ends_apart(known[0], known[1], digits))})"


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number of things: "1 room", "2,000 rooms"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


ONE_OF: Mapping[str, str] = {
    "votes": "vote",
    "estimations": "estimation",
    "rooms": "active room",
    "users": "user",
    "unique_users": "user",
    "new_users": "new user",
    "page_views": "page view",
}
"""What is counted → what one of it is called in a sentence."""


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return names as a list in a sentence: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def day_of(day: date) -> str:
    """Return a date as the pages write it: "26 Oct 2026"."""
    return f"{day.day} {day:%b %Y}"


def weekday_of(day: date) -> str:
    """Return a date with its weekday, without its year: "Mon 26 Oct"."""
    return f"{day:%a} {day.day} {day:%b}"


def missing_note(tables: Collection[str], mark: str = "`") -> str:
    """Return the sentence for live tables that the store lacks.

    `mark` is put before and after a name, by default that of Markdown.
    """
    names = listed([f"{mark}{table}{mark}" for table in sorted(tables)])
    table, is_, its = (
        ("Table", "is", "Its") if len(tables) == 1 else ("Tables", "are", "Their")
    )
    return (
        f"{table} {names} {is_} missing. {its} metrics are empty until the next sync "
        "run."
    )


def begins_note(later: Mapping[str, date]) -> str:
    """Return what is said of live tables that begin later than others: on which day.

    In a list of remarks, so that it does not end with a full stop.
    """
    parts = []
    for day in sorted({*later.values()}):
        tables = sorted(live for live, begins in later.items() if begins == day)
        begin, its = ("begins", "its") if len(tables) == 1 else ("begin", "their")
        parts.append(
            f"{listed(tables)} {begin} on {day_of(day)}: {its} earlier numbers are "
            "unknown"
        )
    return "; ".join(parts)


def only_row(frame: pl.DataFrame) -> dict[str, Any]:
    """Return the only row of a table of totals; every figure may be hidden."""
    return frame.row(0, named=True)


def share_of(frame: pl.DataFrame, part: str, n: str) -> float | None:
    """Return the share over all rows, None below 20 cases."""
    cases = int(frame[n].sum())
    return int(frame[part].sum()) / cases if cases >= MINIMUM_SAMPLE else None


def with_interval(
    row: Mapping[str, Any], name: str, digits: int = 0, none: str | None = None
) -> str:
    """Return a share with its interval, where it has one: "48% (44–52)".

    `none` replaces 0%, where "of 30 users" follows: "None (0–11%) of 30 users".
    """
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    share, sign = percent(row[name], digits), ""
    if none and row[name] == 0:
        # After a word the ends would be numbers of users.
        share, sign = none, "%"
    if low is None or high is None:
        return share
    ends = formats.ends_apart(100 * low, 100 * high, digits)
    return f"{share} ({'–'.join(ends)}{sign})"


def adding_up(counts: Sequence[int]) -> list[str]:
    """Return shares of a whole in whole percent that add up to 100.

    Only all is 100%; 0 is "none".
    """
    whole = sum(counts)
    exact = [100 * count / whole for count in counts]
    points = [int(share) for share in exact]
    # The largest remainders are rounded up, so that the parts add up to 100%.
    by_rest = sorted(range(len(exact)), key=lambda n: points[n] - exact[n])
    for n in by_rest[: 100 - sum(points)]:
        points[n] += 1
    texts = {0: "less than 1%", 100: "more than 99%"}
    return [
        "none"
        if count == 0
        else f"{share}%"
        if count == whole
        else texts.get(share, f"{share}%")
        for share, count in zip(points, counts, strict=True)
    ]


def detectable(row: Mapping[str, Any], name: str) -> str:
    """Return the smallest detectable difference as a sentence, where it is large."""
    difference = row.get(f"{name}_detectable")
    if difference is None or difference < _LARGE:
        return ""
    points = formats.fixed(100 * difference, 0)
    return f" Only differences of about {points} points or more would show."


_LARGE = 0.1
_MOST_DIGITS = 3


def changed(frame: pl.DataFrame, name: str, what: str) -> str | None:
    """Return how a share changed from one half of the period to the other.

    `frame` has the columns of `uncertainty.trends`. None where a half has fewer than 20
    cases. Halves are of whole buckets: the sentence says where they meet.
    """
    if frame.height < 2:
        return None
    first, second = ({**frame.row(row, named=True)} for row in (0, -1))
    half, verdict = f"{name}_of_half", second[f"{name}_verdict"]
    # Half a period may have too few cases where the whole one has enough.
    if first[half] is None or second[half] is None:
        return None
    # A change that is claimed has to be one in print.
    clear = verdict in {HIGHER, LOWER}
    digits = digits_between(first[half], second[half]) if clear else 0
    before, after = (with_interval(row, half, digits) for row in (first, second))
    both = in_halves(before, after, frame)
    if verdict is None:
        return f"Too few rooms to compare the share of {what}: {both}."
    if verdict == UNCLEAR:
        hint = detectable(second, name)
        return f"No clear change in the share of {what}: {both}.{hint}"
    went = "rose" if verdict == HIGHER else "fell"
    return f"The share of {what} {went}: {both}."


def in_halves(before: str, after: str, frame: pl.DataFrame) -> str:
    """Return what was in both halves of a period: "60% before 2 Nov 2026, …".

    `frame` has the columns bucket and half.
    """
    second = frame.filter(half=SECOND)["bucket"]
    return f"{before} before {day_of(second[0])}, {after} from then on"


def compared(
    frame: pl.DataFrame,
    name: str,
    counts: tuple[str, str],
    what: tuple[str, str],
    describe: Callable[[Mapping[str, Any]], str],
    of_all: str = "",
) -> str | None:
    """Return which labels have a higher or lower share than all the others together.

    `frame` has the columns of `uncertainty.comparisons`, and `counts`: what counts and
    the number of cases. `what` is what labels are called, and what counts ("devices",
    "estimated again"); `describe` puts a row into words ("of 130 users on desktop"),
    and `of_all` all rows where the question does not name its cases ("pairs").
    Cases without a label (null in the first column) are left out, and said to be.
    """
    several, verb = what
    labelled = frame.drop_nulls(frame.columns[:1])
    known = labelled.drop_nulls(name)
    if known.is_empty():
        return None
    is_whole = labelled.height == frame.height
    # The share of these is not that of a tile, which has all.
    named = several if is_whole else f"known {several}"
    rest = "all others" if is_whole else f"all other {named}"
    overall = share_of(labelled, *counts) or 0
    rows = [*known.iter_rows(named=True)]
    if len(rows) == 1:
        share = with_interval(rows[0], name, none="None")
        return f"{share} {describe(rows[0])} {verb}."
    # Of none and of all, "about" would say less than is known.
    part = portion(overall, none="none")
    if 0 < overall < 1:
        part = f"about {in_figures(overall)}"
    of = "of" if overall else "of the"
    about = f"{part} {of} {of_all} {verb}" if of_all else f"{part} {verb}"
    tested = [row for row in rows if row[f"{name}_verdict"] is not None]
    if not tested:
        return f"Too few to compare {named}: {about}."
    higher = [row for row in tested if row[f"{name}_verdict"] == HIGHER]
    lower = [row for row in tested if row[f"{name}_verdict"] == LOWER]
    if not higher and not lower:
        # The label that says most: even there no difference was found.
        easiest = min(tested, key=lambda row: row[f"{name}_detectable"])
        hint = detectable(easiest, name)
        return f"No clear difference between {named}: {about}.{hint}"
    # The clearest of each: the one with the share furthest from the others.
    best = max(higher, key=lambda row: row[name], default=None)
    worst = min(lower, key=lambda row: row[name], default=None)
    # Of two labels each is all the others of the other one: one clause is enough.
    if best and worst and len(tested) == 2:
        digits = digits_between(best[name], worst[name])
        share = with_interval(best, name, digits)
        less = with_interval(worst, name, digits, none="none")
        return f"{share} {describe(best)} {verb}, {less} {describe(worst)}."
    parts: list[str] = []
    for row, way in ((best, "more"), (worst, "fewer")):
        if row:
            others = row[f"{name}_others"]
            digits = digits_between(row[name], others)
            share = with_interval(row, name, digits, none="none" if parts else "None")
            parts.append(
                f"{share} {describe(row)} {verb}, {way} "
                f"than the {in_figures(others, digits)} of {rest}"
            )
    return "; ".join(parts) + "."
