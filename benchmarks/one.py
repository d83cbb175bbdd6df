"""One question in a process of its own, so that its peak memory is its own.

    python -m benchmarks.one STORE QUESTION --runs 5

Prints what was measured as JSON. The first answer, which warms the file cache, does
not count.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.questions import (
    RIVALS,
    TOGETHER,
    Data,
    answering,
    plans_of,
    rows_read,
)
from benchmarks.rival import Rival, differences
from metrics import legacy_api
from store import engine

_PASSES = 2
"""Of the rival, who takes seconds where there are many data."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one question took."""

    seconds: tuple[float, ...]
    """Of each run, in order of length."""
    peak_mb: float
    rows: int = 0
    differs: tuple[str, ...] = ()
    """Names of metrics whose answers differ from the rival's."""
    parts: Mapping[str, tuple[float, ...]] | None = None

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
    """Measure a question of ours."""
    answer = answering(data, name)
    seconds = timed(answer, runs)
    return Taken(seconds, _peak(), rows_read(data, plans_of(answer)))


def theirs(data: Data, name: str, runs: int) -> Taken:
    """Measure DuckDB on the reference metrics, and compare every answer."""
    rival = data.rival(name)
    first = rival.answer_all()
    passes = [_pass(rival) for _ in range(min(runs, _PASSES))]
    peak = _peak()
    plans = legacy_api.plans(data.snapshot.frames, data.now)
    expected = engine.collect_all(plans, data.snapshot.rows)
    return Taken(
        seconds=tuple(sorted(sum(one.values()) for one in passes)),
        peak_mb=peak,
        differs=tuple(differences(expected, first)),
        parts={n: tuple(sorted(one[n] for one in passes)) for n in first},
    )


def _pass(rival: Rival) -> dict[str, float]:
    """Return the seconds of each metric, asked one after the other."""
    return {name: _seconds(partial(rival.answer, name)) for name in rival.questions}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("question", help=f"such as {TOGETHER!r}, or one of {[*RIVALS]}")
    parser.add_argument("--runs", type=int, default=5)
    flags = parser.parse_args()
    data = Data.at(flags.store)
    measure = theirs if flags.question in RIVALS else ours
    taken = measure(data, flags.question, flags.runs)
    print(json.dumps(asdict(taken)))


if __name__ == "__main__":
    main()
