"""Readers of the store that never pause."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import polars as pl

from store.reader import Snapshot, run_query


@dataclass
class Reader:
    """Asks without pause whether votes and events belong to one generation."""

    folder: Path
    kept: float
    """Seconds for which a file is kept that no newer state needs."""
    stop: threading.Event = field(default_factory=threading.Event)
    seen: Counter[tuple[int, int]] = field(default_factory=Counter)
    errors: list[Exception] = field(default_factory=list)

    @property
    def mixed(self) -> int:
        """How often votes and events were of two generations."""
        seen = list(self.seen.items())  # the reader goes on meanwhile
        return sum(n for (votes, events), n in seen if votes != events)

    def run(self) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self.seen[run_query(self.folder, heights)] += 1
            except Exception as error:  # noqa: BLE001  # the test looks at them
                # A busy machine may let a query outlive its files, and the next one.
                outlived = time.monotonic() - began > 2 * self.kept
                if not (outlived and isinstance(error, FileNotFoundError)):
                    self.errors.append(error)


def heights(snapshot: Snapshot) -> tuple[int, int]:
    """Return the numbers of votes and events, each file really read."""
    frames = snapshot.frames
    plans = [
        frames.votes.select(pl.col("duration").count()),
        frames.events.select(pl.col("user").count()),
    ]
    votes, events = (frame.item() for frame in pl.collect_all(plans))
    return votes, events


@contextmanager
def readers(folder: Path, kept: float = inf, number: int = 2) -> Iterator[list[Reader]]:
    reading = [Reader(folder, kept) for _ in range(number)]
    threads = [threading.Thread(target=reader.run) for reader in reading]
    for thread in threads:
        thread.start()
    try:
        yield reading
    finally:
        for reader in reading:
            reader.stop.set()
        for thread in threads:
            thread.join(timeout=20)
