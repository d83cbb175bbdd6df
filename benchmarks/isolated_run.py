"""One query in its own process, so that its peak memory is its own.

    python -m benchmarks.isolated_run STORE QUERY --runs 5

Prints what was measured as JSON. The first answer, which warms the file cache, does
not count.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.duckdb import USER_COLUMNS, DuckDb, differences
from metrics import legacy_api
from store import engine
from testkit.measurement import peak_mb
from testkit.queries import TOGETHER, Data, answering, plans_of, rows_read

# Of DuckDB, which takes seconds on large stores.
_PASSES = 2


@dataclass(frozen=True, slots=True)
class Taken:
    """What one query took."""

    seconds: tuple[float, ...]
    """Of each run, in order of length."""
    peak_mb: float
    rows: int = 0
    differs: tuple[str, ...] = ()
    """Names of metrics whose answers differ from DuckDB's."""
    parts: Mapping[str, tuple[float, ...]] | None = None
    cpu_seconds: float = 0.0
    """Processor time of one run, on average: a busy machine changes it little."""

    @property
    def median(self) -> float:
        """The middle one of the runs."""
        return self.seconds[len(self.seconds) // 2]


def timed(answer: Callable[[], object], runs: int) -> tuple[float, ...]:
    """Return the seconds of each run after a first one, shortest first."""
    answer()
    return tuple(sorted(_seconds(answer) for _ in range(runs)))


def _seconds(answer: Callable[[], object]) -> float:
    started = time.perf_counter()
    answer()
    return time.perf_counter() - started


def ours(data: Data, name: str, runs: int) -> Taken:
    """Measure one of our queries."""
    answer = answering(data, name)
    busy = time.process_time()
    seconds = timed(answer, runs)
    each = (time.process_time() - busy) / (runs + 1)
    rows = rows_read(data, plans_of(answer))
    return Taken(seconds, peak_mb(), rows, cpu_seconds=each)


def theirs(data: Data, name: str, runs: int) -> Taken:
    """Measure DuckDB on the reference metrics, and compare every answer."""
    duckdb = DuckDb(data.snapshot, data.now, name)
    first = duckdb.answer_all()
    passes = [_pass(duckdb) for _ in range(min(runs, _PASSES))]
    peak = peak_mb()
    plans = legacy_api.plans(legacy_api.sharing(data.snapshot.frames), data.now)
    expected = engine.collect_all(plans, data.snapshot.rows)
    return Taken(
        seconds=tuple(sorted(sum(one.values()) for one in passes)),
        peak_mb=peak,
        differs=tuple(differences(expected, first)),
        parts={n: tuple(sorted(one[n] for one in passes)) for n in first},
    )


def _pass(duckdb: DuckDb) -> dict[str, float]:
    """Return the seconds of each metric, asked one after the other."""
    return {name: _seconds(partial(duckdb.answer, name)) for name in duckdb.queries}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument(
        "query", help=f"for example {TOGETHER!r}, or one of {[*USER_COLUMNS]}"
    )
    parser.add_argument("--runs", type=int, default=5)
    flags = parser.parse_args()
    data = Data.at(flags.store)
    measure = theirs if flags.query in USER_COLUMNS else ours
    taken = measure(data, flags.query, flags.runs)
    print(json.dumps(asdict(taken)))


if __name__ == "__main__":
    main()
