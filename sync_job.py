"""The sync job: `python sync_job.py` makes the Parquet store equal the database."""

import sync.driver  # isort: skip  # before anything that imports ssl

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from threading import Event

from errors import flush_errors, logger, start_errors
from metrics.tables import BY_NAME
from settings import SettingError, SyncSettings
from sync.disk import Disk
from sync.job import Job
from sync.replica import Request


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run as the flags say; return the exit code."""
    flags = _parser().parse_args(arguments)
    try:
        settings = SyncSettings.from_env(environ)
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    start_errors(settings.sentry)
    logger.info("%s", sync.driver.implementation())
    job = Job(settings, Disk(settings.data_dir), _stop_signal())
    try:
        return job.run(_request(flags))
    finally:
        flush_errors()


def _request(flags: argparse.Namespace) -> Request:
    names = flags.rebuild
    rebuild = frozenset(BY_NAME if names == [] else names or ())
    return Request(rebuild=rebuild, accept_shrink=flags.accept_shrink)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sync_job.py",
        description="Make the Parquet store equal to the live database, once.",
    )
    parser.add_argument(
        "--rebuild",
        nargs="*",
        choices=[*BY_NAME],
        metavar="TABLE",
        help="read these tables anew (all without a name)",
    )
    parser.add_argument(
        "--accept-shrink",
        action="store_true",
        help="confirm that the source lost more than a fifth of a table",
    )
    return parser


def _stop_signal() -> Event:
    """Return the event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
