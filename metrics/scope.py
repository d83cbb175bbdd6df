"""What a page, an export or an API call asks about."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from metrics.constants import FIRST_STEPS, VISIT_MARGIN
from metrics.frames import Frames, Window

Every = Literal["day", "week", "month"]
"""The length of a bucket on a time axis; weeks start on Monday."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A question's rows, period, comparison and clock.

    `frames` holds all of history with switches and filters applied (bots left
    out, one country, one room), so that metrics that look back (returning,
    retention, accumulated) find what they need.
    """

    frames: Frames
    window: Window
    before: Window | None
    """The period to compare with."""
    every: Every
    now: datetime
    weekends: bool = True
    """False hides Saturdays and Sundays in daily series; totals count every day."""

    def __post_init__(self) -> None:
        # A frozen class sets its own fields like this.
        object.__setattr__(self, "frames", self.frames.reaching(self._reach()))

    def _reach(self) -> Window:
        """Return the span that most questions stay within, to be read once."""
        near = self.before is not None and self.before.end >= self.window.start
        first = self.before if near and self.before else self.window
        return Window(first.start - FIRST_STEPS, self.window.end + VISIT_MARGIN)

    @property
    def rows(self) -> Frames:
        """The rows of the period."""
        return self.frames.within(self.window)

    @property
    def earlier(self) -> "Scope | None":
        """The same question about the period to compare with, if there is one."""
        return replace(self, window=self.before, before=None) if self.before else None
