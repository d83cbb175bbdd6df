"""How numbers read in a sentence, and how shares are compared."""

from datetime import date

import polars as pl

from metrics.expressions import MINIMUM_SAMPLE


def percent(share: float) -> str:
    """Return a share in whole percent; only none is 0%, only all is 100%."""
    if 0 < share < 0.01:
        return "less than 1%"
    if 0.99 < share < 1:
        return "more than 99%"
    return f"{100 * share:.0f}%"


def portion(share: float) -> str:
    """Return how a sentence on a share of something starts: "62%", "None"."""
    return "None" if share == 0 else percent(share)


def duration(seconds: float) -> str:
    """Return seconds below two minutes, minutes below two hours, else hours."""
    if abs(seconds) < 120:
        return f"{seconds:.0f} s"
    if abs(seconds) < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number of things: "1 room", "2,000 rooms"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def day_of(day: date) -> str:
    """Return a date as the pages write it: "26 Oct 2026"."""
    return f"{day.day} {day:%b %Y}"


def only_row(frame: pl.DataFrame) -> dict[str, float | None]:
    """Return the only row of a table of totals; every figure may be hidden."""
    return frame.row(0, named=True)


def share_of(frame: pl.DataFrame, part: str, n: str) -> float | None:
    """Return the share over all rows, None below 20 cases."""
    cases = int(frame[n].sum())
    return int(frame[part].sum()) / cases if cases >= MINIMUM_SAMPLE else None


def halves(frame: pl.DataFrame, part: str, n: str) -> tuple[float, float] | None:
    """Return a share in the first half of the rows and in the second.

    None where one half has fewer than 20 cases.
    """
    half = frame.height // 2
    before = share_of(frame.head(half), part, n)
    after = share_of(frame.tail(frame.height - half), part, n)
    return None if before is None or after is None else (before, after)


def changed(frame: pl.DataFrame, part: str, n: str, what: str) -> str | None:
    """Return how a share over time went from the first half to the second."""
    both = halves(frame, part, n)
    if both is None:
        return None
    first, second = (percent(share) for share in both)
    if first == second:
        return f"The share of {what} was {first} in both halves of the period."
    went = "rose" if both[1] > both[0] else "fell"
    return (
        f"The share of {what} {went} from {first} in the first half of the period to "
        f"{second} in the second."
    )
