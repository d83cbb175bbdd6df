"""Runs again and again, in fixed slots of a clock that never jumps."""

from collections.abc import Callable
from threading import Event


def every(
    seconds: float, run: Callable[[], object], stop: Event, clock: Callable[[], float]
) -> None:
    """Run at once and then once per slot until the stop signal.

    A run in progress ends first; slots that passed meanwhile are skipped.
    """
    started = clock()
    while not stop.is_set():
        run()
        slot = (clock() - started) // seconds + 1
        stop.wait(started + slot * seconds - clock())
