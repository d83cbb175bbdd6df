"""Votes: how long they take, what each user estimates, and what the product stores."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.card_scale import SCALE
from simulation.meetings import EMPTY, EMPTY_SHARE, IDLE_SHARE, SILENT_SHARE, STORIES
from simulation.scaled.draw import Flags, Ints, chosen, counted_up, random_for
from simulation.scaled.teams import Arrivals, Meetings


@dataclass(frozen=True, slots=True)
class Votes:
    """One entry per vote, in the order of its meeting."""

    meeting: Ints
    duration: Ints
    ends: Ints


def votes(seed: int, held: Meetings) -> Votes:
    """Draw each vote's length, and when it ends: teams talk between two votes."""
    rng = random_for(seed, "votes")
    meeting = np.repeat(np.arange(held.votes.size), held.votes)
    length = np.clip(rng.lognormal(3.7, 0.75, meeting.size), 2, 900)
    idle = rng.random(meeting.size) < IDLE_SHARE
    duration = np.where(idle, rng.integers(900, 12_000, idle.size), length)
    duration = duration.astype(np.int64)
    took = np.cumsum(duration + rng.exponential(60, idle.size).astype(np.int64))
    before = np.concatenate(([0], took))[np.cumsum(held.votes) - held.votes]
    ends = held.start[meeting] + took - before[meeting]
    return Votes(meeting, duration, ends)


def participations(seed: int, drawn: Votes, came: Arrivals, room: Ints) -> pl.DataFrame:
    """Return a row per vote and user present, spectators and silent users included.

    `room` is the room of each meeting. Columns: vote, user, room_id, estimation,
    spectator, estimated_at (seconds, at most one after the vote).
    """
    rng = random_for(seed, "participations")
    present = np.bincount(came.meeting, minlength=room.size)
    starts = np.cumsum(present) - present
    many = present[drawn.meeting]
    vote = np.repeat(np.arange(many.size), many)
    arrival = np.repeat(starts[drawn.meeting], many) + counted_up(many)
    place, silent = _estimates(rng, vote, many.size)
    later = rng.integers(0, 2, vote.size, dtype=np.int8)
    return (
        pl.DataFrame(
            {
                "vote": vote,
                "user": came.user[arrival],
                "room_id": (room[drawn.meeting] + 1)[vote],
                "estimation": np.array(SCALE, dtype=np.int16)[place],
                "silent": silent,
                "spectator": came.watches[arrival],
                "estimated_at": drawn.ends[vote] + later,
            }
        )
        .with_columns(
            pl.when(~pl.col("silent") & ~pl.col("spectator")).then("estimation")
        )
        .drop("silent")
    )


def _estimates(rng: np.random.Generator, vote: Ints, count: int) -> tuple[Ints, Flags]:
    """Draw places on the scale around what a story is worth, and who plays no card."""
    worth = chosen(rng, count, STORIES)
    spread = rng.uniform(0.3, 1.1, count)
    off = np.rint(rng.standard_normal(vote.size) * spread[vote])
    place = np.clip(worth[vote] + off, 0, len(SCALE) - 1).astype(np.int64)
    empty = rng.random(count) < EMPTY_SHARE
    return place, empty[vote] | (rng.random(vote.size) < SILENT_SHARE)


def summed_up(seed: int, drawn: Votes, room: Ints, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row per vote, summed up as the product does, empty votes included."""
    value, spectator = pl.col("estimation"), pl.col("spectator")
    average, high, low = EMPTY
    flips = random_for(seed, "flips").random(room.max() + 1) < 0.3
    made = pl.DataFrame(
        {
            "vote": np.arange(drawn.ends.size),
            "room_id": room[drawn.meeting] + 1,
            "duration": drawn.duration,
            "was_auto_flip": flips[room[drawn.meeting]],
            "voted_at": drawn.ends,
        }
    )
    sums = rows.group_by("vote").agg(
        avg_estimation=value.mean().fill_null(average),
        max_estimation=value.max().fill_null(high),
        min_estimation=value.min().fill_null(low),
        amount_of_estimations=value.count(),
        amount_of_spectators=spectator.sum(),
    )
    return made.join(sums, on="vote", how="left", maintain_order="left")
