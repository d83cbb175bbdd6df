"""Answers on what changed: between two periods, and on single days."""

import polars as pl

from metrics.insights.answers.words import Answer, counted, on, percent

_MEASURES = {
    "page_views": "page view",
    "unique_users": "user",
    "users": "user",
    "votes": "vote",
    "estimations": "estimation",
}
"""What one of the counted is called."""


def what_moved(frame: pl.DataFrame) -> str | None:
    """Name the label that adds most to the change of the whole."""
    shown = frame.drop_nulls("contribution").head(1)
    if shown.is_empty():
        return None
    row = shown.row(0, named=True)
    more = "more" if row["change"] > 0 else "fewer"
    return (
        f"Most comes from the {row['dimension']} {row['label'] or '(not set)'}: "
        f"{counted(abs(row['change']), f'{more} {_MEASURES[row["measure"]]}')}, "
        f"{percent(abs(row['contribution']))} of the {row['total_before']:,} before."
    )


def unusual_days(frame: pl.DataFrame) -> str | None:
    """Name the day that is furthest from what was to be expected."""
    value, expected, high = (pl.col(c).sqrt() for c in ("value", "expected", "high"))
    off = (value - expected).abs() / (high - expected)
    first = frame.sort(off, "bucket", descending=[True, False]).head(1)
    if first.is_empty():
        return None
    row = first.row(0, named=True)
    return (
        f"{row['bucket']:%A}, {on(row['bucket'])}: "
        f"{counted(row['value'], _MEASURES[row['measure']])}, "
        f"where {row['low']:,.0f} to {row['high']:,.0f} were to be expected."
    )


ANSWERS: dict[str, Answer] = {
    "what_moved": what_moved,
    "unusual_days": unusual_days,
}
