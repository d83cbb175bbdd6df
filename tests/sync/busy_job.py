"""The sync job at a hundred times its usual pace, over many small blocks.

    python -m tests.sync.busy_job

It runs until it is ended, as `sync_job.py --every` does.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import os
import sys
import time
from threading import Event

from core.settings import SyncSettings
from sync.job import Job, every
from sync.plan import Policy
from sync.run import Request
from sync.store_writer import Disk

BUSY = Policy(
    block_rows=500,
    first_pause=0.1,
    statement_seconds=5,
    run_seconds=20,
    keep_seconds=3,
)


def main() -> int:
    stop = Event()
    settings = SyncSettings.from_env(os.environ)
    job = Job(settings, Disk(settings.data_dir), stop, policy=BUSY)
    every(0.05, lambda: job.run(Request()), stop, time.monotonic)
    return 0


if __name__ == "__main__":
    sys.exit(main())
