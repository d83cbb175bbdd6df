"""SQL derived from the table descriptions: identifiers quoted, values parameters."""

from collections.abc import Iterable
from datetime import UTC, datetime

import polars as pl

from metrics.tables import Blocks, Column, Table
from sync.spans import Span

SEPARATOR = "\x1f"
"""Between the values of a row, where it is one text."""
LINE_END = "\x1e"
"""Between rows, where many are one text."""
COMMA = ","
_NO_LIMIT = 2**64 - 1

type Values = tuple[int | str, ...]
type Statement = tuple[str, Values]


def quoted(name: str) -> str:
    """Return an identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def text_of(column: Column) -> str:
    """Return the expression whose text is the column's value on both sides.

    Seconds since 1970 are unambiguous in every time zone of the server.
    """
    name = quoted(column.name)
    return f"UNIX_TIMESTAMP({name})" if _is_time(column) else name


def select(table: Table, span: Span) -> Statement:
    """Return the query for the rows of a span, by key.

    All numbers of a row come as one text (`packed`), each text by itself: fewer
    values to hand over is what makes reading fast, and numbers need no escaping.
    """
    where, values = _within(table, span)
    numbers = ", ".join(f"COALESCE({text_of(c)}, '')" for c in packed(table))
    texts = [quoted(c.name) for c in table.columns if c not in packed(table)]
    columns = ", ".join([f"CONCAT_WS('{COMMA}', {numbers})", *texts])
    return (
        f"SELECT {columns} {_from(table)}{where} ORDER BY {quoted(table.key)}",
        values,
    )


def packed(table: Table) -> list[Column]:
    """Return the columns that `select` brings as one text: numbers and times."""
    return [column for column in table.columns if column.dtype != pl.String()]


def blank(table: Table) -> list[Column]:
    """Return the columns whose text is empty for a null and for an empty text."""
    return [c for c in table.columns if c.nullable and c.dtype == pl.String()]


def checksum(table: Table, span: Span) -> Statement:
    """Return the query for count, sum and squared xor of the rows' CRC32.

    The limit keeps the inner query from being merged into the outer one, which
    would compute every CRC three times.
    """
    where, values = _within(table, span)
    crc = f"CRC32({_line(table)})"
    rows = f"SELECT {crc} AS crc {_from(table)}{where} LIMIT {_NO_LIMIT}"
    # Identifiers only, each quoted; values travel as parameters.
    return f"SELECT {_sums('crc')} FROM ({rows}) AS row_checksums", values  # noqa: S608


def lines(table: Table, spans: Iterable[Span]) -> Statement:
    """Return the query for each span's checksum and rows as one text, span by span."""
    pages = [_page(table, span) for span in spans]
    statement = " UNION ALL ".join(f"({page})" for page, _ in pages)
    return statement, tuple(value for _, values in pages for value in values)


def _page(table: Table, span: Span) -> Statement:
    """Return the query of one span; the server writes each row once, for both.

    The inner query is kept apart as in `checksum`.
    """
    where, values = _within(table, span)
    rows = f"SELECT {_line(table)} AS line {_from(table)}{where} LIMIT {_NO_LIMIT}"
    text = f"GROUP_CONCAT(line SEPARATOR {_literal(LINE_END)})"
    columns = f"{_sums('CRC32(line)')}, {text}"
    return f"SELECT {columns} FROM ({rows}) AS row_lines", values  # noqa: S608  # as above


def extent(table: Table) -> Statement:
    """Return the query for the first and last place of a table."""
    column = quoted(_place_column(table))
    ends = ", ".join(_place(table, f"{end}({column})") for end in ("MIN", "MAX"))
    return f"SELECT {ends} {_from(table)}", ()


def next_place(table: Table, place: int) -> Statement:
    """Return the query for the first place at or after one."""
    column = quoted(_place_column(table))
    first = _place(table, f"MIN({column})")
    values = (_bound(table, place),)
    return f"SELECT {first} {_from(table)} WHERE {column} >= %s", values


def columns(table: Table) -> Statement:
    """Return the query for the live columns of a table."""
    return f"SHOW COLUMNS FROM {quoted(table.name)}", ()


def _from(table: Table) -> str:
    return f"FROM {quoted(table.name)}"


def _line(table: Table) -> str:
    """Return the expression of a row as one text, which `row_texts` writes too.

    A null is an empty text; a bit at the end says it of a column that has empty texts.
    """
    texts = [_never_null(column) for column in table.columns]
    nulls = [f"ISNULL({quoted(column.name)})" for column in blank(table)]
    return f"CONCAT_WS(_utf8mb4 {_literal(SEPARATOR)}, {', '.join(texts + nulls)})"


def _never_null(column: Column) -> str:
    return f"COALESCE({text_of(column)}, '')" if column.nullable else text_of(column)


def _sums(crc: str) -> str:
    return f"COUNT(*), COALESCE(SUM({crc}), 0), COALESCE(BIT_XOR({crc} * {crc}), 0)"


def _literal(character: str) -> str:
    return f"0x{ord(character):02X}"


def _within(table: Table, span: Span) -> tuple[str, Values]:
    if span.whole:
        return "", ()
    column = quoted(_place_column(table))
    lower, upper = _bound(table, span.lower), _bound(table, span.upper)
    if span.lower == 0:
        # Zero dates lie before 1970: they have to be read to be refused.
        return f" WHERE {column} < %s", (upper,)
    return f" WHERE {column} >= %s AND {column} < %s", (lower, upper)


def _place_column(table: Table) -> str:
    return table.time if table.blocks is Blocks.QUARTER else table.key


def _place(table: Table, expression: str) -> str:
    match table.blocks:
        case Blocks.KEY_RANGE:
            return expression
        case Blocks.QUARTER:
            # The second of the smallest of zero dates is null, not 0.
            second = f"COALESCE(UNIX_TIMESTAMP({expression}), 0)"
            return f"IF({expression} IS NULL, NULL, {second})"
        case Blocks.WHOLE:  # only whether there are rows matters
            return f"IF({expression} IS NULL, NULL, 0)"


def _bound(table: Table, place: int) -> int | str:
    """Return a place as its column's own value, in the session's zone, UTC.

    As text: FROM_UNIXTIME of a second after January 2038 is null.
    """
    if table.blocks is not Blocks.QUARTER:
        return place
    return f"{datetime.fromtimestamp(place, UTC):%Y-%m-%d %H:%M:%S}"


def _is_time(column: Column) -> bool:
    return isinstance(column.dtype, pl.Datetime)
