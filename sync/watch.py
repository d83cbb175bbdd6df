"""What accompanies a run: its time limit, and a progress bar in a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

from sync.faults import DeadlineError

_Item = TypeVar("_Item")
_BAR = 24
_WORTH_A_BAR = 8


class Watch:
    """Stops a run that takes too long; shows long work where someone looks."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO | None = None,
    ) -> None:
        self._limit = seconds
        self._clock = clock
        self._started = clock()
        stream = sys.stderr if stream is None else stream
        self._stream = stream if stream.isatty() else None

    @property
    def seconds(self) -> float:
        """How long the run has lasted."""
        return self._clock() - self._started

    def check(self) -> None:
        """Raise DeadlineError once the time limit has passed."""
        if self.seconds > self._limit:
            raise DeadlineError(self._limit)

    def over(self, table: str, action: str, items: Sequence[_Item]) -> Iterator[_Item]:
        """Yield the items, with a bar for long work, as long as time is left."""
        for done, item in enumerate(items):
            self.check()
            self._draw(table, action, done, len(items))
            yield item
        self._draw(table, action, len(items), len(items))

    def _draw(self, table: str, action: str, done: int, total: int) -> None:
        if self._stream is None or total < _WORTH_A_BAR:
            return
        filled = _BAR * done // total
        bar = "█" * filled + "·" * (_BAR - filled)
        end = "\n" if done == total else ""
        text = f"\r{table:<16} {action:<9} {bar} {done:,}/{total:,} blocks{end}"
        self._stream.write(text)
        self._stream.flush()
