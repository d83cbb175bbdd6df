"""Rounds: who is there, what each estimates, and the vote that comes of it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.data.dice import Flags, Ints, counted_up, dice
from benchmarks.data.teams import Meetings, Teams
from metrics.card_scale import SCALE

_COMES = 0.9
_IDLE = 0.004
"""Rounds whose clock ran on in an empty room."""
_NOBODY = 0.015
"""Rounds that nobody estimated."""
_SILENT = 0.025
_STORIES = (0.14, 0.22, 0.22, 0.18, 0.12, 0.08, 0.04)
"""How often a story is worth 1, 2, 3, 5, 8, 13 and 21."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One entry per meeting and member who comes; numbers of people."""

    meeting: Ints
    who: Ints
    watches: Flags


@dataclass(frozen=True, slots=True)
class Rounds:
    """One entry per round, in the order of its meeting."""

    meeting: Ints
    duration: Ints
    ends: Ints


def arrivals(seed: int, held: Meetings, by: Teams) -> Arrivals:
    """Draw who comes to each meeting."""
    rng = dice(seed, "arrivals")
    sizes = by.size[held.room]
    meeting, place = np.repeat(np.arange(sizes.size), sizes), counted_up(sizes)
    room = held.room[meeting]
    comes = (place == 0) | (rng.random(place.size) < _COMES)
    who, watches = by.base[room] + place, place >= by.watching[room]
    return Arrivals(meeting[comes], who[comes], watches[comes])


def rounds(seed: int, held: Meetings) -> Rounds:
    """Draw each round's length, and when it ends: people talk between two."""
    rng = dice(seed, "rounds")
    meeting = np.repeat(np.arange(held.rounds.size), held.rounds)
    length = np.clip(rng.lognormal(3.7, 0.75, meeting.size), 2, 900)
    idle = rng.random(meeting.size) < _IDLE
    duration = np.where(idle, rng.integers(900, 12_000, idle.size), length)
    duration = duration.astype(np.int64)
    took = np.cumsum(duration + rng.exponential(60, idle.size).astype(np.int64))
    before = np.concatenate(([0], took))[np.cumsum(held.rounds) - held.rounds]
    ends = held.start[meeting] + took - before[meeting]
    return Rounds(meeting, duration, ends)


def estimations(seed: int, played: Rounds, came: Arrivals, room: Ints) -> pl.DataFrame:
    """Return a row per round and person present, also those who say nothing.

    `room` is the room of each meeting. Columns: round, who, room_id, estimation,
    spectator, estimated_at (seconds, at most one after the vote).
    """
    rng = dice(seed, "estimations")
    present = np.bincount(came.meeting, minlength=room.size)
    starts = np.cumsum(present) - present
    many = present[played.meeting]
    number = np.repeat(np.arange(many.size), many)
    seat = np.repeat(starts[played.meeting], many) + counted_up(many)
    place, silent = _estimates(rng, number, many.size)
    shown = rng.integers(0, 2, number.size, dtype=np.int8)
    return (
        pl.DataFrame(
            {
                "round": number,
                "who": came.who[seat],
                "room_id": (room[played.meeting] + 1)[number],
                "estimation": np.array(SCALE, dtype=np.int16)[place],
                "silent": silent,
                "spectator": came.watches[seat],
                "estimated_at": played.ends[number] + shown,
            }
        )
        .with_columns(
            pl.when(~pl.col("silent") & ~pl.col("spectator")).then("estimation")
        )
        .drop("silent")
    )


def _estimates(
    rng: np.random.Generator, number: Ints, rounds: int
) -> tuple[Ints, Flags]:
    """Draw places on the scale around what a story is worth, and who says nothing."""
    worth = np.searchsorted(np.cumsum(_STORIES), rng.random(rounds) * 0.999)
    spread = rng.uniform(0.3, 1.1, rounds)
    off = np.rint(rng.standard_normal(number.size) * spread[number])
    place = np.clip(worth[number] + off, 0, len(SCALE) - 1).astype(np.int64)
    nobody = rng.random(rounds) < _NOBODY
    return place, nobody[number] | (rng.random(number.size) < _SILENT)


def votes(seed: int, played: Rounds, room: Ints, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row per round, as the product sums it up: 21, 1 and 0 for nobody."""
    value, spectator = pl.col("estimation"), pl.col("spectator")
    flips = dice(seed, "flips").random(room.max() + 1) < 0.3
    made = pl.DataFrame(
        {
            "round": np.arange(played.ends.size),
            "room_id": room[played.meeting] + 1,
            "duration": played.duration,
            "was_auto_flip": flips[room[played.meeting]],
            "voted_at": played.ends,
        }
    )
    summed = rows.group_by("round").agg(
        avg_estimation=value.mean().fill_null(0),
        max_estimation=value.max().fill_null(1),
        min_estimation=value.min().fill_null(21),
        amount_of_estimations=value.count(),
        amount_of_spectators=spectator.sum(),
    )
    return made.join(summed, on="round", how="left", maintain_order="left")
