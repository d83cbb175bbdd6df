"""SQL derived from the table descriptions: identifiers quoted, values parameters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from metrics.tables import Blocks, Column, Table
from sync.partitions import Partition

SEPARATOR = "\x1f"
"""Between the values of a row, where it is one text."""
LINE_END = "\x1e"
"""Between rows, where many are one text."""
COMMA = ","
PAGE_KEYS = 8_192
"""Keys whose rows the server writes as one text: about a megabyte, so that it needs no
table on its disk. Part of each checksum: a new number makes all blocks differ."""
_NO_LIMIT = 2**64 - 1
_ROOM = "CAST(NULL AS BINARY(65535))"
"""Adds nothing to a row's text, but to the length that MariaDB reserves for it: it
counts one byte for each character of a column, and cuts what is longer."""
_HALF = 16
AS_BYTES = "bytes"
"""In place of a charset, for a text of a view: the collation of an expression can be
explicit, and two explicit ones cannot be joined."""

type Values = tuple[int | str, ...]
type Statement = tuple[str, Values]


def quoted(name: str) -> str:
    """Return an identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def select(table: Table, partition: Partition) -> Statement:
    """Return the query for the rows of a partition, by key.

    All numbers of a row come as one text (`numbers`), each text by itself: fewer
    values to hand over is what makes reading fast, and numbers need no escaping.
    """
    where, values = _within(table, partition)
    packed = ", ".join(f"COALESCE({_number(c)}, '')" for c in numbers(table))
    names = [quoted(column.name) for column in texts(table)]
    columns = ", ".join([f"CONCAT_WS('{COMMA}', {packed})", *names])
    return (
        f"SELECT {columns} {_from(table)}{where} ORDER BY {quoted(table.key)}",
        values,
    )


def numbers(table: Table) -> list[Column]:
    """Return the columns that `select` brings as one text: numbers and times."""
    return [column for column in table.columns if column.dtype != pl.String()]


def texts(table: Table) -> list[Column]:
    """Return the text columns."""
    return [column for column in table.columns if column.dtype == pl.String()]


def length_of(column: Column) -> str:
    """Return the name of what says of a row by itself how many bytes a text has."""
    return f"length of {column.name}"


def null_of(column: Column) -> str:
    """Return the name of what says in a line of a page whether a text is null."""
    return f"{column.name} is null"


def rows_checksum(
    table: Table, partition: Partition, charsets: Mapping[str, str]
) -> Statement:
    """Return the query for a checksum of the form `rows`: count and two sums.

    `charsets` has those of the columns whose bytes are not UTF-8. Before the sums
    comes the number of rows with a digest: one longer than max_allowed_packet has none.

    The limit keeps the inner query from being merged into the outer one, which
    would compute every SHA-256 twice.
    """
    where, values = _within(table, partition)
    lengths = [f"LENGTH({_text(column, charsets)})" for column in texts(table)]
    # Nothing for a null, whose length is null too.
    ends = [f"COALESCE({length}, '')" for length in lengths]
    digest = f"SHA2({_line(table, charsets, ends)}, 256)"
    rows = f"SELECT {digest} AS digest {_from(table)}{where} LIMIT {_NO_LIMIT}"
    sums = ", ".join(
        # A cast: the sum of texts would be a float.
        f"COALESCE(SUM(CAST(CONV(SUBSTRING(digest, {start}, {_HALF}), 16, 10) "
        "AS UNSIGNED)), 0)"
        for start in (1, 1 + _HALF)
    )
    # Identifiers only, each quoted; values travel as parameters.
    counts = "COUNT(*), COUNT(digest)"
    return f"SELECT {counts}, {sums} FROM ({rows}) AS row_digests", values  # noqa: S608


def pages_checksum(
    table: Table, partition: Partition, charsets: Mapping[str, str]
) -> Statement:
    """Return the query for a checksum of the form `pages`: count and SHA-256 of each.

    Rows come in the order of the key that InnoDB keeps them in. In another order the
    checksum is another, and the partition is compared in the form `rows`.
    """
    digest = f"SHA2({_page_text(table, charsets)}, 256)"
    return _page_by_page(
        table, partition, lambda rows: f"SELECT COUNT(*), {digest} {rows}"
    )


def pages(table: Table, partition: Partition, charsets: Mapping[str, str]) -> Statement:
    """Return the query for the same and each page's text, written once for both."""
    text = _page_text(table, charsets)
    return _page_by_page(
        table,
        partition,
        # Identifiers only, as above.
        lambda rows: (
            "SELECT page_rows, SHA2(page_text, 256), page_text FROM "  # noqa: S608
            f"(SELECT COUNT(*) AS page_rows, {text} AS page_text {rows}) AS page"
        ),
    )


def _page_by_page(
    table: Table, partition: Partition, query: Callable[[str], str]
) -> Statement:
    wheres = [_within(table, page) for page in partition.pages(PAGE_KEYS)]
    statement = " UNION ALL ".join(
        f"({query(_from(table) + where)})" for where, _ in wheres
    )
    return statement, tuple(value for _, values in wheres for value in values)


def extent(table: Table) -> Statement:
    """Return the query for the first and last position of a table."""
    column = quoted(_position_column(table))
    ends = ", ".join(_position(table, f"{end}({column})") for end in ("MIN", "MAX"))
    return f"SELECT {ends} {_from(table)}", ()


def next_position(table: Table, position: int) -> Statement:
    """Return the query for the first position at or after one."""
    column = quoted(_position_column(table))
    first = _position(table, f"MIN({column})")
    values = (_bound(table, position),)
    return f"SELECT {first} {_from(table)} WHERE {column} >= %s", values


def counts(table: Table, partitions: Sequence[Partition]) -> Statement:
    """Return the query for numbers of rows, each with a position of its partition."""
    if table.blocks is Blocks.QUARTER:
        # Without an index, the range of each would be a pass through the whole table.
        column = quoted(_position_column(table))
        counted = f"SELECT {_position(table, f'MIN({column})')}, COUNT({column})"
        quarters = f"GROUP BY YEAR({column}), QUARTER({column})"
        return f"{counted} {_from(table)} {quarters}", ()
    wheres = [(p.lower, *_within(table, p)) for p in partitions]
    statement = " UNION ALL ".join(
        f"(SELECT {lower}, COUNT(*) {_from(table)}{where})"
        for lower, where, _ in wheres
    )
    return statement, tuple(value for *_, values in wheres for value in values)


def repeated_key(table: Table) -> Statement:
    """Return the query for a key that several rows have, byte by byte."""
    key = quoted(table.key)
    grouped = f"GROUP BY CAST({key} AS BINARY) HAVING COUNT(*) > 1 LIMIT 1"
    return f"SELECT MIN({key}) {_from(table)} {grouped}", ()


def touch(table: Table) -> Statement:
    """Return a query that opens a table, locking its definition, and reads nothing."""
    return f"SELECT 1 {_from(table)} WHERE FALSE", ()


def columns(table: Table) -> Statement:
    """Return the query for the live columns of a table."""
    return f"SHOW FULL COLUMNS FROM {quoted(table.name)}", ()


def engine(table: Table) -> Statement:
    """Return the query for the storage engine of a table; null for a view."""
    statement = (
        "SELECT ENGINE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
    )
    return statement, (table.name,)


def created() -> Statement:
    """Return the query for the time when the oldest table was created."""
    return (
        "SELECT MIN(CREATE_TIME) FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE()"
    ), ()


def _from(table: Table) -> str:
    return f"FROM {quoted(table.name)}"


def _page_text(table: Table, charsets: Mapping[str, str]) -> str:
    ends = [f"{quoted(c.name)} IS NULL" for c in texts(table) if c.nullable]
    line = _line(table, charsets, ends)
    # InnoDB reads a range in the order of the key; another order fails the checksum.
    return f"GROUP_CONCAT({line} SEPARATOR {_literal(LINE_END)})"


def _line(table: Table, charsets: Mapping[str, str], ends: Sequence[str]) -> str:
    """Return the expression of a row as one text: its values and then the `ends`.

    `sync.checksum` writes the same.

    The separator is explicitly binary, and so the whole text: the server joins bytes
    of any collation, and neither converts nor checks them, a sixth of the time.
    """
    values = [
        _text(column, charsets) if column.dtype == pl.String() else _number(column)
        for column in table.columns
    ]
    # A text that the server cannot convert is null, and not to be "" (COALESCE):
    # CONCAT_WS leaves it out, so that the line comes out unequal.
    written = [
        f"IF({quoted(column.name)} IS NULL, '', {value})" if column.nullable else value
        for value, column in zip(values, table.columns, strict=True)
    ]
    separator = f"_binary {_literal(SEPARATOR)} COLLATE `binary`"
    return f"CONCAT_WS({separator}, {', '.join([*written, *ends, _ROOM])})"


def _number(column: Column) -> str:
    """Return the expression whose text is the column's value on both sides.

    Seconds since 1970 are unambiguous in every time zone of the server.
    """
    name = quoted(column.name)
    is_time = isinstance(column.dtype, pl.Datetime)
    return f"UNIX_TIMESTAMP({name})" if is_time else name


def _text(column: Column, charsets: Mapping[str, str]) -> str:
    """Return a text whose bytes are UTF-8."""
    name = quoted(column.name)
    match charsets.get(column.name):
        case None:
            return name
        case "bytes":  # AS_BYTES
            return f"CAST({name} AS BINARY)"
        case _:
            return f"CONVERT({name} USING utf8mb4)"


def _literal(character: str) -> str:
    return f"0x{ord(character):02X}"


def _within(table: Table, partition: Partition) -> tuple[str, Values]:
    # The block is the table: no condition.
    if partition.whole:
        return "", ()
    column = quoted(_position_column(table))
    lower, upper = _bound(table, partition.lower), _bound(table, partition.upper)
    if table.blocks is Blocks.QUARTER and partition.lower == 0:
        # Zero dates are before 1970: they have to be read to be refused.
        return f" WHERE {column} < %s", (upper,)
    return f" WHERE {column} >= %s AND {column} < %s", (lower, upper)


def _position_column(table: Table) -> str:
    return table.time if table.blocks is Blocks.QUARTER else table.key


def _position(table: Table, expression: str) -> str:
    match table.blocks:
        case Blocks.KEY_RANGE:
            return expression
        case Blocks.QUARTER:
            # The second of the smallest of zero dates is null, not 0.
            second = f"COALESCE(UNIX_TIMESTAMP({expression}), 0)"
            return f"IF({expression} IS NULL, NULL, {second})"
        case Blocks.WHOLE:  # only whether there are rows matters
            return f"IF({expression} IS NULL, NULL, 0)"


def _bound(table: Table, position: int) -> int | str:
    """Return a position as its column's own value, in the session's zone, UTC.

    As text: FROM_UNIXTIME of a second after January 2038 is null.
    """
    if table.blocks is not Blocks.QUARTER:
        return position
    return f"{datetime.fromtimestamp(position, UTC):%Y-%m-%d %H:%M:%S}"
