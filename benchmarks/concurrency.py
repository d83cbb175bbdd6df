"""Twenty users at the same moment: how long each waits, how much memory all need.

    python -m benchmarks.concurrency STORE --users 20 --limits 1 2 4 20

Each user opens one page of the list or a room. Every limit on the number of queries
that are computed at the same time (`engine.Local`) is measured in its own process.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from store import engine
from testkit.measurement import ROOT, peak_mb
from testkit.queries import PAGE, ROOM, Answer, Data, answering, names


def simultaneously(queries: Sequence[Answer], users: int) -> tuple[float, list[float]]:
    """Answer one query per user at once; return the whole time, and each answer's."""
    start = threading.Barrier(users + 1)

    def user(number: int) -> float:
        start.wait()
        return _seconds(queries[number % len(queries)])

    with ThreadPoolExecutor(users) as threads:
        waits = [threads.submit(user, number) for number in range(users)]
        start.wait()
        whole = _seconds(lambda: [wait.result() for wait in waits])
    return whole, sorted(wait.result() for wait in waits)


def _seconds(answer: Callable[[], object]) -> float:
    started = time.perf_counter()
    answer()
    return time.perf_counter() - started


def measure(store: Path, users: int, limit: int) -> str:
    """Measure one limit in this process; return a line of a table."""
    engine.use(engine.Local(limit))
    data = Data.at(store)
    asked = [n for n in names() if n.startswith(PAGE) or n == ROOM]
    whole, waits = simultaneously([answering(data, name) for name in asked], users)
    peak = peak_mb()
    middle, late = waits[len(waits) // 2], waits[int(len(waits) * 0.95)]
    return (
        f"| {limit} | {len(waits) / whole:.2f} | {middle:.1f} | {late:.1f} "
        f"| {waits[-1]:.1f} | {peak:,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--limits", type=int, nargs="+", default=(1, 2, 4, 20))
    flags = parser.parse_args()
    if len(flags.limits) == 1:
        print(json.dumps(measure(flags.store, flags.users, flags.limits[0])))
        return
    print("| at once | answers/s | median s | 95th percentile | slowest | peak MB |")
    print("| --: | --: | --: | --: | --: | --: |")
    for limit in flags.limits:
        print(_in_own_process(flags, limit), flush=True)


def _in_own_process(flags: argparse.Namespace, limit: int) -> str:
    command = [sys.executable, "-m", "benchmarks.concurrency", str(flags.store)]
    options = ["--users", str(flags.users), "--limits", str(limit)]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return str(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
