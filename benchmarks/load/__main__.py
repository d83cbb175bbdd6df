"""Users, programs and a sync at once: no error, no wrong number, flat memory.

    python -m benchmarks.load --minutes 10

A private MariaDB server at today's size is written to all the time, the sync job
publishes every few seconds, users click through pages and programs ask the API.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load.crowd import Crowd
from benchmarks.load.source import Votes
from benchmarks.load.tally import Memory, Tally
from benchmarks.stores import fill
from benchmarks.sync_first_load import environment
from store.manifest import CURRENT
from testkit.dashboard import TOKEN, Dashboard, dashboard
from testkit.database_servers import LiveDatabase, running_server
from testkit.measurement import ROOT

EVERY = 5.0
"""Seconds between two samples of memory, and between two syncs."""


@contextmanager
def syncing(database: LiveDatabase, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the sync job; yield it once it has published."""
    job = subprocess.Popen(
        [sys.executable, "sync_job.py", "--every", str(EVERY)],
        cwd=ROOT,
        env={**os.environ, **environment(database, folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (folder / CURRENT).exists():
            time.sleep(0.1)
        yield job
    finally:
        job.terminate()


def burden(
    served: Dashboard, votes: Votes, flags: argparse.Namespace
) -> tuple[Tally, Memory]:
    """Start all clients; return what happened once the time is over."""
    tally, memory = Tally(), Memory(served.process.pid)
    crowd = Crowd.at(served.url, TOKEN, tally)
    threads = [threading.Thread(target=votes.write_until, args=(crowd.stop,))]
    threads += [
        threading.Thread(target=crowd.user, args=(seed, flags.think))
        for seed in range(flags.users)
    ]
    threads += [
        threading.Thread(target=crowd.program, args=(1000 + seed, flags.pause, votes))
        for seed in range(flags.programs)
    ]
    for thread in threads:
        thread.start()
    watch(memory, flags.minutes * 60)
    crowd.stop.set()
    for thread in threads:
        thread.join()
    return tally, memory


def watch(memory: Memory, seconds: float) -> None:
    """Sample the memory until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        memory.sample()
        time.sleep(EVERY)


def ended(process: "subprocess.Popen[str]", how: signal.Signals) -> str:
    """End a process; return how it ended."""
    began = time.monotonic()
    process.send_signal(how)
    out, log = process.communicate(timeout=60)
    said = (out or "") + (log or "")
    lines = [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line]
    first = (
        f"ended by {how.name} after {time.monotonic() - began:.1f} s, code "
        f"{process.returncode}, tracebacks: {said.count('Traceback')}, "
        f"warnings and errors in its log: {len(lines)}"
    )
    return "\n".join([first, *lines[:5]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument(
        "--think", type=float, default=10, help="seconds between clicks"
    )
    parser.add_argument("--programs", type=int, default=20)
    parser.add_argument("--pause", type=float, default=5, help="seconds between calls")
    parser.add_argument("--small", action="store_true", help="the tests' small data")
    flags = parser.parse_args()
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        database = server.create_database()
        if flags.small:
            database.fill_from_golden()
        else:
            fill(database, 1)
        variables = {"ANALYTICS_SECRET_TOKEN": TOKEN, "DATA_DIR": folder}
        with (
            syncing(database, Path(folder)) as job,
            dashboard(variables) as served,
        ):
            votes = Votes(database)
            tally, memory = burden(served, votes, flags)
            print(tally.report(flags.minutes))
            print("memory of the dashboard, MB:", memory.report(round(60 / EVERY)))
            print(f"votes written: {votes.count:,}")
            print("dashboard:", ended(served.process, signal.SIGINT))
            print("sync job:", ended(job, signal.SIGTERM))
    sys.exit(bool(tally.errors or tally.wrong))


if __name__ == "__main__":
    main()
