"""The live database, read only: one connection, one snapshot, raw bytes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from mysql.connector import errorcode

from metrics.tables import Table
from sync import sql
from sync.checksum import EMPTY, Checksum
from sync.contract import LiveColumn
from sync.decode import Rows, gather
from sync.driver import Connection, Cursor, RawRow, batches
from sync.failing import translated
from sync.faults import SourceError
from sync.lines import Lines
from sync.spans import Extent, Span, parts
from sync.watch import Watch

_ROWS_AT_ONCE = 8_192
"""Rows that are turned into columns together: few enough for the processor's cache."""
_KEYS_AT_ONCE = 8_192
"""Keys whose rows come as one text: about a megabyte, so that the server needs no table
on its disk."""
_LONGEST_TEXT = 16_000_000
"""Bytes that one packet of the protocol can hold."""


class Source:
    """A connection to the live database that only reads."""

    def __init__(self, connection: Connection, watch: Watch) -> None:
        self._connection = connection
        self._watch = watch

    @contextmanager
    def snapshot(self) -> Iterator[datetime]:
        """Hold one instant of all tables; yield it, by the server's clock, in UTC.

        The clock is read first: the snapshot holds everything that was committed
        by then.
        """
        now = self._now()
        self._command("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield now
        self._command("ROLLBACK")

    def end_when_silent(self, seconds: int) -> None:
        """Let the server end the session, and its lock, when we are cut off."""
        limits = f"wait_timeout = {2 * seconds}, net_write_timeout = {seconds}"
        self._command(f"SET SESSION {limits}")

    def allow_long_texts(self) -> None:
        """Let the server write many rows into one text, as long as a packet holds it.

        It cuts what is longer, which shows in the checksum.
        """
        # MySQL makes a decimal of mixed signs, which the variable does not take.
        longest = (
            f"CAST(LEAST({_LONGEST_TEXT}, @@max_allowed_packet DIV 2) AS UNSIGNED)"
        )
        self._command(f"SET SESSION group_concat_max_len = {longest}")

    def lock(self, name: str) -> bool:
        """Take the server's lock of that name for the life of the connection."""
        rows = self._rows(("SELECT GET_LOCK(%s, 0)", (name,)), "taking the lock")
        return rows[0][0] == b"1"

    def unlock(self, name: str) -> None:
        """Let go of the lock now: the server may notice a goodbye only later."""
        self._rows(("SELECT RELEASE_LOCK(%s)", (name,)), "releasing the lock")

    def columns(self, table: Table) -> list[LiveColumn] | None:
        """Return the live columns; None where the table is missing or not granted."""
        missing = {errorcode.ER_NO_SUCH_TABLE, errorcode.ER_TABLEACCESS_DENIED_ERROR}
        try:
            rows = self._rows(sql.columns(table), f"describing {table.name}")
        except SourceError as error:
            if error.number in missing:
                return None
            raise
        texts = [[(value or b"").decode() for value in row] for row in rows]
        return [LiveColumn(row[0], row[1], row[2] == "YES") for row in texts]

    def extent(self, table: Table) -> Extent | None:
        """Return the first and last place of a table, None when it is empty."""
        (first, last), *_ = self._rows(sql.extent(table), f"measuring {table.name}")
        if first is None or last is None:
            return None
        return Extent(_whole(first), _whole(last))

    def next_place(self, table: Table, place: int) -> int | None:
        """Return the first place at or after one."""
        rows = self._rows(sql.next_place(table, place), f"measuring {table.name}")
        found = rows[0][0]
        return None if found is None else _whole(found)

    def checksum(self, table: Table, span: Span) -> Checksum:
        """Return the checksum of a span's rows, computed by the server."""
        rows = self._rows(sql.checksum(table, span), f"comparing {table.name}")
        return _checksum(rows[0])

    def lines(self, table: Table, span: Span) -> Lines:
        """Return a span of keys' rows as lines, with the checksum of these rows."""
        self._watch.check()
        statement = sql.lines(table, parts(span, _KEYS_AT_ONCE))
        found = self._rows(statement, f"reading {table.name}")
        theirs = sum((_checksum(row[:3]) for row in found), EMPTY)
        return Lines(table, theirs, [row[3] for row in found if row[3]])

    def fetch(self, table: Table, span: Span) -> Rows:
        """Return a span's rows as they came, row by row."""
        with translated(f"reading {table.name}"):
            cursor = self._execute(*sql.select(table, span))
            rows = batches(self._connection, cursor, _ROWS_AT_ONCE)
            fetched = Rows(table, gather(table, self._in_time(rows)))
            cursor.close()
        return fetched

    def _in_time(
        self, batches: Iterator[Sequence[RawRow]]
    ) -> Iterator[Sequence[RawRow]]:
        for rows in batches:
            self._watch.check()
            yield rows

    def _now(self) -> datetime:
        rows = self._rows(("SELECT UNIX_TIMESTAMP(NOW(6))", ()), "reading the clock")
        seconds = float(rows[0][0] or b"0")
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)

    def _rows(self, statement: sql.Statement, action: str) -> Sequence[RawRow]:
        with translated(action):
            cursor = self._execute(*statement)
            rows = cursor.fetchall()
            cursor.close()
        return rows

    def _command(self, statement: str) -> None:
        with translated("opening the session"):
            self._execute(statement, ()).close()

    def _execute(self, statement: str, values: sql.Values) -> Cursor:
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        return cursor


def _checksum(row: RawRow) -> Checksum:
    return Checksum(*(_whole(value or b"0") for value in row))


def _whole(value: bytes) -> int:
    """Return a whole number; a zero date's missing second counts as 0."""
    return int(value.split(b".")[0] or b"0")
