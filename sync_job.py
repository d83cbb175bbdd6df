"""The sync job: `python sync_job.py` makes the Parquet store equal the database."""

import sync.driver  # isort: skip  # before anything that imports ssl

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event

from core.errors import flush_errors, logger, start_errors
from core.settings import SettingError, SyncSettings
from metrics.tables import BY_NAME
from sync.disk import Disk
from sync.job import Job
from sync.replica import Request
from sync.schedule import every


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run as the flags say; return the exit code."""
    flags = _flags(arguments)
    try:
        settings = SyncSettings.from_env(environ)
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    start_errors(settings.sentry, settings.secrets, service="fpp-analytics-sync")
    _spare_the_collector()
    logger.info("%s", sync.driver.implementation())
    job = Job(settings, Disk(settings.data_dir), _stop_signal())
    try:
        return _run(job, flags)
    finally:
        flush_errors()


def _spare_the_collector() -> None:
    """Let the garbage collector look at what is loaded never, and at rows rarely.

    Rows hold no cycles and are gone a moment later: looking at each of them took a
    tenth of a first load.
    """
    gc.freeze()
    gc.set_threshold(100_000)


def _flags(arguments: Sequence[str]) -> argparse.Namespace:
    flags = parser().parse_args(arguments)
    others = flags.accept_shrink, flags.rebuild is not None, flags.every is not None
    if flags.verify and any(others):
        parser().error("--verify changes nothing: it goes without other flags")
    return flags


def _run(job: Job, flags: argparse.Namespace) -> int:
    if flags.verify:
        return job.verify()
    requests = _requests(flags)
    if flags.every is None:
        return job.run(next(requests))
    seconds = flags.every or job.settings.sync_interval
    every(seconds, lambda: job.run(next(requests)), job.stop, time.monotonic)
    return 0


def _requests(flags: argparse.Namespace) -> Iterator[Request]:
    """Yield what the runs are asked to do: the flags hold for the first only."""
    names = flags.rebuild
    rebuild = frozenset(BY_NAME if names == [] else names or ())
    yield Request(rebuild=rebuild, accept_shrink=flags.accept_shrink)
    while True:
        yield Request()


def parser() -> argparse.ArgumentParser:
    """Return the flags, described."""
    parser = argparse.ArgumentParser(
        prog="sync_job.py",
        description="Make the Parquet store equal to the live database.",
    )
    add = parser.add_argument
    add(
        "--every",
        type=_seconds,
        nargs="?",
        const=0,
        metavar="SECONDS",
        help="run until SIGTERM, by default every SYNC_INTERVAL seconds",
    )
    add("--verify", action="store_true", help="compare everything, change nothing")
    add(
        "--rebuild",
        nargs="*",
        choices=[*BY_NAME],
        metavar="TABLE",
        help="read these tables anew (all without a name)",
    )
    add(
        "--accept-shrink",
        action="store_true",
        help="confirm that the source lost more than a fifth of a table",
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def _stop_signal() -> Event:
    """Return the event that SIGTERM sets: a run in progress ends first."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
