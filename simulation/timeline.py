"""Days and seconds of the simulated history, and how busy each day is."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

WEEKS = 129
"""Whole weeks before the current one: on any date the stories find room."""
DAY = 86_400
HOUR = 3_600
MINUTE = 60

_WEEKDAYS = (0.9, 1.15, 1.15, 1.1, 0.75, 0.2, 0.17)
_LAUNCH_WEEKS = range(6, 4, -1)
_OUTAGE_HOURS = range(5, 21)
# The last days have no holidays, which would hide the stories on some dates.
_STORY_DAYS = 56


def random_for(*names: object) -> random.Random:
    """Return a generator that these names seed, so that no part changes another."""
    return random.Random("/".join(map(str, names)))  # noqa: S311 (a simulation)


def first_day(now: datetime) -> date:
    """Return the Monday on which a history up to `now` begins."""
    today = now.date()
    return today - timedelta(days=today.weekday(), weeks=WEEKS)


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Counts days from a Monday to today, and knows when each story happens."""

    first_day: date
    """Day 0, a Monday."""
    today: int

    @classmethod
    def until(cls, now: datetime) -> "TimeLine":
        """Return the time line whose last day is the one of `now`."""
        first = first_day(now)
        return cls(first, (now.date() - first).days)

    @property
    def monday(self) -> int:
        """The Monday of this week."""
        return self.today - self.today % 7

    @property
    def outage(self) -> int:
        """The day on which the product was down."""
        return self.monday - 13

    @property
    def quiet_since(self) -> int:
        """The day from which the teams that went quiet meet no more."""
        return self.today - 28

    @property
    def brazil_since(self) -> int:
        """The day from which Brazil grows."""
        return self.today - 35

    @property
    def drift_since(self) -> int:
        """The day from which the drifting teams agree less and less."""
        return self.today - 14 * 7

    def is_launch(self, day: int) -> bool:
        """Whether the day is in the two weeks of the launch."""
        return (self.monday - (day - day % 7)) // 7 in _LAUNCH_WEEKS

    def is_down(self, second: int) -> bool:
        """Whether the product was down at that second."""
        day, rest = divmod(second, DAY)
        return day == self.outage and rest // HOUR in _OUTAGE_HOURS

    def growth(self, day: int) -> float:
        """Return how far the product has come: 0 on the first day, 1 today."""
        return day / max(self.today, 1)

    def season(self, day: int) -> float:
        """Return the share of the usual work: less at Christmas and in summer."""
        if day > self.today - _STORY_DAYS:
            return 1.0
        on = self.first_day + timedelta(days=day)
        if (on.month, on.day) >= (12, 22) or (on.month, on.day) <= (1, 4):
            return 0.12
        return 0.68 if on.month == 8 else 0.85 if on.month == 7 else 1.0


def weekday(day: int) -> float:
    """Return how busy the weekday is among visitors; 1 is an average workday."""
    return _WEEKDAYS[day % 7]
