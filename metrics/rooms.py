"""Rooms: the list of all, finding one, and its statistics."""

import re
import unicodedata
from datetime import datetime
from typing import Literal

import polars as pl

from metrics.behaviour import votes_per_room
from metrics.card_scale import average_hundredths
from metrics.expressions import INVISIBLE, bare, divided, rounded, row_count, total
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import ROOMS, VOTES

DEFINITIONS = (
    Definition(
        "avg_avg_estimation",
        "Mean, empty as 0",
        "number",
        "Mean of each vote's average estimation; empty votes count as 0, as in "
        "`GET /api/room/{room_id}/stats`.",
        (VOTES.name,),
    ),
)
LABELS = ("id", "number", "name")

FOUND = 20
"""Rooms that a search shows at most."""
_FIRST_TIME = datetime(1970, 1, 1)
# "#444444", "name #444444", "name (#444444)", "name (#444444, ID 41)", "ID 41",
# "(deleted) ID 41"; "name ID 41" is a name.
_PRINTED = re.compile(
    r"(?:^|\(|\) | (?=#))(?:#(\d+)(?:, ID (\d+))?|ID (\d+))\)?$", re.A | re.I
)


def statistics(frames: Frames, room_id: int) -> pl.LazyFrame:
    """Return the old service's figures of a room in one row; zeros without votes.

    Empty votes count, with minimum 21, maximum 1 and average 0, as they are stored.
    Columns: votes, duration (mean seconds), estimations, estimations_per_vote,
    avg_min_estimation, avg_avg_estimation, avg_max_estimation, spectators,
    spectators_per_vote.
    """
    amount, spectators = pl.col("amount_of_estimations"), pl.col("amount_of_spectators")
    means = rounded(
        estimations_per_vote=amount.mean(),
        avg_min_estimation=pl.col("min_estimation").mean(),
        avg_avg_estimation=divided(average_hundredths().mean(), 100),
        avg_max_estimation=pl.col("max_estimation").mean(),
        spectators_per_vote=spectators.mean(),
    )
    votes = frames.votes.filter(pl.col("room_id") == room_id)
    return votes.select(
        rounded(0, duration=pl.col("duration").mean()).alias("duration"),
        votes=row_count(),
        estimations=total("amount_of_estimations"),
        spectators=total("amount_of_spectators"),
        means=means,
    ).unnest("duration", "means")


def every_room(_: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `all_rooms`, whatever the period."""
    return all_rooms(shared.frames)


def all_rooms(frames: Frames) -> pl.LazyFrame:
    """Return every room, last used first: id, number, name, votes, last_vote_at."""
    return _with_votes(frames, "left")


def with_deleted(frames: Frames) -> pl.LazyFrame:
    """Return `all_rooms` and those of which only votes are left, without a number."""
    return _with_votes(frames, "full")


def _with_votes(frames: Frames, how: Literal["left", "full"]) -> pl.LazyFrame:
    votes = votes_per_room(frames.votes).drop("estimations")
    return (
        frames.rooms.select("id", "number", "name")
        .join(votes, left_on="id", right_on="room_id", how=how, coalesce=True)
        .with_columns(pl.col("votes").fill_null(0))
        .sort("last_vote_at", "id", descending=[True, False], nulls_last=True)
    )


def find(frames: Frames, text: str) -> pl.LazyFrame:
    """Return at most 20 rooms that match a typed text, best match first.

    Equal id, number or name, then a start of one of them, then a part of the name.
    Case is ignored and no character is special, except that a number or an ID may be
    written as pages print it: "#444444", "ID 41", or after a name, also in brackets.
    Columns: those of `with_deleted`.
    """
    # Case, type and whether "ü" is one character or two must not matter to someone who
    # types a room.
    wanted = unicodedata.normalize("NFC", bare(text).lower())
    name = (
        pl.col("name")
        .str.replace_all(INVISIBLE, "")
        .str.to_lowercase()
        .str.normalize("NFC")
    )
    number, room_id = (pl.col(key).cast(pl.String) for key in ("number", "id"))
    keys = [(room_id, wanted), (number, wanted), (name, wanted)]
    # A name that is copied from a page, with its number, finds its room.
    if printed := _PRINTED.search(wanted):
        own = printed[2] or printed[3]
        keys = [(room_id, own) if own else (number, printed[1]), (name, wanted)]
    match = (
        pl.when(pl.any_horizontal(key == part for key, part in keys))
        .then(0)
        .when(pl.any_horizontal(key.str.starts_with(part) for key, part in keys))
        .then(1)
        .when(name.str.contains(wanted, literal=True))
        .then(2)
    )
    return (
        with_deleted(frames)
        .with_columns(match=match)
        .filter(pl.col("match").is_not_null())
        .sort("match", maintain_order=True)
        .head(FOUND)
        .drop("match")
    )


def with_number(frames: Frames, printed: str) -> pl.LazyFrame:
    """Return the room with a number as pages print it, "#444444": id."""
    is_it = pl.format("#{}", "number") == printed
    return frames.rooms.filter(is_it).select("id").head(1)


def _all_of_history(query: Query) -> Period:
    return Period(_FIRST_TIME, query.now, query.zone)


TABLES = (
    table("all_rooms", "All rooms", every_room, ROOMS, VOTES, covers=_all_of_history),
)
