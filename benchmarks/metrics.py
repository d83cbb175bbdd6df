"""How long the metrics take: the reference as a whole, every table, a room.

Computed from Parquet every time. Each figure is the median of several runs.

uv run python -m benchmarks.metrics [DATA_DIR] [--runs 9]
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

import clock
import demo
import engine
from metrics import reference, rooms
from metrics.catalogue import CATALOGUE
from metrics.frames import Frames, Window
from metrics.scope import Scope
from store import open_store
from ui import periods

Plans = Callable[[], Mapping[str, pl.LazyFrame]]


def questions(frames: Frames) -> dict[str, Plans]:
    """Return what is timed: name → the plans that answer it."""
    now = clock.now()
    days = periods.PERIODS[periods.DEFAULT_PERIOD](now.date(), now.date())
    before = periods.previous(days)
    scope = Scope(
        frames=frames.without_bots(),
        window=periods.window_of(days, now),
        before=Window.of_days(before.first, before.last),
        every="day",
        now=now,
    )
    asked: dict[str, Plans] = {
        "all reference metrics": lambda: reference.plans(frames, now),
        "a room": lambda: {"room": rooms.statistics(frames, 1)},
    }
    return asked | {name: _table(name, scope) for name in CATALOGUE}


def _table(name: str, scope: Scope) -> Plans:
    return lambda: {name: CATALOGUE[name].build(scope)}


def median_ms(plans: Plans, runs: int) -> float:
    """Build and execute the plans; return the median of the runs after a first."""
    engine.collect_all(plans())
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        engine.collect_all(plans())
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def main() -> None:
    """Print a table of milliseconds, slowest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.data_dir is None:
            demo.write(Path(folder), clock.now())
        snapshot = open_store(options.data_dir or Path(folder))
        held = sum(info.rows for info in snapshot.tables.values())
        print(f"{held:,} rows, {snapshot.bytes / 1e6:.1f} MB of Parquet; 28 days;")
        print(f"Polars {pl.__version__}, Python {platform.python_version()}, ", end="")
        print(f"{os.cpu_count()} cores; median of {options.runs}, building included")
        found = {
            name: median_ms(plans, options.runs)
            for name, plans in questions(snapshot.frames).items()
        }
    for name, taken in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{taken:9.1f} ms  {name}")


if __name__ == "__main__":
    main()
