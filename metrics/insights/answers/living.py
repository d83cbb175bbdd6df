"""Answers on what lives on."""

from functools import partial

import polars as pl

from metrics.insights.answers.words import Answer, percent, share_of
from metrics.minimum_sample import MINIMUM_SAMPLE
from metrics.room_health import STATES

_LATER = 4
"""The age that is named beside the first, where it is known."""


def room_states(frame: pl.DataFrame) -> str | None:
    """Say how many rooms are in which state."""
    counts = dict(frame.select("state", "room_count").iter_rows())
    if sum(counts.values()) < MINIMUM_SAMPLE:
        return None
    parts = ", ".join(f"{counts.get(state, 0):,} {state}" for state in STATES)
    return f"Of the rooms used in the last 56 days: {parts}."


def room_health(frame: pl.DataFrame) -> str | None:
    """Say how many of all rooms are healthy, and how healthy the best one is."""
    if frame.height < MINIMUM_SAMPLE:
        return None
    states, points = frame["state"].to_list(), frame["health"].to_list()
    healthy = percent(states.count(STATES[0]) / frame.height)
    return (
        f"{healthy} of the {frame.height:,} rooms that ever had a round are healthy; "
        f"the best has {max(points):.0f} of 100 points."
    )


def gone_quiet(frame: pl.DataFrame) -> str | None:
    """Say which part of the rooms that were healthy have gone quiet."""
    if frame.is_empty() or frame["healthy_rooms"][0] < MINIMUM_SAMPLE:
        return None
    healthy, gone = frame["healthy_rooms"][0], frame.height
    return (
        f"Of {healthy:,} rooms that were healthy four weeks before, {gone:,} "
        f"{'is' if gone == 1 else 'are'} dormant now: {percent(gone / healthy)}."
    )


def retention(frame: pl.DataFrame, what: str, unit: str) -> str | None:
    """Say how many come back after one bucket, and after some more.

    Takes a grid or its weighted average.
    """
    shares = {}
    for age in (1, _LATER):
        share = _share_at(frame, age)
        if share is not None:
            shares[age] = share
    if 1 not in shares:
        return None
    start = f"1 {unit} later {percent(shares[1])} of {what}"
    if _LATER not in shares:
        return f"{start}."
    return f"{start}, {_LATER} {unit}s later {percent(shares[_LATER])}."


def _share_at(frame: pl.DataFrame, age: int) -> float | None:
    """Return the share alive over all cohorts whose bucket of that age has ended."""
    cells = frame.filter(pl.col("k") == age)
    if "running" in frame.columns:
        cells = cells.filter(~pl.col("running"))
    return share_of(cells, "alive", "size")


ANSWERS: dict[str, Answer] = {
    "room_states": room_states,
    "room_health": room_health,
    "rooms_gone_quiet": gone_quiet,
    **{
        f"retention_{key}_by_{unit}s{suffix}": partial(retention, what=what, unit=unit)
        for key, what in (
            ("rooms", "rooms are used again"),
            ("users", "people estimate again"),
        )
        for unit in ("week", "sprint")
        for suffix in ("", "_average")
    },
}
