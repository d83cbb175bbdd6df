"""The checksum of a block, computed from the Polars frame.

The same three numbers come from the server (`sync.sql.checksum`). A CRC32 is an
affine map: the plain xor of two rows stays the same when they swap a value, so
the xor is taken over squares.
"""

import zlib
from dataclasses import dataclass

import polars as pl

from metrics.tables import Column, Table
from sync.sql import SEPARATOR


@dataclass(frozen=True, slots=True)
class Checksum:
    """Number of rows, sum of their CRC32, xor of the squares of their CRC32."""

    rows: int
    crc_sum: int
    crc_xor: int


EMPTY = Checksum(0, 0, 0)


def checksum(table: Table, frame: pl.DataFrame) -> Checksum:
    """Return the checksum of a frame with the table's schema."""
    if frame.is_empty():
        return EMPTY
    crc = crc32(row_texts(table, frame))
    sum_, xor = pl.select(sum=crc.sum(), xor=(crc * crc).bitwise_xor()).row(0)
    return Checksum(frame.height, sum_, xor)


def row_texts(table: Table, frame: pl.DataFrame) -> pl.Series:
    """Return each row as the server's CONCAT_WS writes it."""
    texts = [_text(column) for column in table.columns]
    nulls = [
        pl.col(c.name).is_null().cast(pl.Int8) for c in table.columns if c.nullable
    ]
    bits = [pl.concat_str(nulls)] if nulls else []
    row = pl.concat_str(texts + bits, separator=SEPARATOR, ignore_nulls=True)
    return frame.select(row.alias("row")).to_series()


def _text(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    match column.dtype:
        case pl.Datetime():
            value = value.dt.epoch("s")
        case pl.Boolean():
            value = value.cast(pl.Int8)
        case _:
            pass
    return value.cast(pl.String)


def crc32(texts: pl.Series) -> pl.Series:
    """Return the CRC32 of each text's UTF-8 bytes: 64 bits wide, for its square.

    Polars has no such expression; a call of zlib per row is quicker than the same
    in arrays, and needs no package.
    """
    crc = list(map(zlib.crc32, texts.cast(pl.Binary).to_list()))
    return pl.Series(texts.name, crc, pl.UInt64)
