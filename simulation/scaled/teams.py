"""Rooms with their teams, and when they meet."""

from dataclasses import dataclass

import numpy as np

from simulation.scaled.draw import Flags, Ints, Span, chosen, counted_up, random_for
from simulation.timeline import DAY

# Shares of teams with 1, 2, 3, … members.
_SIZES = (0.06, 0.11, 0.17, 0.20, 0.18, 0.13, 0.09, 0.06)
# The smaller, the more rooms meet very often.
_TAIL = 1.1
_MOST_MEETINGS = 260
# Mean number of votes in a meeting.
_VOTES = 7
_COMES = 0.9


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows to draw. Estimations follow from votes: about 4.03 a vote."""

    rooms: int
    votes: int
    page_views: int
    users: int

    @classmethod
    def of(cls, scale: int) -> "Sizes":
        """Return the sizes of so many times today's data."""
        return cls(
            rooms=1_500 * scale,
            votes=31_000 * scale,
            page_views=45_000 * scale,
            users=13_000 * scale,
        )


@dataclass(frozen=True, slots=True)
class Teams:
    """One entry per room; its members are neighbours among all users."""

    size: Ints
    first_member: Ints
    hour: Ints
    """When it meets, in seconds of the day."""
    watching: Ints
    """Members from this place on are spectators."""


@dataclass(frozen=True, slots=True)
class Meetings:
    """One entry per meeting, in order of time."""

    room: Ints
    start: Ints
    votes: Ints


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One entry per meeting and member present; `user` is the user's number."""

    meeting: Ints
    user: Ints
    watches: Flags


def teams(seed: int, sizes: Sizes) -> Teams:
    """Draw every room's team."""
    rng = random_for(seed, "teams")
    size = chosen(rng, sizes.rooms, _SIZES) + 1
    quarters = np.clip(rng.normal(41, 8, sizes.rooms), 28, 70).astype(np.int64)
    spectators = np.where((size >= 4) & (rng.random(sizes.rooms) < 0.3), 1, 0)
    return Teams(size, np.cumsum(size) - size, quarters * 900, size - spectators)


def meetings(seed: int, sizes: Sizes, span: Span, held_by: Teams) -> Meetings:
    """Draw the meetings of all rooms: most are held once or twice, a few for years."""
    rng = random_for(seed, "meetings")
    times = np.minimum((1 - rng.random(sizes.rooms)) ** (-1 / _TAIL), _MOST_MEETINGS)
    many = times.astype(np.int64)
    room = np.repeat(np.arange(sizes.rooms), many)
    first = np.repeat(span.growing(rng, sizes.rooms), many)
    pace = np.repeat(rng.choice([2, 7, 7, 14], sizes.rooms), many)
    day = span.workdays(rng, first + counted_up(many) * pace)
    # A weekend's meeting moves to a day that may have one already.
    once = np.unique(room * (day.max() + 1) + day, return_index=True)[1]
    room, day = room[once], day[once]
    start = day * DAY + held_by.hour[room] + rng.integers(0, 900, room.size)
    drawn = Meetings(room, start, 1 + rng.poisson(_VOTES - 1, room.size))
    return _cut(rng, drawn, sizes.votes, span)


def _cut(rng: np.random.Generator, drawn: Meetings, votes: int, span: Span) -> Meetings:
    """Keep meetings that are over by now, at random, until the votes are reached."""
    over = np.flatnonzero(drawn.start < span.seconds - 3600)
    mixed = rng.permutation(over)
    mixed = mixed[: np.searchsorted(np.cumsum(drawn.votes[mixed]), votes) + 1]
    kept = mixed[np.argsort(drawn.start[mixed], kind="stable")]
    return Meetings(drawn.room[kept], drawn.start[kept], drawn.votes[kept])


def arrivals(seed: int, held: Meetings, by: Teams) -> Arrivals:
    """Draw who is present at each meeting; the founder always is."""
    rng = random_for(seed, "arrivals")
    sizes = by.size[held.room]
    meeting, place = np.repeat(np.arange(sizes.size), sizes), counted_up(sizes)
    room = held.room[meeting]
    comes = (place == 0) | (rng.random(place.size) < _COMES)
    user, watches = by.first_member[room] + place, place >= by.watching[room]
    return Arrivals(meeting[comes], user[comes], watches[comes])
