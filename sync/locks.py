"""One sync job at a time, on this store and on this database."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.faults import BusyError

_LONGEST_NAME = 64


@contextmanager
def store_locked(root: Path) -> Iterator[None]:
    """Hold the store's lock; raise BusyError when another job has it.

    The kernel lets go of it with the process, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("another sync job is at work on this store") from error
        yield


def database_lock(database: str) -> str:
    """Return the name of the server's lock for a database."""
    return f"fpp-sync {database}"[:_LONGEST_NAME]
