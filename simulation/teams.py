"""Teams: who is in them, how they estimate, and when they meet."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulation.people import Person, person
from simulation.places import Country
from simulation.sources import invited_source
from simulation.timeline import DAY, HOUR, MINUTE, TimeLine, dice, season

_DRIFT_PER_DAY = 0.01
_TURNOVER = 0.02


@dataclass(slots=True)
class Team:
    """People who share a room; a room that is tried once is a team of one day."""

    room: int
    name: str
    country: Country
    members: list[Person]
    watches: set[int]
    """Which members, by place, are spectators."""
    spread: float
    """Standard deviation of first estimates, in steps of the scale."""
    days: tuple[int, ...]
    """On which days it plans to meet."""
    hour: float
    """When it meets, local time."""
    auto_flip_from: int
    """The day from which its room flips the cards by itself."""
    drifts: bool = False
    """Whether it agrees at first, and less and less in the last weeks."""
    undecided: bool = False
    """Whether auto-flip is on at some of its meetings and off at others."""
    tries: bool = False
    """Whether it only tries the product: few rounds, no rhythm."""
    known: set[str] = field(default_factory=set)
    """Members who have been in the room before."""

    def spread_on(self, day: int, line: TimeLine) -> float:
        """Return the spread of that day: drifting teams agree less and less."""
        weeks_on = max(0, day - line.drift_since) if self.drifts else 0
        return self.spread + weeks_on * _DRIFT_PER_DAY

    def flips_on(self, day: int) -> bool:
        """Return whether the room flips the cards by itself on that day."""
        if self.undecided:
            return dice("flip", self.room, day).random() < 0.5
        return day >= self.auto_flip_from

    def meetings(self, rng: random.Random, line: TimeLine) -> Iterator[int]:
        """Yield when its meetings start, leaving out holidays and the outage."""
        for day in self.days:
            jitter = rng.choice((0, 0, 0, 15, 30)) * MINUTE + rng.randrange(240)
            local = int(self.hour * HOUR) + jitter
            start = day * DAY + local - self.country.utc_offset * HOUR
            held = rng.random() < 0.95 * season(day)
            if held and day <= line.today and not line.is_down(start):
                yield start

    def replace_leavers(self, rng: random.Random) -> None:
        """Let a member go now and then, and a newcomer take the place."""
        for place in range(len(self.members)):
            if rng.random() < _TURNOVER:
                self.members[place] = person(rng, self.country, invited_source(rng))


def sprint_days(first: int, last: int, step: int, also: int | None) -> tuple[int, ...]:
    """Return every `step`-th day, and with `also` a second day in each sprint."""
    days = range(first, last + 1, step)
    if also is None:
        return tuple(days)
    return tuple(d for day in days for d in (day, day + also) if d <= last)
