"""The query that a page, an export or an API call asks."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from metrics.constants import FIRST_STEPS, VISIT_MARGIN
from metrics.frames import Frames, Period

Granularity = Literal["day", "week", "month"]
"""The length of a bucket on a time axis; weeks start on Monday."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to compute: rows, period, comparison, granularity and clock.

    `frames` holds all of history with switches and filters applied (bots left
    out, one country, one room), so that metrics that look back (returning,
    retention, accumulated) find what they need.
    """

    frames: Frames
    period: Period
    comparison: Period | None
    """The period compared with."""
    granularity: Granularity
    now: datetime
    weekends: bool = True
    """False hides Saturdays and Sundays in daily series; totals count every day."""

    def __post_init__(self) -> None:
        # A frozen class sets its own fields like this.
        object.__setattr__(self, "frames", self.frames.reaching(self._reach()))

    def _reach(self) -> Period:
        """Return the span that most questions stay within, to be read once."""
        near = self.comparison is not None and self.comparison.end >= self.period.start
        first = self.comparison if near and self.comparison else self.period
        return Period(first.start - FIRST_STEPS, self.period.end + VISIT_MARGIN)

    @property
    def rows(self) -> Frames:
        """The rows of the period."""
        return self.frames.within(self.period)

    @property
    def comparison_query(self) -> "Query | None":
        """The same query about the comparison, if there is one."""
        return (
            replace(self, period=self.comparison, comparison=None)
            if self.comparison
            else None
        )
