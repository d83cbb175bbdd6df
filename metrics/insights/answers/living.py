"""Answers on what lives on, and on days that stand out."""

from functools import partial

import polars as pl

from metrics.insights.answers.words import Answer, percent, share_of
from metrics.insights.health import STATES
from metrics.insights.shown import ENOUGH

_LATER = 4
"""The age that is named beside the first, where it is known."""
_MEASURES = {
    "page_views": "page views",
    "unique_users": "users",
    "votes": "votes",
    "estimations": "estimations",
}


def room_states(frame: pl.DataFrame) -> str | None:
    """Say how many rooms are in which state."""
    counts = dict(frame.select("state", "room_count").iter_rows())
    if sum(counts.values()) < ENOUGH:
        return None
    parts = ", ".join(f"{counts.get(state, 0):,} {state}" for state in STATES)
    return f"Of the rooms used in the last 56 days: {parts}."


def retention(frame: pl.DataFrame, who: str, unit: str) -> str | None:
    """Say how many are still there after one bucket, and after some more.

    Takes a grid or its weighted average.
    """
    shares = {}
    for age in (1, _LATER):
        share = _share_at(frame, age)
        if share is not None:
            shares[age] = share
    if 1 not in shares:
        return None
    start = f"After 1 {unit} {percent(shares[1])} of {who} are still there"
    if _LATER not in shares:
        return f"{start}."
    return f"{start}, after {_LATER} {unit}s {percent(shares[_LATER])}."


def _share_at(frame: pl.DataFrame, age: int) -> float | None:
    """Return the share alive over all cohorts whose bucket of that age has ended."""
    cells = frame.filter(pl.col("k") == age)
    if "running" in frame.columns:
        cells = cells.filter(~pl.col("running"))
    return share_of(cells, "alive", "size")


def unusual_days(frame: pl.DataFrame) -> str | None:
    """Name the day that is furthest from what was to be expected."""
    margin = pl.col("high") - pl.col("expected")
    off = (pl.col("value") - pl.col("expected")).abs() / margin
    first = frame.sort(off, "bucket", descending=[True, False]).head(1)
    if first.is_empty():
        return None
    row = first.row(0, named=True)
    day = row["bucket"]
    return (
        f"{day:%A}, {day.day} {day:%B %Y}: {row['value']:,} "
        f"{_MEASURES[row['measure']]}, "
        f"where {row['low']:,.0f} to {row['high']:,.0f} were to be expected."
    )


ANSWERS: dict[str, Answer] = {
    "room_states": room_states,
    "unusual_days": unusual_days,
    **{
        f"retention_{key}_by_{unit}s{suffix}": partial(retention, who=who, unit=unit)
        for key, who in (("rooms", "rooms"), ("users", "people"))
        for unit in ("week", "sprint")
        for suffix in ("", "_average")
    },
}
