"""A team's life: it meets, people come, estimate and leave, some are replaced."""

import random
from collections.abc import Sequence

from simulation.history import Event, History
from simulation.people import Person
from simulation.rounds import Meeting
from simulation.teams import Team
from simulation.timeline import DAY, MINUTE, TimeLine, dice

type Present = Sequence[tuple[int, Person]]
"""People with their places in the team."""


def play(team: Team, seed: int, line: TimeLine, history: History) -> None:
    """Let a team hold all its meetings."""
    rng = dice(seed, "room", team.room)
    for start in team.meetings(rng, line):
        if not team.known:
            history.rooms.append((team.room, _number(team.room), team.name))
        meeting = _meeting(team, start // DAY, line, rng, history)
        for place, who in meeting.present:
            at = start + (0 if place == 0 else rng.randrange(20, 110))
            _arrive(team, who, at, rng, history)
        stories = rng.randint(1, 3) if team.tries else rng.randint(4, 10)
        end = meeting.hold(start + 2 * MINUTE, stories)
        _leave(meeting.present, end, rng, history)
        team.replace_leavers(rng)


def _number(room: int) -> int:
    """Return the room's number: six digits, different for every room."""
    return 100_000 + room * 370_261 % 900_000


def _meeting(
    team: Team, day: int, line: TimeLine, rng: random.Random, history: History
) -> Meeting:
    present = _present(team, rng)
    return Meeting(
        room=team.room,
        present=present,
        watching=_watching(team, present, rng),
        spread=team.spread_on(day, line),
        auto_flip=team.flips_on(day),
        rng=rng,
        history=history,
    )


def _present(team: Team, rng: random.Random) -> Present:
    """Return who comes; the founder is always there, and everybody at first."""
    return [
        (place, who)
        for place, who in enumerate(team.members)
        if place == 0 or not team.known or rng.random() < 0.9
    ]


def _watching(team: Team, present: Present, rng: random.Random) -> frozenset[int]:
    """Return who only watches: the usual ones, and some newcomers at first."""
    new = {p for p, who in present if team.known and who.id not in team.known}
    newcomers = {place for place in sorted(new) if rng.random() < 0.3}
    usual = {place for place in sorted(team.watches) if rng.random() < 0.94}
    return frozenset(newcomers | usual)


def _arrive(
    team: Team, who: Person, at: int, rng: random.Random, history: History
) -> None:
    """Let somebody enter the room: the very first founds it."""
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


def _leave(present: Present, end: int, rng: random.Random, history: History) -> None:
    for _, who in present:
        if rng.random() < 0.5:
            history.event(who, "LEFT_ROOM", end + rng.randrange(3, 60))
