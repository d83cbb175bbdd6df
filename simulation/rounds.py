"""The rounds of one meeting: estimates that agree or spread, and second votes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from metrics.card_scale import SCALE
from simulation.history import History
from simulation.people import Person
from simulation.timeline import HOUR, MINUTE

_STORIES = (8, 15, 22, 24, 18, 9, 4)
"""How often a story is worth each place of the scale."""
_NOBODY = (0.0, 1, 21)
"""Average, maximum and minimum of a round that nobody estimated."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A team around its room, with the dice that decide what happens."""

    room: int
    present: Sequence[tuple[int, Person]]
    """Who is there, with their places in the team."""
    watching: frozenset[int]
    """Who of them only watches."""
    spread: float
    """Standard deviation of first estimates, in steps of the scale."""
    auto_flip: bool
    rng: random.Random
    history: History

    def hold(self, clock: int, stories: int) -> int:
        """Estimate one story after the other; return when the last round ended."""
        for story in range(stories):
            clock = self._story(clock)
            if story == 0 and self.rng.random() < 0.02:
                clock += self.rng.randrange(10, 25) * MINUTE
        return clock

    def _story(self, clock: int) -> int:
        """Estimate a story; a team that is split talks, and mostly votes again."""
        worth, spread = self.rng.choices(range(len(SCALE)), _STORIES)[0], self.spread
        while True:
            clock += min(int(self.rng.lognormvariate(4.2, 0.7)), 9 * MINUTE)
            duration = self._duration()
            clock += duration
            places = self._round(worth, spread, clock, duration + self._idle())
            split = bool(places) and places[-1] - places[0] >= 2
            if not split or self.rng.random() > 0.55:
                return clock
            worth, spread = places[len(places) // 2], spread * 0.45

    def _duration(self) -> int:
        """Draw the seconds that a round lasts; with auto-flip they are fewer."""
        usual = self.rng.lognormvariate(3.6 + 0.04 * len(self.present), 0.6)
        return max(4, int(usual * (0.78 if self.auto_flip else 1.0)))

    def _idle(self) -> int:
        """Draw the seconds that the clock ran before, in a room that was left open."""
        return self.rng.randrange(HOUR, 8 * HOUR) if self.rng.random() < 0.004 else 0

    def _round(self, worth: int, spread: float, at: int, duration: int) -> list[int]:
        """Note one round and its rows; return the places of the scale, sorted."""
        nobody = self.rng.random() < 0.015
        places = []
        for place, who in self.present:
            watches = place in self.watching
            step = None if nobody or watches else self._estimate(worth, spread)
            if step is not None:
                places.append(step)
            value = None if step is None else SCALE[step]
            shown = at + (self.rng.random() < 0.3)
            self.history.estimations.append((who.id, self.room, value, watches, shown))
        places.sort()
        self._note([SCALE[place] for place in places], at, duration)
        return places

    def _estimate(self, worth: int, spread: float) -> int | None:
        """Draw a place of the scale; now and then somebody does not choose any."""
        if self.rng.random() < 0.025:
            return None
        step = worth + round(self.rng.gauss(0, spread))
        return min(max(step, 0), len(SCALE) - 1)

    def _note(self, values: Sequence[int], at: int, duration: int) -> None:
        average, high, low = (
            (sum(values) / len(values), values[-1], values[0]) if values else _NOBODY
        )
        watching = sum(place in self.watching for place, _ in self.present)
        outcome = (average, high, low, len(values), watching)
        vote = (self.room, *outcome, duration, self.auto_flip, at)
        self.history.votes.append(vote)
