"""The live database, read only: one connection, one snapshot, raw bytes."""

import hashlib
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import batched

from mysql.connector import errorcode

from metrics.tables import Table
from store.manifest import Origin
from sync import sql
from sync.checksum import Checksum, Form, pages_checksum, rows_checksum
from sync.connection import Connection, Cursor, Deadline, RawRow, batches, translated
from sync.decode import BulkRows, RawRows, gather
from sync.exceptions import SourceError
from sync.partitions import Extent, Partition, walk
from sync.schema_contract import KEEP_ASCII, LiveColumn, has_own_key, other_charsets

# Rows that are turned into columns together: few enough for the processor's cache.
_ROWS_AT_ONCE = 8_192
_LOCK_SECONDS = 3
_ABSENT = {
    errorcode.ER_NO_SUCH_TABLE,
    errorcode.ER_UNKNOWN_TABLE,  # of information_schema
    errorcode.ER_TABLEACCESS_DENIED_ERROR,
}
_UNKNOWN_VARIABLE = 1193
# Blocks that are counted by one statement: it stays short of every server's limit.
_COUNTED_AT_ONCE = 64


class Source:
    """A connection to the live database that only reads."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._charsets: dict[str, Mapping[str, str]] = {}
        """Of each table's texts that are not UTF-8, by column."""
        self._with_own_key: set[str] = set()
        self.views: set[str] = set()
        """Views in the place of tables: whether theirs have snapshots is not known."""

    @contextmanager
    def snapshot(self, tables: Sequence[Table]) -> Iterator[datetime]:
        """Hold one instant of all tables; yield it, by the server's clock, in UTC.

        The clock is read first: the snapshot has everything that was committed by
        then. Every table is opened before the first row is read, which fixes the
        snapshot: a table that is renamed onto another's name later cannot be met half
        filled, since the server keeps all definitions until the end.
        """
        now = self.now()
        self._command("START TRANSACTION READ ONLY")
        # In the order in which RENAME TABLE locks: in another, the two can wait for
        # each other, and the server ends this one.
        for table in sorted(tables, key=lambda table: table.name):
            try:
                self._rows(sql.touch(table), f"opening {table.name}")
            except SourceError as error:
                if error.number not in _ABSENT:  # which the contract check names
                    raise
        yield now
        # Nothing was written.
        self._command("ROLLBACK")

    def now(self) -> datetime:
        """Return the time of the server's clock in UTC."""
        # Not NOW(): a session variable can hold that still.
        asked = "SELECT UNIX_TIMESTAMP(SYSDATE(6))"
        rows = self._rows((asked, ()), "reading the clock")
        # Seconds since 1970 do not depend on the session's zone.
        seconds = float(rows[0][0] or b"0")
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)

    def origin(self) -> Origin:
        """Return which database this is."""
        ((name,),) = self._rows(("SELECT DATABASE()", ()), "naming the database")
        # MySQL has the first, newer MariaDB the second, older ones neither.
        for variables in ("@@server_uuid", "@@server_uid", "@@hostname, @@port"):
            try:
                ((*found,),) = self._rows((f"SELECT {variables}", ()), "naming it")
            except SourceError as error:
                if error.number != _UNKNOWN_VARIABLE:
                    raise
            else:
                server = b" ".join(value or b"" for value in found)
                # A digest: readers of the manifest need not know the host's name.
                digest = hashlib.sha256(server).hexdigest()[:16]
                # MariaDB's only names its address, which another may come to have.
                has_own_id = variables == "@@server_uuid"
                created = None if has_own_id else self._created()
                return Origin((name or b"").decode(), digest, created)
        raise AssertionError("every server has a host name")

    def _created(self) -> str | None:
        """Return when the oldest table was created; None for views only."""
        ((created,),) = self._rows(sql.created(), "naming the database")
        return None if created is None else created.decode()

    def lock(self, name: str) -> bool:
        """Take the server's lock of that name for the life of the connection.

        Waits a little: a job that was killed has it until the server notices.
        """
        asked = ("SELECT GET_LOCK(%s, %s)", (name, _LOCK_SECONDS))
        rows = self._rows(asked, "taking the lock")
        return rows[0][0] == b"1"

    def unlock(self, name: str) -> None:
        """Let go of the lock now: the server may notice a goodbye only later."""
        self._rows(("SELECT RELEASE_LOCK(%s)", (name,)), "releasing the lock")

    def columns(self, table: Table) -> list[LiveColumn] | None:
        """Return the live columns; None where the table is missing or not granted."""
        try:
            rows = self._rows(sql.columns(table), f"describing {table.name}")
        except SourceError as error:
            if error.number in _ABSENT:
                return None
            raise
        # What follows the index can be no UTF-8: the default of a column, a comment.
        texts = [
            [(value or b"").decode(errors="replace") for value in row[:5]]
            for row in rows
        ]
        found = [
            LiveColumn(name, kind, null == "YES", collation, index)
            for name, kind, collation, null, index in texts
        ]
        self._charsets[table.name] = other_charsets(found)
        if has_own_key(table, found):
            self._with_own_key.add(table.name)
        else:
            self._with_own_key.discard(table.name)
        return found

    def engine(self, table: Table) -> str:
        """Return the storage engine of a table, "" for a view."""
        rows = self._rows(sql.engine(table), f"describing {table.name}")
        engine = (rows[0][0] or b"").decode() if rows else ""
        if not engine:
            self.views.add(table.name)
        return engine

    def counts(self, table: Table, partitions: Sequence[Partition]) -> list[int]:
        """Return the number of rows of each partition."""
        found: list[int] = []
        for some in batched(partitions, _COUNTED_AT_ONCE):
            self._deadline.check()
            rows = self._rows(sql.counts(table, some), f"counting {table.name}")
            counts = [(_whole(position), _whole(count)) for position, count in rows]
            found += (
                sum(count for position, count in counts if position in partition)
                for partition in some
            )
        return found

    def repeated_key(self, table: Table) -> str | None:
        """Return a key that several rows have, None where every row has its own.

        Asks only where no unique index makes sure of it.
        """
        if table.name in self._with_own_key:
            return None
        rows = self._rows(sql.repeated_key(table), f"comparing keys of {table.name}")
        return (rows[0][0] or b"").decode(errors="replace") if rows else None

    def partitions(
        self, table: Table, known: Container[str], block_rows: int
    ) -> list[Partition]:
        """Return the partitions with rows, oldest first (see `partitions.walk`)."""
        following = partial(self.next_position, table)
        return list(walk(table, self.extent(table), known, following, block_rows))

    def extent(self, table: Table) -> Extent | None:
        """Return the first and last position of a table, None when it is empty."""
        (first, last), *_ = self._rows(sql.extent(table), f"measuring {table.name}")
        if first is None or last is None:
            return None
        return Extent(_whole(first), _whole(last))

    def next_position(self, table: Table, position: int) -> int | None:
        """Return the first position at or after one."""
        statement = sql.next_position(table, position)
        ((found,),) = self._rows(statement, f"measuring {table.name}")
        return None if found is None else _whole(found)

    def checksum(
        self,
        table: Table,
        partition: Partition,
        form: Form,
        letters: Collection[str] | None = None,
    ) -> Checksum:
        """Return the checksum of a partition's rows, computed by the server.

        `letters` names the texts of the store's rows that are more than plain ASCII;
        rows that are equal have the same bytes in the others, in most charsets.
        """
        self._deadline.check()
        action = f"comparing {table.name}"
        charsets = {
            column: charset
            for column, charset in self._charsets_of(table).items()
            if letters is None or column in letters or charset not in KEEP_ASCII
        }
        match form:
            case Form.PAGES:
                statement = sql.pages_checksum(table, partition, charsets)
                return _of_pages(self._rows(statement, action))
            case Form.ROWS:
                statement = sql.rows_checksum(table, partition, charsets)
                ((rows, digests, first, second),) = self._rows(statement, action)
                if digests != rows:
                    raise SourceError(action, errorcode.ER_NET_PACKET_TOO_LARGE)
                return rows_checksum(_whole(rows), _whole(first), _whole(second))

    def bulk_rows(self, table: Table, partition: Partition) -> BulkRows:
        """Return a range of keys' rows as pages, with the checksum of these rows."""
        self._deadline.check()
        statement = sql.pages(table, partition, self._charsets_of(table))
        found = self._rows(statement, f"reading {table.name}")
        return BulkRows(table, _of_pages(found), [row[2] for row in found if row[2]])

    def raw_rows(self, table: Table, partition: Partition) -> RawRows:
        """Return a partition's rows as they came, row by row."""
        with translated(f"reading {table.name}"):
            cursor = self._execute(*sql.select(table, partition))
            rows = batches(self._connection, cursor, _ROWS_AT_ONCE)
            return RawRows(table, gather(table, self._in_time(rows)))

    def _charsets_of(self, table: Table) -> Mapping[str, str]:
        """Return the charsets of texts that cannot be joined as they are."""
        charsets = self._charsets[table.name]
        if table.name not in self.views:
            return charsets
        names = (column.name for column in sql.texts(table))
        return {**dict.fromkeys(names, sql.AS_BYTES), **charsets}

    def _in_time(
        self, batches: Iterator[Sequence[RawRow]]
    ) -> Iterator[Sequence[RawRow]]:
        for rows in batches:
            self._deadline.check()
            yield rows

    def _rows(self, statement: sql.Statement, action: str) -> Sequence[RawRow]:
        with translated(action):
            return self._execute(*statement).fetchall()

    def _command(self, statement: str) -> None:
        with translated("opening the snapshot"):
            self._execute(statement, ())

    def _execute(self, statement: str, values: sql.Values) -> Cursor:
        self._cursor.execute(statement, values)
        return self._cursor

    @cached_property
    def _cursor(self) -> Cursor:
        # One for all: the driver pings the server for each and waits for the answer.
        return self._connection.cursor()


def _of_pages(rows: Sequence[RawRow]) -> Checksum:
    return pages_checksum((_whole(row[0]), (row[1] or b"").decode()) for row in rows)


def _whole(value: bytes | None) -> int:
    """Return a whole number; a zero date's missing second counts as 0."""
    return int((value or b"0").split(b".")[0] or b"0")
