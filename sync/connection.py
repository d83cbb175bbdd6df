"""A connection to the live database: the driver, time limits, TLS, one fixed session.

The driver's C extension reads about seven times faster than its pure-Python twin. It
brings its own OpenSSL and does not load where an older system OpenSSL (3.0) came
first, so this module has to be imported before anything that imports `ssl`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import islice
from typing import Any, Protocol, cast

with suppress(ImportError):
    import_module("_mysql_connector")

import socket
import ssl
import struct

import mysql.connector
from mysql.connector.plugins import mysql_clear_password

from core.network import call_within
from core.settings import Database
from sync.exceptions import DeadlineError, SourceError

type RawRow = Sequence[bytes | None]

HAS_EXTENSION = bool(mysql.connector.HAVE_CEXT)
LONGEST_TEXT = 16_000_000
"""Size of the largest packet of the protocol, in bytes."""
_NOT_THE_PROTOCOL = 2007
_TLS_FAILED = 2026
_UNKNOWN_PLUGIN = 2059
_UNREACHABLE = 2003
_UNKNOWN_HOST = 2005
_LOST = 2013
# What OpenSSL says of a peer that closed, and of one that reset, the connection.
_CUT = "unexpected eof", "error:00000000"
_TIME_OUTS: Mapping[type[BaseException], int] = {
    mysql.connector.errors.ConnectionTimeoutError: _UNREACHABLE,
    mysql.connector.errors.ReadTimeoutError: _LOST,
    mysql.connector.errors.WriteTimeoutError: _LOST,
}
"""Pure Python's own, of which it says what a server says that ended a query."""


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


_UNREADABLE = IndexError, ValueError, struct.error
"""What pure Python raises of a greeting that it cannot read."""


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


class Deadline:
    """The time limit of a run, its retries included."""

    def __init__(self, seconds: float) -> None:
        self._limit = seconds
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the run has lasted."""
        return time.monotonic() - self._started

    def check(self) -> None:
        """Raise DeadlineError once the time limit has passed."""
        if self.seconds > self._limit:
            raise DeadlineError(self._limit)


@contextmanager
def connected(database: Database, seconds: int) -> Iterator[Connection]:
    """Open a connection and close it afterwards, whatever happened on it.

    No answer of the server may take longer than `seconds`.
    """
    connection = _connect(database, seconds)
    try:
        # Before the first statement: none may travel in clear text.
        _require_encryption(connection, database)
        _pin_session(connection, seconds)
        yield connection
    finally:
        try:
            connection.close()
        except FAILURES:
            # It could not say goodbye; pure Python keeps the socket open then.
            _drop(connection)


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise SourceError, which names action and fix, for what the driver raises."""
    try:
        yield
    except FAILURES as error:
        raise SourceError(action, _number(error)) from error


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


def implementation(database: Database) -> str:
    """Return which implementation of the driver runs, for the log."""
    slow = "pure Python (about 7 times slower)"
    kind = "C extension" if _uses_extension(database) else slow
    return f"mysql-connector-python {mysql.connector.__version__}, {kind}"


def _uses_extension(database: Database) -> bool:
    # It logs in with a collation that MariaDB does not know, and which then takes the
    # names for its own charset.
    return HAS_EXTENSION and f"{database.user}{database.name}".isascii()


def _number(error: BaseException) -> int | None:
    """Return the number of an error, None where it has none.

    Pure Python says 2003 or 2055 of whatever kept it from connecting; the system's own
    error behind that says more.
    """
    causes: list[BaseException] = []
    cause: BaseException | None = error
    # A chain of causes can be a ring.
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _UNKNOWN_HOST
    if any(isinstance(cause, ssl.SSLEOFError) for cause in causes):
        return _LOST
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return _TLS_FAILED
    if isinstance(error, mysql.connector.NotSupportedError):
        return _UNKNOWN_PLUGIN  # a login method that pure Python does not know
    if number := _TIME_OUTS.get(type(error)):
        return number
    found = getattr(error, "errno", None)
    if found == _TLS_FAILED and any(said in str(error) for said in _CUT):
        return _LOST
    return found if isinstance(found, int) and found > 0 else None


def _connect(database: Database, seconds: int) -> Connection:
    """Connect; the driver bounds each step, but not the look-up of the name."""

    def connect(*, use_pure: bool) -> Connection:
        connection = mysql.connector.connect(
            use_pure=use_pure,
            host=database.host,
            port=database.port,
            user=database.user,
            password=database.password.reveal(),
            database=database.name,
            charset="utf8mb4",
            # MariaDB 11 does not know the driver's own default.
            collation="utf8mb4_general_ci",
            # Without limits a stalled link hangs for ever.
            connection_timeout=min(10, seconds),
            read_timeout=seconds,
            write_timeout=seconds,
            autocommit=True,
            raw=True,
            # A rogue server could ask for any file that this process may read.
            allow_local_infile=False,
            **_tls(database),
        )
        return cast("Connection", connection)

    def attempt() -> Connection:
        try:
            return connect(use_pure=not _uses_extension(database))
        except RuntimeError:
            # Of an error whose text is not UTF-8, such as MariaDB's in French, the
            # extension says no more than that there was one.
            return connect(use_pure=True)

    with translated("connecting"):
        try:
            return call_within(seconds, attempt, _drop)
        except TimeoutError:
            fact = f"no answer within {seconds} s, the look-up of DB_HOST included"
            raise SourceError("connecting", _UNREACHABLE, fact) from None
        except _UNREADABLE as error:
            raise SourceError("connecting", _NOT_THE_PROTOCOL) from error


def _drop(connection: Connection) -> None:
    """End a connection without waiting for the server."""
    # Only pure Python has a way of its own for that.
    if extension := getattr(connection, "_cmysql", None):
        extension.close()
    else:
        cast("Any", connection).shutdown()


def _pin_session(connection: Connection, seconds: int) -> None:
    """Set whatever of a session changes what statements mean or how long they take.

    A server's defaults, and its init_connect, may have chosen otherwise.
    """
    no_limit = str(2**63 - 1)
    with translated("opening the session"):
        # First: with a limit of 0 no query returns a row.
        connection.cursor().execute(f"SET SESSION sql_select_limit = {no_limit}", ())
        is_mariadb = b"MariaDB" in (_value(connection, "SELECT VERSION()") or b"")
        most = f"LEAST({LONGEST_TEXT}, @@max_allowed_packet DIV 2)"
        variables = {
            "autocommit": "1",
            "time_zone": "'+00:00'",
            # Others, such as ANSI_QUOTES, change what a statement means. With this one
            # MySQL makes a text that it cannot convert null; without, it cuts it.
            "sql_mode": "'STRICT_ALL_TABLES'",
            "sql_big_selects": "1",
            # MySQL makes a decimal of mixed signs, which the variable does not take.
            # What is longer is cut, which shows in the checksum.
            "group_concat_max_len": f"CAST({most} AS UNSIGNED)",
            # The server ends a session, and its lock, soon after we were cut off.
            "wait_timeout": str(2 * seconds),
            "net_write_timeout": str(seconds),
            # Before we stop listening: the server's answer says what it waited for.
            "lock_wait_timeout": str(max(1, seconds * 8 // 10)),
            **(
                {
                    "max_statement_time": str(0.9 * seconds),
                    "max_session_mem_used": no_limit,
                    "tmp_disk_table_size": no_limit,
                    # While blocks are written the snapshot is idle.
                    "idle_readonly_transaction_timeout": str(2 * seconds),
                }
                if is_mariadb
                else {"max_execution_time": str(900 * seconds)}
            ),
        }
        values = ", ".join(f"{name} = {value}" for name, value in variables.items())
        for statement in (
            "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci",
            f"SET SESSION {values}",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        ):
            connection.cursor().execute(statement, ())


def _tls(database: Database) -> dict[str, object]:
    """Return the driver's TLS options."""
    verifies = database.ssl_mode.startswith("verify")
    authority = {} if database.ssl_ca is None else {"ssl_ca": str(database.ssl_ca)}
    return {
        "ssl_disabled": database.ssl_mode == "disabled",
        "ssl_verify_cert": verifies,
        "ssl_verify_identity": database.ssl_mode == "verify_identity",
        **(authority if verifies else {}),
    }


def _require_encryption(connection: Connection, database: Database) -> None:
    """Raise SourceError where TLS is required and the connection has none.

    The driver knows `disabled`, `preferred` and the verifying modes only.
    """
    if database.ssl_mode in {"disabled", "preferred"}:
        return
    low = getattr(connection, "_cmysql", None)
    encrypted = low.get_ssl_cipher() if low else getattr(connection, "_ssl_active", "")
    if not encrypted:
        raise SourceError("connecting", _TLS_FAILED)


def _refuse_clear_text(*_: object, **__: object) -> bytes:
    """Take the place of the plugin that sends a password as it is.

    Any server on DB_HOST may ask for it, with a certificate that it made itself.
    """
    raise mysql.connector.InterfaceError(
        "clear-text login refused", errno=_UNKNOWN_PLUGIN
    )


# Pure Python only: the C library refuses by itself.
setattr(  # noqa: B010  # mypy takes no assignment to a method
    mysql_clear_password.MySQLClearPasswordAuthPlugin,
    "auth_response",
    _refuse_clear_text,
)


def _value(connection: Connection, query: str) -> bytes | None:
    cursor = connection.cursor()
    cursor.execute(query, ())
    ((*_, value),) = cursor.fetchall()
    cursor.close()
    return value
