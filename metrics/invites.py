"""The invite loop: whether rooms bring people whom the product did not know."""

from datetime import datetime

import polars as pl

from metrics.constants import FIRST_STEPS
from metrics.estimated_votes import only_estimations
from metrics.expressions import count_where, row_count
from metrics.frames import Frames, Period, instant
from metrics.minimum_sample import rate
from metrics.time_axis import side_by_side

SEVERAL = 2
"""Newcomers that make a new room one that brings people."""
_OPENED = ("ENTERED_NEW_ROOM", "ENTERED_RANDOM_ROOM")


def totals(frames: Frames, period: Period, now: datetime) -> pl.LazyFrame:
    """Return in one row how rooms that were new in the window spread.

    `frames` hold all of history; rooms younger than seven days are left out.
    Columns: new_rooms (n), newcomers, inviting_rooms (two newcomers or more within
    seven days), inviting_share, openers (people who opened a room in the window; n),
    inviters (those of them who copied a room's link), invite_intent.
    """
    counts = _new_rooms(frames, period, now).select(
        new_rooms=row_count(),
        newcomers=pl.col("newcomers").sum(),
        inviting_rooms=count_where(pl.col("newcomers") >= SEVERAL),
    )
    shares = counts.with_columns(inviting_share=rate("inviting_rooms", "new_rooms"))
    return side_by_side([shares, _intent(frames, period)])


def newcomers(frames: Frames, period: Period, now: datetime) -> pl.LazyFrame:
    """Return how many new rooms had how many newcomers.

    Columns: newcomers, ascending, room_count, share.
    """
    return (
        _new_rooms(frames, period, now)
        .group_by("newcomers")
        .agg(room_count=row_count())
        .with_columns(share=rate("room_count", pl.sum("room_count")))
        .sort("newcomers")
    )


def rooms(frames: Frames, period: Period, now: datetime) -> pl.LazyFrame:
    """Return the new rooms, those with most newcomers first.

    Columns: room_name, newcomers, first_used_at, room_number, room_id.
    """
    return _new_rooms(frames, period, now).sort(
        "newcomers", "room_id", descending=[True, False]
    )


def _new_rooms(frames: Frames, period: Period, now: datetime) -> pl.LazyFrame:
    """Return rooms first used in the window with their newcomers, the founder aside.

    A newcomer's first own estimate ever is in that room, within seven days of its
    first use.
    """
    return frames.once(
        ("new rooms", period, now), lambda: _with_newcomers(frames, period, now)
    )


def _with_newcomers(frames: Frames, period: Period, now: datetime) -> pl.LazyFrame:
    new = frames.once(("new", period, now), lambda: _new(frames.rooms, period, now))
    came = _newcomers(frames, period, new).group_by("room_id").agg(came=row_count())
    return new.join(came, on="room_id", how="left").select(
        "room_name",
        (pl.col("came").fill_null(0) - 1).clip(0).alias("newcomers"),
        *("first_used_at", "room_number", "room_id"),
    )


def _new(rooms: pl.LazyFrame, period: Period, now: datetime) -> pl.LazyFrame:
    old_enough = pl.col("first_used_at") <= now - FIRST_STEPS
    return rooms.filter(period.contains("first_used_at"), old_enough).select(
        "first_used_at", room_id="id", room_number="number", room_name="name"
    )


def _newcomers(frames: Frames, period: Period, new: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row per person whose first own estimate ever is in a new room: room_id.

    Of what was before the window, only who was there counts, among those who came.
    """
    at = pl.col("estimated_at")
    soon = Period(period.start, period.end + FIRST_STEPS)
    near = only_estimations(frames.within(soon).estimations)
    there = near.join(new, on="room_id", how="semi").select("user").unique()
    first = (
        near.join(there, on="user", how="semi")
        .group_by("user")
        .agg(pl.col("room_id").get(at.arg_min()), at=at.min())
        .join(new, on="room_id")
        .filter(
            pl.col("at").is_between(
                "first_used_at", pl.col("first_used_at") + FIRST_STEPS
            )
        )
    )
    known = _before(frames, period).join(first, on="user", how="semi").unique()
    return first.join(known, on="user", how="anti")


def _before(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return people who estimated before the window, some of them repeatedly: user.

    Who has not been there since the rows of both periods begin may be left out: all
    of history is searched once for both.
    """
    begin = frames.since(period)
    lately = frames.within(Period(begin, period.start)).estimations
    early = frames.once(("early", begin), lambda: _early(frames, begin))
    return pl.concat([only_estimations(lately).select("user"), early])


def _early(frames: Frames, begin: datetime) -> pl.LazyFrame:
    own, is_late = (
        only_estimations(frames.estimations),
        pl.col("estimated_at") >= instant(begin),
    )
    still_there = own.filter(is_late).select("user").unique()
    gone = own.filter(~is_late).select("user")
    return gone.join(still_there, on="user", how="semi").unique()


def _intent(frames: Frames, period: Period) -> pl.LazyFrame:
    events = frames.events.filter(period.contains("event_at"))
    event = pl.col("event")
    return (
        events.group_by("user")
        .agg(
            opened=event.is_in(_OPENED).any(),
            copied=(event == "COPIED_ROOM_LINK").any(),
        )
        .filter("opened")
        .select(openers=row_count(), inviters=count_where(pl.col("copied")))
        .with_columns(invite_intent=rate("inviters", "openers"))
    )
