"""The checksum of a block, computed from the Polars frame.

The same three numbers come from the server (`sync.sql.checksum`). A CRC32 is an
affine map: the plain xor of two rows stays the same when they swap a value, so
the xor is taken over squares.
"""

import zlib
from dataclasses import dataclass
from io import BytesIO

import polars as pl

from metrics.tables import Column, Table
from sync.sql import LINE_END, SEPARATOR, blank

_ROWS_AT_ONCE = 16_384
"""Rows that are written as texts at once: few steps, few copies."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """Number of rows, sum of their CRC32, xor of the squares of their CRC32."""

    rows: int
    crc_sum: int
    crc_xor: int

    def __add__(self, other: "Checksum") -> "Checksum":
        """Return the checksum of two sets of rows together."""
        return Checksum(
            self.rows + other.rows,
            self.crc_sum + other.crc_sum,
            self.crc_xor ^ other.crc_xor,
        )


EMPTY = Checksum(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows with a table's schema, and the checksum computed from just these."""

    frame: pl.DataFrame
    checksum: Checksum


def checked(table: Table, frame: pl.DataFrame) -> Checked:
    """Return rows with their checksum."""
    return Checked(frame, checksum(table, frame))


def checksum(table: Table, frame: pl.DataFrame) -> Checksum:
    """Return the checksum of a frame with the table's schema."""
    if frame.is_empty():
        return EMPTY
    # A call of zlib per row is quicker than the same in arrays. 64 bits, for squares.
    crc = pl.Series([*map(zlib.crc32, row_texts(table, frame))], dtype=pl.UInt64)
    sum_, xor = pl.select(sum=crc.sum(), xor=(crc * crc).bitwise_xor()).row(0)
    return Checksum(frame.height, sum_, xor)


def row_texts(table: Table, frame: pl.DataFrame) -> list[bytes]:
    """Return each row as the server writes it (`sync.sql`), in UTF-8."""
    values = [_written(column) for column in table.columns]
    nulls = [
        pl.col(column.name).is_null().cast(pl.Int8).alias(null_bit(column))
        for column in blank(table)
    ]
    return _lines(frame.select(values + nulls))


def null_bit(column: Column) -> str:
    """Return the name of what says in a line whether a text is null."""
    return f"{column.name} is null"


def _written(column: Column) -> pl.Expr:
    """Return the value that is written as the server writes it, null as nothing."""
    value = pl.col(column.name)
    match column.dtype:
        case pl.Datetime():
            return value.dt.epoch("s")
        case pl.Boolean():
            return value.cast(pl.Int8)
        case _:
            return value


def _lines(frame: pl.DataFrame) -> list[bytes]:
    """Return the rows as texts: half of the time that joining columns takes."""
    buffer = BytesIO()
    frame.write_csv(
        buffer,
        include_header=False,
        separator=SEPARATOR,
        line_terminator=LINE_END,
        quote_style="never",
        batch_size=_ROWS_AT_ONCE,
    )
    text = buffer.getvalue()
    if frame.height == 1:
        return [text.removesuffix(LINE_END.encode())]
    *lines, _ = text.split(LINE_END.encode())
    if len(lines) == frame.height:
        return lines
    # A text holds what ends a line: it is looked for by halves, down to one row.
    half = frame.height // 2
    return _lines(frame.head(half)) + _lines(frame.slice(half))
