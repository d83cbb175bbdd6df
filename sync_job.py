"""The sync job: `python sync_job.py` makes the Parquet store equal the database."""

import os
import signal

if __name__ == "__main__":
    # Ctrl-C ends it at once and without a traceback, while modules load as well.
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))
    # The first process of a container ignores it until there is a handler.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))

import sync.connection  # isort: skip  # before anything that imports ssl

import argparse
import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event

from core.errors import flush_errors, logger, start_errors
from core.settings import LONGEST_INTERVAL, SettingError, SyncSettings
from metrics.tables import BY_NAME
from sync.job import Job, Result, every
from sync.run import Request
from sync.store_writer import Disk


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run as the flags say; return the exit code."""
    flags = _flags(arguments)
    try:
        settings = SyncSettings.from_env(environ)
    except SettingError as error:
        # The log is not set up yet: it needs the settings.
        sys.stderr.write(f"{error}\n")
        return 1
    start_errors(settings.sentry, settings.secrets, service="fpp-analytics-sync")
    _spare_the_collector()
    logger.info("%s", sync.connection.implementation(settings.database))
    disk, stop = Disk(settings.data_dir), _stop_signal()
    job = Job(settings, disk, stop, interval=flags.every or None)
    try:
        return _run(job, flags)
    finally:
        flush_errors()


def _spare_the_collector() -> None:
    """Keep the garbage collector from scanning modules, and let it scan rows rarely.

    Rows have no cycles and are freed a moment later: scanning each of them took a tenth
    of a first load.
    """
    # What is loaded by now stays until the end.
    gc.freeze()
    gc.set_threshold(100_000)


def _flags(arguments: Sequence[str]) -> argparse.Namespace:
    flags = parser().parse_args(arguments)
    others = flags.accept_shrink, flags.rebuild is not None, flags.every is not None
    if flags.verify and any(others):
        parser().error("--verify cannot be combined with other flags")
    return flags


def _run(job: Job, flags: argparse.Namespace) -> int:
    request = _request(flags)
    if flags.every is None:
        result = job.verify() if flags.verify else job.run(request)
        if result is Result.BUSY and (flags.verify or request != Request()):
            # The other job does not do it: 0 would say that it was done.
            logger.error(
                "The flags had no effect. Stop the other job, or run this again once "
                "its run has ended."
            )
            return 1
        return result.exit_code
    seconds = flags.every or job.settings.sync_interval
    every(seconds, _until_done(job, request), job.stop, time.monotonic)
    return 0


def _request(flags: argparse.Namespace) -> Request:
    # `--rebuild` alone means all tables, its absence none.
    names = flags.rebuild
    rebuild = frozenset(BY_NAME if names == [] else names or ())
    return Request(rebuild=rebuild, accept_shrink=flags.accept_shrink)


def _until_done(job: Job, request: Request) -> Callable[[], Result]:
    """Return a run that follows the flags until it has succeeded once."""
    # A failed rebuild is tried again; once done, later runs are ordinary.
    todo = [request]

    def run() -> Result:
        result = job.run(todo[0] if todo else Request())
        if result is Result.DONE:
            todo.clear()
        return result

    return run


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
        help="run every SECONDS (default: SYNC_INTERVAL) until SIGTERM",
    )
    add(
        "--verify",
        action="store_true",
        help="compare the whole store with the database, change nothing",
    )
    add(
        "--rebuild",
        nargs="*",
        choices=[*BY_NAME],
        metavar="TABLE",
        help="re-read these tables (default: all)",
    )
    add(
        "--accept-shrink",
        action="store_true",
        help="accept that the database lost more than a fifth of a table",
    )
    return parser


def _seconds(text: str) -> float:
    # As SYNC_INTERVAL, and parts of a second; float() also takes "inf" and "nan".
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_INTERVAL:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of seconds. Use one above 0, up to "
            f"{LONGEST_INTERVAL}."
        )
    return seconds


def _stop_signal() -> Event:
    """Return the event that SIGTERM sets: a run in progress ends first."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
