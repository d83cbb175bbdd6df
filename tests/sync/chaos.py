"""A chaos run: writers, readers, and kills of the job and of the server.

    python -m tests.sync.chaos --minutes 5
    python -m tests.sync.chaos --minutes 1 --naive

It ends with what the store and the source disagree about, and fails unless that is
nothing at all.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from metrics.tables import TABLES, Table
from store.reader import StoreError
from testkit.database_servers import Kind, Server, running_server
from testkit.harness import Store
from tests.sync.busy_job import BUSY
from tests.sync.processes import start
from tests.sync.readers import Reader, readers
from tests.sync.writers import Writer

JOB, NAIVE = "tests.sync.busy_job", "tests.sync.naive"
AT_LEAST = {
    "commits": 100,
    "reads": 50,
    "kills of the job": 2,
    "kills of the server": 1,
    "publications": 5,
}
"""What has to have happened before a run proves anything."""
PASSES = 20
"""The same of the naive algorithm; in each it may lose rows."""
_PATIENCE = 120.0
"""Seconds that a slow machine has for it, beyond those asked for."""


@dataclass(frozen=True)
class Disagreement:
    """Rows in which a store and its source differ."""

    lost: int = 0
    ghosts: int = 0
    stale: int = 0

    def __add__(self, other: "Disagreement") -> "Disagreement":
        return Disagreement(
            self.lost + other.lost,
            self.ghosts + other.ghosts,
            self.stale + other.stale,
        )


@dataclass
class Figures:
    """What a chaos run came to."""

    rows: Disagreement
    torn: int
    mixed: int
    done: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, invented, stale, torn or mixed."""
        return self.rows == Disagreement() and not self.torn and not self.mixed

    def __str__(self) -> str:
        done = ", ".join(f"{number:,} {name}" for name, number in self.done.items())
        return (
            f"rows lost {self.rows.lost}, ghost rows {self.rows.ghosts}, "
            f"stale rows {self.rows.stale}, torn reads {self.torn}, "
            f"mixed generations {self.mixed} ({done})"
        )


@dataclass
class Chaos:
    """The actors of a run, and what they did."""

    store: Store
    server: Server
    module: str
    seed: int = 1
    job_kills: int = 0
    server_kills: int = 0
    published: set[int] = field(default_factory=set)
    """When a file got its name; the naive algorithm names one for each table."""
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float, finish: Callable[[Store], None]) -> Figures:
        """Let everything loose for a while, let the job finish, and compare.

        A slow machine gets longer, until as much has happened as `AT_LEAST` says.
        """
        self.store.root.mkdir(parents=True, exist_ok=True)
        writers = [Writer(self.store.source, n, self.stop) for n in range(4)]
        with readers(self.store.root, BUSY.keep_seconds) as reading:
            actors: list[Callable[[], None]] = [writer.run for writer in writers]
            with acting([*actors, self._kill_jobs, self._kill_server], self.stop):
                asked = time.monotonic() + seconds
                while (now := time.monotonic()) < asked or (
                    now < asked + _PATIENCE and not self._is_enough(writers, reading)
                ):
                    time.sleep(0.01)
                    self.published.add(published_at(self.store))
            finish(self.store)
        return self._figures(writers, reading)

    def _is_enough(self, writers: Sequence[Writer], reading: Sequence[Reader]) -> bool:
        done = self._done(writers, reading)
        if any(done[name] < number for name, number in AT_LEAST.items()):
            return False
        if self.module != NAIVE:
            return True
        has_met_a_mix = any(reader.mixed for reader in reading)
        return has_met_a_mix and len(self.published) >= PASSES * len(TABLES)

    def _kill_jobs(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311  # chance, not secrecy
        while not self.stop.is_set():
            before = published_at(self.store)
            job = start(self.store, "-m", self.module, quiet=True)
            # On a slow machine its start alone takes as long as it would live.
            self._wait_for_a_publication_after(before)
            self.stop.wait(chance.uniform(0, 3))
            job.kill()
            job.wait()
            self.job_kills += 1

    def _wait_for_a_publication_after(self, before: int) -> None:
        deadline = time.monotonic() + 20
        while published_at(self.store) == before and time.monotonic() < deadline:
            if self.stop.wait(0.05):
                return

    def _kill_server(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311  # as above
        before = published_at(self.store)
        while not self.stop.wait(3):
            # A server that ends before any run does would leave nothing to compare.
            self._wait_for_a_publication_after(before)
            self.stop.wait(chance.uniform(0, 1))
            before = published_at(self.store)
            self.server.kill()
            self.server.start()
            self.server_kills += 1

    def _figures(self, writers: Sequence[Writer], reading: Sequence[Reader]) -> Figures:
        disagreements = (compare(self.store, table) for table in TABLES)
        return Figures(
            rows=sum(disagreements, Disagreement()),
            torn=sum(len(reader.errors) for reader in reading),
            mixed=sum(reader.mixed for reader in reading),
            done=self._done(writers, reading),
        )

    def _done(
        self, writers: Sequence[Writer], reading: Sequence[Reader]
    ) -> dict[str, int]:
        return {
            "commits": sum(writer.commits for writer in writers),
            "rollbacks": sum(writer.rollbacks for writer in writers),
            "reads": sum(reader.seen.total() for reader in reading),
            "kills of the job": self.job_kills,
            "kills of the server": self.server_kills,
            "publications": len(self.published),
        }


@contextmanager
def acting(
    actors: Sequence[Callable[[], None]], stop: threading.Event
) -> Iterator[None]:
    """Run each actor in a thread; stop them at the end."""
    threads = [threading.Thread(target=actor) for actor in actors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=30)


def compare(store: Store, table: Table) -> Disagreement:
    """Count the rows of a table in which the store and the source differ."""
    try:
        copied = store.rows(table)
    except (StoreError, pl.exceptions.PolarsError, OSError):
        copied = pl.DataFrame(schema=table.schema)
    live = store.source.rows(table)
    common = live.join(copied, on=table.key, how="semi").height
    same = live.join(copied, on=list(table.schema), how="semi", nulls_equal=True)
    return Disagreement(
        lost=live.height - common,
        ghosts=copied.height - common,
        stale=common - same.height,
    )


def published_at(store: Store) -> int:
    """Return when a file of the store's root last got its name, in nanoseconds."""
    return store.root.stat().st_mtime_ns


def settle(store: Store) -> None:
    """Let the job end its work: one run, a verification, and what it asks for.

    Killed every few seconds, it may have published little: it gets time for all.
    """
    store.policy = replace(BUSY, run_seconds=300)
    store.sync()
    store.verify()
    store.sync()


def settle_naively(store: Store) -> None:
    """Give the naive algorithm the time for many more passes."""
    job = start(store, "-m", NAIVE, quiet=True)
    seen = {published_at(store)}
    deadline = time.monotonic() + _PATIENCE
    # A pass renames a file for each table.
    while len(seen) < 3 * len(TABLES) and time.monotonic() < deadline:
        time.sleep(0.002)
        seen.add(published_at(store))
    job.kill()
    job.wait()


def chaos(seconds: float, *, kind: Kind, naive: bool, folder: Path) -> Figures:
    """Run on a server of its own."""
    with running_server(kind) as server:
        store = Store(folder / "data", server.create_database())
        # Enough rows that a delete is no great loss.
        store.source.insert_series(2_000)
        run = Chaos(store, server, NAIVE if naive else JOB)
        return run.run(seconds, settle_naively if naive else settle)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--server", type=Kind, choices=[*Kind], default=Kind.MARIADB)
    parser.add_argument("--naive", action="store_true", help="the replaced algorithm")
    flags = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = chaos(
            60 * flags.minutes,
            kind=flags.server,
            naive=flags.naive,
            folder=Path(folder),
        )
    sys.stdout.write(f"{figures}\n")
    return 0 if figures.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
