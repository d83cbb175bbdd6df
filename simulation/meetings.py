"""Meetings: users arrive, estimate one story after the other, and leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from metrics.card_scale import SCALE
from simulation.tables import Event, History
from simulation.teams import Team
from simulation.timeline import DAY, HOUR, MINUTE, TimeLine, random_for
from simulation.users import User

type Present = Sequence[tuple[int, User]]
"""Users with their places in the team."""

STORIES = (8, 15, 22, 24, 18, 9, 4)
"""How often a story is worth each place of the scale."""
EMPTY = (0.0, 1, 21)
"""Average, maximum and minimum that the product stores for an empty vote."""
EMPTY_SHARE = 0.015
SILENT_SHARE = 0.025
"""Of users who neither watch nor play a card."""
IDLE_SHARE = 0.004
"""Of votes whose clock had run for hours in a room that was left open."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a team, with the random numbers that decide its course."""

    room: int
    present: Sequence[tuple[int, User]]
    """Who is there, with their places in the team."""
    watching: frozenset[int]
    """Which of them are spectators."""
    spread: float
    """Standard deviation of first estimations, in steps of the scale."""
    auto_flip: bool
    rng: random.Random
    history: History

    def hold(self, clock: int, stories: int) -> int:
        """Estimate one story after the other; return when the last vote ended."""
        for story in range(stories):
            clock = self._story(clock)
            if story == 0 and self.rng.random() < 0.02:
                clock += self.rng.randrange(10, 25) * MINUTE
        return clock

    def _story(self, clock: int) -> int:
        """Estimate a story; a wide vote is mostly followed by another."""
        worth, spread = self.rng.choices(range(len(SCALE)), STORIES)[0], self.spread
        while True:
            clock += min(int(self.rng.lognormvariate(4.2, 0.7)), 9 * MINUTE)
            duration = self._duration()
            clock += duration
            places = self._vote(worth, spread, clock, duration + self._idle())
            split = bool(places) and places[-1] - places[0] >= 2
            if not split or self.rng.random() > 0.55:
                return clock
            worth, spread = places[len(places) // 2], spread * 0.45

    def _duration(self) -> int:
        """Draw the seconds that a vote takes; with auto-flip they are fewer."""
        usual = self.rng.lognormvariate(3.6 + 0.04 * len(self.present), 0.6)
        return max(4, int(usual * (0.78 if self.auto_flip else 1.0)))

    def _idle(self) -> int:
        """Draw the seconds that the clock had run in a room that was left open."""
        idle = self.rng.random() < IDLE_SHARE
        return self.rng.randrange(HOUR, 8 * HOUR) if idle else 0

    def _vote(self, worth: int, spread: float, at: int, duration: int) -> list[int]:
        """Note a vote and its participations; return the cards' places, sorted."""
        empty = self.rng.random() < EMPTY_SHARE
        places = []
        for place, user in self.present:
            watches = place in self.watching
            step = None if empty or watches else self._estimate(worth, spread)
            if step is not None:
                places.append(step)
            value = None if step is None else SCALE[step]
            shown = at + (self.rng.random() < 0.3)
            self.history.estimations.append((user.id, self.room, value, watches, shown))
        places.sort()
        self._note([SCALE[place] for place in places], at, duration)
        return places

    def _estimate(self, worth: int, spread: float) -> int | None:
        """Draw a place of the scale; None for a user who plays no card."""
        if self.rng.random() < SILENT_SHARE:
            return None
        step = worth + round(self.rng.gauss(0, spread))
        return min(max(step, 0), len(SCALE) - 1)

    def _note(self, values: Sequence[int], at: int, duration: int) -> None:
        average, high, low = (
            (sum(values) / len(values), values[-1], values[0]) if values else EMPTY
        )
        watching = sum(place in self.watching for place, _ in self.present)
        outcome = (average, high, low, len(values), watching)
        vote = (self.room, *outcome, duration, self.auto_flip, at)
        self.history.votes.append(vote)


def play(team: Team, seed: int, line: TimeLine, history: History) -> None:
    """Let a team hold all its meetings."""
    rng = random_for(seed, "room", team.room)
    for start in team.meetings(rng, line):
        if not team.known:
            history.rooms.append((team.room, room_number(team.room), team.name))
        meeting = _meeting(team, start // DAY, line, rng, history)
        for place, user in meeting.present:
            at = start + (0 if place == 0 else rng.randrange(20, 110))
            _arrive(team, user, at, rng, history)
        stories = rng.randint(1, 3) if team.trial else rng.randint(4, 10)
        end = meeting.hold(start + 2 * MINUTE, stories)
        _leave(meeting.present, end, rng, history)
        team.replace_leavers(rng)


def room_number(room: int) -> int:
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
    """Return who comes: the founder always, and all members the first time."""
    return [
        (place, user)
        for place, user in enumerate(team.members)
        if place == 0 or not team.known or rng.random() < 0.9
    ]


def _watching(team: Team, present: Present, rng: random.Random) -> frozenset[int]:
    """Return who watches: the usual spectators, and some members the first time."""
    new = {p for p, user in present if team.known and user.id not in team.known}
    newcomers = {place for place in sorted(new) if rng.random() < 0.3}
    usual = {place for place in sorted(team.watches) if rng.random() < 0.94}
    return frozenset(newcomers | usual)


def _arrive(
    team: Team, user: User, at: int, rng: random.Random, history: History
) -> None:
    """Let a user enter the room; the first one founds it."""
    if not team.known:
        _found(team, user, at, rng, history)
    elif user.id in team.known:
        _come_back(team, user, at, rng, history)
    else:
        history.event(user, "ENTERED_EXISTING_ROOM", at)
        history.view(user, "ROOM", at + 1, team.room)
    team.known.add(user.id)


def _found(
    team: Team, user: User, at: int, rng: random.Random, history: History
) -> None:
    history.view(user, "HOME", at - rng.randrange(15, 90))
    random_room = team.name.isdigit() and rng.random() < 0.7
    entered: Event = "ENTERED_RANDOM_ROOM" if random_room else "ENTERED_NEW_ROOM"
    history.event(user, entered, at)
    history.view(user, "ROOM", at + 1, team.room)
    if len(team.members) > 1:
        history.event(user, "COPIED_ROOM_LINK", at + 12)
    if not team.trial and rng.random() < 0.4:
        history.event(user, "CHANGED_ROOM_NAME", at + 18)


def _come_back(
    team: Team, user: User, at: int, rng: random.Random, history: History
) -> None:
    by_home = rng.random() < 0.45
    if by_home:
        history.view(user, "HOME", at - rng.randrange(4, 25))
    entered: Event = "ENTERED_RECENT_ROOM" if by_home else "ENTERED_EXISTING_ROOM"
    history.event(user, entered, at)
    history.view(user, "ROOM", at + 1, team.room)
    if rng.random() < 0.06:
        history.event(user, "COPIED_ROOM_LINK", at + 9)


def _leave(present: Present, end: int, rng: random.Random, history: History) -> None:
    for _, user in present:
        if rng.random() < 0.5:
            history.event(user, "LEFT_ROOM", end + rng.randrange(3, 60))
