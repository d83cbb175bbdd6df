"""Rooms with their teams, and when they meet."""

from dataclasses import dataclass

import numpy as np

from benchmarks.data.dice import DAY, Ints, Span, chosen, counted_up, dice
from benchmarks.data.sizes import Sizes

_SIZES = (0.06, 0.11, 0.17, 0.20, 0.18, 0.13, 0.09, 0.06)
"""Shares of teams with 1, 2, 3, … members."""
_TAIL = 1.1
"""The smaller, the more rooms meet very often."""
_MOST = 260
_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Teams:
    """One entry per room; its members are neighbours among all people."""

    size: Ints
    base: Ints
    """The first member's number."""
    hour: Ints
    """When it meets, in seconds of the day."""
    watching: Ints
    """Members from this place on are spectators."""

    @property
    def members(self) -> int:
        """How many people are in teams."""
        return int(self.size.sum())


@dataclass(frozen=True, slots=True)
class Meetings:
    """One entry per meeting, in order of time."""

    room: Ints
    start: Ints
    rounds: Ints


def teams(seed: int, sizes: Sizes) -> Teams:
    """Draw every room's team."""
    rng = dice(seed, "teams")
    size = chosen(rng, sizes.rooms, _SIZES) + 1
    quarters = np.clip(rng.normal(41, 8, sizes.rooms), 28, 70).astype(np.int64)
    spectators = np.where((size >= 4) & (rng.random(sizes.rooms) < 0.3), 1, 0)
    return Teams(size, np.cumsum(size) - size, quarters * 900, size - spectators)


def meetings(seed: int, sizes: Sizes, span: Span, held_by: Teams) -> Meetings:
    """Draw the meetings of all rooms: most are held once or twice, a few for years."""
    rng = dice(seed, "meetings")
    times = np.minimum((1 - rng.random(sizes.rooms)) ** (-1 / _TAIL), _MOST)
    many = times.astype(np.int64)
    room = np.repeat(np.arange(sizes.rooms), many)
    first = np.repeat(span.growing(rng, sizes.rooms), many)
    pace = np.repeat(rng.choice([2, 7, 7, 14], sizes.rooms), many)
    day = span.workdays(rng, first + counted_up(many) * pace)
    start = day * DAY + held_by.hour[room] + rng.integers(0, 900, room.size)
    return _cut(
        rng,
        Meetings(room, start, 1 + rng.poisson(_ROUNDS - 1, room.size)),
        sizes.votes,
        span,
    )


def _cut(rng: np.random.Generator, drawn: Meetings, votes: int, span: Span) -> Meetings:
    """Keep meetings that are over by now, at random, until the votes are reached."""
    over = np.flatnonzero(drawn.start < span.seconds - 3600)
    mixed = rng.permutation(over)
    mixed = mixed[: np.searchsorted(np.cumsum(drawn.rounds[mixed]), votes) + 1]
    kept = mixed[np.argsort(drawn.start[mixed], kind="stable")]
    return Meetings(drawn.room[kept], drawn.start[kept], drawn.rounds[kept])
