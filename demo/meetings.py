"""A meeting: people arrive, estimate round after round, and leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from demo.history import Event, History
from demo.people import Person
from demo.teams import Team
from demo.timeline import DAY, HOUR, MINUTE, TimeLine, dice

SCALE = (1, 2, 3, 5, 8, 13, 21)
_STORIES = (8, 15, 22, 24, 18, 9, 4)
"""How often a story is worth each place of the scale."""
_NOBODY = (0.0, 1, 21)
"""Average, maximum and minimum of a round that nobody estimated."""


@dataclass(frozen=True, slots=True)
class Room:
    """The room during one meeting."""

    team: Team
    present: Sequence[tuple[int, Person]]
    """Who is there, with their places in the team."""
    watching: frozenset[int]
    """Who of them only watches."""
    spread: float
    auto_flip: bool


def play(team: Team, seed: int, line: TimeLine, history: History) -> None:
    """Let a team hold all its meetings."""
    rng = dice(seed, "room", team.room)
    for start in team.meetings(rng, line):
        if not team.known:
            history.rooms.append((team.room, _number(team.room), team.name))
        present = _present(team, rng)
        watching = _watching(team, present, rng)
        _arrive(team, present, start, rng, history)
        day = start // DAY
        spread = team.spread_on(day, line)
        room = Room(team, present, watching, spread, day >= team.auto_flip_from)
        end = _rounds(room, start + 2 * MINUTE, rng, history)
        _leave(present, end, rng, history)
        team.replace_leavers(rng)


def _present(team: Team, rng: random.Random) -> list[tuple[int, Person]]:
    """Return who comes; the founder is always there, and everybody at first."""
    return [
        (place, who)
        for place, who in enumerate(team.members)
        if place == 0 or not team.known or rng.random() < 0.9
    ]


def _watching(
    team: Team, present: Sequence[tuple[int, Person]], rng: random.Random
) -> frozenset[int]:
    """Return who only watches: the usual ones, and some newcomers at first."""
    new = {p for p, who in present if team.known and who.id not in team.known}
    newcomers = {place for place in sorted(new) if rng.random() < 0.3}
    usual = {place for place in sorted(team.watches) if rng.random() < 0.94}
    return frozenset(newcomers | usual)


def _number(room: int) -> int:
    """Return the room's number: six digits, different for every room."""
    return 100_000 + room * 370_261 % 900_000


def _arrive(
    team: Team,
    present: Sequence[tuple[int, Person]],
    start: int,
    rng: random.Random,
    history: History,
) -> None:
    for place, who in present:
        at = start + (0 if place == 0 else rng.randrange(20, 110))
        if not team.known:
            _found(team, who, at, rng, history)
        elif who.id in team.known:
            _come_back(team, who, at, rng, history)
        else:
            history.event(who, "ENTERED_EXISTING_ROOM", at)
            history.view(who, "ROOM", at + 1, team.room)
        team.known.add(who.id)


def _found(
    team: Team, who: Person, at: int, rng: random.Random, history: History
) -> None:
    history.view(who, "HOME", at - rng.randrange(15, 90))
    random_room = team.name.isdigit() and rng.random() < 0.7
    entered: Event = "ENTERED_RANDOM_ROOM" if random_room else "ENTERED_NEW_ROOM"
    history.event(who, entered, at)
    history.view(who, "ROOM", at + 1, team.room)
    if len(team.members) > 1:
        history.event(who, "COPIED_ROOM_LINK", at + 12)
    if not team.tries and rng.random() < 0.4:
        history.event(who, "CHANGED_ROOM_NAME", at + 18)


def _come_back(
    team: Team, who: Person, at: int, rng: random.Random, history: History
) -> None:
    by_home = rng.random() < 0.45
    if by_home:
        history.view(who, "HOME", at - rng.randrange(4, 25))
    entered: Event = "ENTERED_RECENT_ROOM" if by_home else "ENTERED_EXISTING_ROOM"
    history.event(who, entered, at)
    history.view(who, "ROOM", at + 1, team.room)
    if rng.random() < 0.06:
        history.event(who, "COPIED_ROOM_LINK", at + 9)


def _leave(
    present: Sequence[tuple[int, Person]],
    end: int,
    rng: random.Random,
    history: History,
) -> None:
    for _, who in present:
        if rng.random() < 0.5:
            history.event(who, "LEFT_ROOM", end + rng.randrange(3, 60))


def _rounds(room: Room, clock: int, rng: random.Random, history: History) -> int:
    """Play the rounds of a meeting; return when the last one ended."""
    stories = rng.randint(1, 3) if room.team.tries else rng.randint(4, 10)
    for story in range(stories):
        worth = rng.choices(range(7), _STORIES)[0]
        spread, again = room.spread, True
        # A team that is split talks, and most of the time estimates once more.
        while again:
            clock += min(int(rng.lognormvariate(4.2, 0.7)), 9 * MINUTE)
            # The clock of a room that was left open runs until it is used again.
            idle = rng.randrange(HOUR, 8 * HOUR) if rng.random() < 0.004 else 0
            duration = _duration(room, rng)
            clock += duration
            places = _round(room, worth, spread, clock, duration + idle, rng, history)
            split = bool(places) and places[-1] - places[0] >= 2
            again = split and rng.random() < 0.55
            if again:
                worth, spread = places[len(places) // 2], spread * 0.45
        if story == 0 and rng.random() < 0.02:
            clock += rng.randrange(10, 25) * MINUTE
    return clock


def _duration(room: Room, rng: random.Random) -> int:
    """Draw the seconds that a round lasts; with auto-flip they are fewer."""
    usual = rng.lognormvariate(3.6 + 0.04 * len(room.present), 0.6)
    return max(4, int(usual * (0.78 if room.auto_flip else 1.0)))


def _round(
    room: Room,
    worth: int,
    spread: float,
    at: int,
    duration: int,
    rng: random.Random,
    history: History,
) -> list[int]:
    """Note one round and its estimates; return the places of the scale, sorted."""
    nobody = rng.random() < 0.015
    places: list[int] = []
    spectators = 0
    for place, who in room.present:
        spectator = place in room.watching
        value: int | None = None
        if spectator:
            spectators += 1
        elif not nobody and rng.random() > 0.025:
            step = min(max(worth + round(rng.gauss(0, spread)), 0), 6)
            places.append(step)
            value = SCALE[step]
        shown = at + (rng.random() < 0.3)
        history.estimations.append((who.id, room.team.room, value, spectator, shown))
    places.sort()
    values = [SCALE[place] for place in places]
    average, maximum, minimum = (
        (sum(values) / len(values), values[-1], values[0]) if values else _NOBODY
    )
    history.votes.append(
        (
            room.team.room,
            average,
            maximum,
            minimum,
            len(values),
            spectators,
            duration,
            room.auto_flip,
            at,
        )
    )
    return places
