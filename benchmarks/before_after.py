"""How long queries take in two checkouts of the project, turn by turn.

    git worktree add ../before main
    python -m benchmarks.before_after STORE ../before --runs 15

One process per checkout holds its code; both answer a query in turns, so that a busy
machine is as busy for either. Prints the fastest run of each, and the processor time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from testkit.queries import PAGE, ROOT, TOGETHER, Data, answering, names

_READY = "ready"


class Checkout:
    """A process with the code of one checkout."""

    def __init__(self, folder: Path, store: Path) -> None:
        # The file is run, not the module: the other checkout may not have it. Without
        # -P, `metrics` would be the module of this folder.
        command = [sys.executable, "-P", __file__, str(store.resolve()), "--answer"]
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder.resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answers = iter(self._process.stdout or ())
        if self._line() != _READY:
            raise SystemExit(f"{folder} cannot answer queries on {store}")

    def seconds(self, name: str) -> tuple[float, float]:
        """Answer a query; return the time on the clock and of the processor."""
        print(name, file=self._process.stdin, flush=True)
        wall, processor = json.loads(self._line())
        return wall, processor

    def end(self) -> None:
        """End the process."""
        self._process.communicate()

    def _line(self) -> str:
        return next(self._answers, "").strip()


def answer_queries(store: Path) -> None:
    """Answer the queries that are named on the standard input, one a line."""
    data = Data.at(store)
    known = {}
    print(_READY, flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in known:
            known[name] = answering(data, name)
            known[name]()
        started, busy = time.perf_counter(), time.process_time()
        known[name]()
        taken = time.perf_counter() - started, time.process_time() - busy
        print(json.dumps(taken), flush=True)


def compared(
    store: Path, before: Path, runs: int, asked: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    yield "| query | before ms | after ms | before, processor ms | after |"
    yield "| --- | --: | --: | --: | --: |"
    checkouts = [Checkout(folder, store) for folder in (before, ROOT)]
    for name in asked:
        taken = [
            [checkout.seconds(name) for checkout in checkouts] for _ in range(runs)
        ]
        figures = [
            f"{1000 * min(run[side][clock] for run in taken):.1f}"
            for clock in (0, 1)
            for side in (0, 1)
        ]
        yield f"| {name} | {' | '.join(figures)} |"
    for checkout in checkouts:
        checkout.end()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("store", type=Path)
    parser.add_argument("before", type=Path, nargs="?", help="the other checkout")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--answer", action="store_true", help="used by itself")
    flags = parser.parse_args()
    if flags.answer:
        answer_queries(flags.store)
        return
    pages = [name for name in names() if name.startswith(PAGE)]
    for line in compared(flags.store, flags.before, flags.runs, [TOGETHER, *pages]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
