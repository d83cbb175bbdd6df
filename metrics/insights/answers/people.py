"""Answers on how people come in: spectators, activation, invites."""

from functools import partial
from itertools import pairwise
from typing import Any

import polars as pl

from metrics.insights.answers.words import (
    Answer,
    changed,
    counted,
    known,
    percent,
    share_of,
)
from metrics.minimum_sample import MINIMUM_SAMPLE


def spectators(frame: pl.DataFrame) -> str | None:
    """Say how many watch, and how many of those who begin so take part later."""
    found = known(frame)
    share, later = found["spectator_share"], found["estimated_later_share"]
    if share is None:
        return None
    start = f"{percent(share)} of the people in a round only watch"
    if later is None:
        return f"{start}."
    return (
        f"{start}; {percent(later)} of the {found['watched_first']:,} who first "
        "watched have estimated later."
    )


def funnel(frame: pl.DataFrame) -> str | None:
    """Say how many reach the steps, and before which one most are lost."""
    reached = frame.sort("step")["reached"].to_list()
    if not reached or reached[0] < MINIMUM_SAMPLE:
        return None
    entered, estimated, back = (
        percent(reached[step] / reached[0]) for step in (1, 2, 4)
    )
    return (
        f"Of {reached[0]:,} new users {entered} entered a room, {estimated} estimated, "
        f"and {back} estimated again on a later day{_loss(frame, reached)}."
    )


def _loss(frame: pl.DataFrame, reached: list[int]) -> str:
    """Name the step before which most are lost; nothing where several tie."""
    lost = [before - after for before, after in pairwise(reached)]
    most = max(lost)
    if most == 0 or lost.count(most) > 1:
        return ""
    step = frame.sort("step")["step_name"][lost.index(most) + 1]
    return f"; most are lost before “{step}”"


def funnel_by(frame: pl.DataFrame, dimension: str) -> str | None:
    """Compare the label with the highest share of people who came back with the lowest.

    Of several with the same share, that with most people. Labels with less than 20
    new users, and people without one, are not compared.
    """
    share = "came_back_share"
    shown = frame.drop_nulls([dimension, share]).sort(
        "new_users", dimension, descending=[True, False]
    )
    if shown.is_empty():
        return None
    best, worst = (
        shown.sort(share, descending=most, maintain_order=True).row(0, named=True)
        for most in (True, False)
    )
    high, low = percent(best[share]), percent(worst[share])
    of_best, of_worst = (_new_from(row, dimension) for row in (best, worst))
    again = "estimated again on a later day"
    if shown.height == 1:
        return f"{high} of the {of_best} {again}."
    if high == low:
        return f"Whatever the {dimension}, {high} {again}."
    return f"{high} of the {of_best} {again}, {low} of the {of_worst}."


def _new_from(row: dict[str, Any], dimension: str) -> str:
    place = "on" if dimension == "device" else "from"
    return f"{row['new_users']:,} new users {place} {row[dimension]}"


def invites(frame: pl.DataFrame) -> str | None:
    """Say how many new rooms bring people, and how many founders copy the link."""
    found = known(frame)
    brings, intent = found["inviting_share"], found["invite_intent"]
    parts = []
    if brings is not None:
        rooms = f"{percent(brings)} of {found['new_rooms']:,} new rooms"
        parts.append(f"{rooms} brought two or more new people within a week")
    if intent is not None:
        who = f"{percent(intent)} of the {found['openers']:,} people who opened a room"
        parts.append(f"{who} copied a link")
    return "; ".join(parts) + "." if parts else None


def by_room(frame: pl.DataFrame) -> str | None:
    """Say how many new people new rooms brought, and how many one alone."""
    if frame.height < MINIMUM_SAMPLE:
        return None
    counts = frame["newcomers"].to_list()
    brought = sum(counts)
    start = f"{frame.height:,} new rooms brought"
    if brought == 0:
        return f"{start} nobody new."
    people = counted(brought, "new person", "new people")
    return f"{start} {people} within a week, one of them {max(counts):,} alone."


def newcomers(frame: pl.DataFrame) -> str | None:
    """Say how many new rooms brought nobody new, and how many two or more."""
    count = pl.col("newcomers")
    counted = frame.with_columns(
        none=pl.when(count == 0).then("room_count").otherwise(0),
        several=pl.when(count >= 2).then("room_count").otherwise(0),
    )
    none = share_of(counted, "none", "room_count")
    several = share_of(counted, "several", "room_count")
    if none is None or several is None:
        return None
    return (
        f"{percent(none)} of new rooms brought nobody new within a week, "
        f"{percent(several)} two people or more."
    )


ANSWERS: dict[str, Answer] = {
    "spectators": spectators,
    "spectators_over_time": partial(
        changed, part="spectators", n="seats", what="People who only watch"
    ),
    "funnel": funnel,
    **{
        f"funnel_by_{dimension}": partial(funnel_by, dimension=dimension)
        for dimension in ("source", "device", "country")
    },
    "invites": invites,
    "invites_by_newcomers": newcomers,
    "invites_by_room": by_room,
}
