"""What the server sends as a typed frame: row by row, or thousands of rows in a text.

Row by row, every value fits or the run stops. A few big texts cost the driver next to
nothing, where as many rows take most of the time of a read, but no text is believed:
only rows whose checksum, computed from their typed values, is the server's count. What
a text cannot carry (a value with a separator in it, a page that the server cut) comes
out unequal, and is read row by row then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import polars as pl

from metrics.tables import Column, Table
from sync.checksum import Checksum, Form, checksum
from sync.connection import RawRow
from sync.exceptions import MisfitError, RepeatedKeyError
from sync.sql import COMMA, LINE_END, SEPARATOR, null_of, numbers, texts

_PACKED = "packed numbers"


@dataclass(frozen=True, slots=True)
class BulkRows:
    """Rows of one partition as pages of text, and the server's checksum of them."""

    table: Table
    checksum: Checksum
    pages: Sequence[bytes]

    def rows(self) -> pl.DataFrame | None:
        """Return them sorted by key; None where they do not have the checksum."""
        frame = _parsed(self.table, self.pages)
        if frame is None or checksum(self.table, frame, Form.PAGES) != self.checksum:
            return None
        return frame


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows of one partition as the driver hands them over."""

    table: Table
    raw: pl.DataFrame

    def rows(self) -> pl.DataFrame:
        """Return them sorted by key; may raise MisfitError."""
        # The server sorts texts by collation; the files are sorted by bytes.
        return decode(self.table, self.raw).sort(self.table.key)


def gather(table: Table, batches: Iterable[Sequence[RawRow]]) -> pl.DataFrame:
    """Return raw rows as columns of bytes, a batch at a time: which takes less room."""
    names = [_PACKED, *(column.name for column in texts(table))]
    # `concat` needs a frame, of an empty table too.
    nothing = pl.DataFrame(schema=dict.fromkeys(names, pl.Binary()))
    return pl.concat([nothing, *(_turned(names, rows) for rows in batches)])


def decode(table: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Return what was gathered with exactly the table's schema.

    Raises MisfitError for a value that its column's type cannot represent.
    """
    try:
        unpacked = _unpacked(table, raw.cast(pl.String))
    except pl.exceptions.ComputeError as error:
        raise _first_other_charset(table, raw) from error
    frame = unpacked.select(_typed(column) for column in table.columns)
    if any(_lost(unpacked[c.name], frame[c.name], c) for c in table.columns):
        raise _first_misfit(table, unpacked, frame)
    return frame


def _turned(names: Sequence[str], rows: Sequence[RawRow]) -> pl.DataFrame:
    """Return rows as columns of bytes; a `zip` of all rows takes three times longer."""
    columns = ([row[place] for row in rows] for place in range(len(names)))
    series = map(pl.Series, names, columns, repeat(pl.Binary))
    return pl.DataFrame(list(series))


def _unpacked(table: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Return a text column for each column; a number without a digit is null."""
    names = [column.name for column in numbers(table)]
    # Numbers contain no comma.
    parts = pl.col(_PACKED).str.split_exact(COMMA, len(names) - 1)
    split = raw.select(parts.struct.rename_fields(names)).unnest(_PACKED)
    return split.select(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names
    ).hstack(raw.drop(_PACKED))


def _typed(column: Column) -> pl.Expr:
    """Return the cast of a text; null where it does not fit."""
    text = pl.col(column.name)
    match column.dtype:
        case pl.String():
            return text
        case pl.Boolean():
            return pl.when(text.is_in(["0", "1"])).then(text == "1").alias(column.name)
        case pl.Datetime():
            second = text.cast(pl.Int64, strict=False)
            # A zero date arrives as second 0, which no TIMESTAMP can be.
            return pl.from_epoch(pl.when(second > 0).then(second)).cast(column.dtype)
        case pl.Decimal():
            value = text.cast(column.dtype, strict=False)
            # The cast silently drops further digits.
            exact = value.cast(pl.String) == text
            return pl.when(exact).then(value).alias(column.name)
        case _:
            return text.cast(column.dtype, strict=False)


def _lost(text: pl.Series, value: pl.Series, column: Column) -> bool:
    """Return whether a value was lost, or came as null where it must not."""
    allowed = text.null_count() if column.nullable else 0
    return value.null_count() > allowed


def _first_other_charset(table: Table, raw: pl.DataFrame) -> MisfitError:
    """Return the error of the first text whose bytes are not UTF-8."""
    for column in texts(table):
        for row, value in enumerate(raw[column.name]):
            try:
                (value or b"").decode()
            except UnicodeDecodeError:
                others = raw[row].with_columns(pl.lit(b"").alias(column.name))
                key = _unpacked(table, others.cast(pl.String))[table.key].item()
                fact = "has bytes that are not UTF-8"
                shown = shown_key(table, key) if column.name != table.key else "?"
                return MisfitError(table.name, column.name, shown, fact)
    raise AssertionError("called without one")


def _first_misfit(table: Table, raw: pl.DataFrame, frame: pl.DataFrame) -> MisfitError:
    for column in table.columns:
        text, value = raw[column.name], frame[column.name]
        bad = value.is_null() & (text.is_not_null() | (not column.nullable))
        if bad.any():
            row = int(bad.arg_true()[0])
            key = shown_key(table, raw[table.key][row])
            return MisfitError(table.name, column.name, key, _fact(column, text[row]))
    raise AssertionError("called without a misfit")


def _fact(column: Column, text: str | None) -> str:
    if text is None:
        return "is null but must not be"
    if isinstance(column.dtype, pl.Datetime):
        return "is a zero date"
    # Numbers only: texts always fit, so nothing that users wrote is shown.
    return f"is {text}, which does not fit {column.dtype}"


def require_own_keys(table: Table, frame: pl.DataFrame) -> None:
    """Raise RepeatedKeyError where two rows of a sorted frame have the same key.

    Nothing keeps them apart in a table without its primary key, or in a view.
    """
    keys = frame[table.key]
    repeated = keys.filter(keys == keys.shift())
    if not repeated.is_empty():
        key = shown_key(table, str(repeated[0]))
        raise RepeatedKeyError(table.name, table.key, key)


def shown_key(table: Table, key: str | None) -> str:
    """Return the key; of a text key (a user id) only its beginning."""
    if key is None or table.schema[table.key].is_integer():
        return str(key)
    return f"{key[:6]}…"


def _parsed(table: Table, pages: Sequence[bytes]) -> pl.DataFrame | None:
    """Return pages with the table's schema; None where they do not fit it."""
    if not pages:
        return pl.DataFrame(schema=table.schema)
    schema = {column.name: _written(column) for column in table.columns}
    schema |= {null_of(column): pl.Int8() for column in texts(table) if column.nullable}
    try:
        frame = pl.read_csv(
            LINE_END.encode().join(pages),
            has_header=False,
            schema=schema,
            separator=SEPARATOR,
            eol_char=LINE_END,
            quote_char=None,
            empty_string_is_null=False,
            glob=False,
        ).select(_from_page(column) for column in table.columns)
    except pl.exceptions.PolarsError:
        return None
    required = [column.name for column in table.columns if not column.nullable]
    if any(frame[name].has_nulls() for name in required):
        return None
    return frame.sort(table.key)


def _written(column: Column) -> pl.DataType:
    """Return the type of a column on a page."""
    match column.dtype:
        case pl.Boolean():
            return pl.Int8()
        case pl.Datetime():
            return pl.Int64()
        case _:
            return column.dtype


def _from_page(column: Column) -> pl.Expr:
    """Return the value of a column from its form on a page."""
    value = pl.col(column.name)
    match column.dtype:
        case pl.Boolean():
            return value == 1
        case pl.Datetime():
            # A zero date is second 0, which no TIMESTAMP can be.
            return pl.from_epoch(pl.when(value > 0).then(value)).cast(column.dtype)
        case pl.String() if column.nullable:
            is_there = pl.col(null_of(column)) == 0
            return pl.when(is_there).then(value).alias(column.name)
        case _:
            return value
