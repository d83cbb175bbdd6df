"""Twenty people at one moment: how long each waits, how much memory all need.

    python -m benchmarks.rush STORE --people 20 --limits 1 2 4 20

Everybody opens a page, one after the other of the list, and some of them a room. A
process of its own measures each limit on the number of questions that are computed at
the same time (`engine.Local`).
"""

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measured import ROOT
from benchmarks.questions import PAGE, ROOM, Data, answering, names
from store import engine

type Ask = Callable[[], object]


def rush(questions: Sequence[Ask], people: int) -> tuple[float, list[float]]:
    """Let everybody ask at once; return the whole time, and each answer's."""
    start = threading.Barrier(people + 1)

    def person(number: int) -> float:
        start.wait()
        return _seconds(questions[number % len(questions)])

    with ThreadPoolExecutor(people) as crowd:
        waits = [crowd.submit(person, number) for number in range(people)]
        start.wait()
        whole = _seconds(lambda: [wait.result() for wait in waits])
    return whole, sorted(wait.result() for wait in waits)


def _seconds(ask: Ask) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def measure(store: Path, people: int, limit: int) -> str:
    """Measure one limit in this process; return a line of a table."""
    engine.use(engine.Local(limit))
    data = Data.at(store)
    asked = [n for n in names() if n.startswith(PAGE) or n == ROOM]
    whole, waits = rush([answering(data, name) for name in asked], people)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    middle, late = waits[len(waits) // 2], waits[int(len(waits) * 0.95)]
    return (
        f"| {limit} | {len(waits) / whole:.2f} | {middle:.1f} | {late:.1f} "
        f"| {waits[-1]:.1f} | {peak:,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--limits", type=int, nargs="+", default=(1, 2, 4, 20))
    flags = parser.parse_args()
    if len(flags.limits) == 1:
        print(json.dumps(measure(flags.store, flags.people, flags.limits[0])))
        return
    print("| at once | answers/s | median s | 95th percentile | slowest | peak MB |")
    print("| --: | --: | --: | --: | --: | --: |")
    for limit in flags.limits:
        print(_in_own_process(flags, limit), flush=True)


def _in_own_process(flags: argparse.Namespace, limit: int) -> str:
    command = [sys.executable, "-m", "benchmarks.rush", str(flags.store)]
    options = ["--people", str(flags.people), "--limits", str(limit)]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return str(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
