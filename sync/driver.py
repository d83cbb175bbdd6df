"""The database driver, with its C extension where the machine can load it.

The extension reads about seven times faster than its pure-Python twin. It brings
its own OpenSSL and does not load where an older system OpenSSL (3.0) came first,
so this module has to be imported before anything that imports `ssl`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import islice
from typing import Protocol, cast

with suppress(ImportError):
    import_module("_mysql_connector")

import mysql.connector

type RawRow = Sequence[bytes | None]

HAS_EXTENSION = bool(mysql.connector.HAVE_CEXT)


def _of_the_extension() -> tuple[type[Exception], ...]:
    """Return the extension's own errors, which some of its calls let through."""
    if not HAS_EXTENSION:
        return ()
    extension = import_module("_mysql_connector")
    return extension.MySQLError, extension.MySQLInterfaceError


FAILURES: tuple[type[Exception], ...] = (
    mysql.connector.Error,
    OSError,
    *_of_the_extension(),
)
"""What the driver raises when a connection fails, in either implementation."""


def number(failure: Exception) -> int | None:
    """Return the server's or the system's error number, if there is one."""
    found = getattr(failure, "errno", None)
    return found if isinstance(found, int) else None


class Cursor(Protocol):
    """What is used of the driver's cursors, whose own types are not strict."""

    def execute(self, statement: str, values: tuple[int | str, ...]) -> object:
        """Send a statement."""

    def fetchone(self) -> RawRow | None:
        """Return the next row."""

    def fetchall(self) -> list[RawRow]:
        """Return all rows that are left."""

    def close(self) -> object:
        """Let go of the result."""


class Connection(Protocol):
    """What is used of the driver's connections."""

    def cursor(self) -> Cursor:
        """Return a new cursor."""

    def free_result(self) -> object:
        """Let go of a result that was read by the extension."""

    def close(self) -> None:
        """Say goodbye and end the connection."""

    def shutdown(self) -> None:
        """End the connection without a word."""


def batches(
    connection: Connection, cursor: Cursor, size: int
) -> Iterator[list[RawRow]]:
    """Yield the rows of an executed query as bytes, so many at a time.

    The extension's own fetch skips two copies and a Python loop for every row,
    which is half of the time that reading takes.
    """
    low = getattr(connection, "_cmysql", None)
    if low is None:
        fetch = cursor.fetchone
    else:
        low.raw(True)  # the extension's own signature
        fetch = cast("Callable[[], RawRow | None]", low.fetch_row)
    rows = iter(fetch, None)
    while batch := list(islice(rows, size)):
        yield batch
    if low is not None:
        connection.free_result()


def implementation() -> str:
    """Return which implementation of the driver runs, for the log."""
    kind = "C extension" if HAS_EXTENSION else "pure Python (about 7 times slower)"
    return f"mysql-connector-python {mysql.connector.__version__}, {kind}"
