"""The checksum of a block, computed from the Polars frame.

The same three numbers come from the server (`sync.sql.checksum`). A CRC32 is an
affine map: the plain xor of two rows stays the same when they swap a value, so
the xor is taken over squares.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.tables import Column, Table
from sync.sql import SEPARATOR

type Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
type Places = np.ndarray[tuple[int], np.dtype[np.integer]]
type Words = np.ndarray[tuple[int], np.dtype[np.uint32]]

_ALL_ONES = np.uint32(0xFFFF_FFFF)
_POLYNOMIAL = np.uint32(0xEDB8_8320)


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
    crc = crc32(row_texts(table, frame)).astype(np.uint64)
    xor = np.bitwise_xor.reduce(crc * crc)
    return Checksum(frame.height, int(crc.sum()), int(xor))


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


def crc32(texts: pl.Series) -> Words:
    """Return the CRC32 of each text's UTF-8 bytes, as zlib computes it.

    A CRC is the xor of what each byte adds at its distance from the end, so all
    texts advance together: the loops run over distances, not over rows.
    """
    lengths = texts.str.len_bytes().to_numpy()
    text = np.frombuffer(texts.str.join("").item().encode(), np.uint8)
    ends = np.cumsum(lengths, dtype=np.int64) - 1
    crc = _of_zeros(int(lengths.max()))[lengths]
    common = int(lengths.min()) // 2 * 2
    _add_pairs(crc, text, ends, common)
    _add_rest(crc, text, ends, lengths, common)
    result: Words = crc ^ _ALL_ONES
    return result


def _add_pairs(crc: Words, text: Bytes, ends: Places, common: int) -> None:
    """Add the last `common` bytes, which every text has: two at a time."""
    pairs = text[:-1] | text[1:].astype(np.uint16) << np.uint16(8)
    added = _BYTES
    for distance in range(0, common, 2):
        before = _one_further(added)
        both = np.bitwise_xor.outer(added, before).ravel()
        crc ^= both[pairs[ends - (distance + 1)]]
        added = _one_further(before)


def _add_rest(
    crc: Words, text: Bytes, ends: Places, lengths: Places, common: int
) -> None:
    """Add the bytes that only longer texts have."""
    added = _BYTES
    for _ in range(common):
        added = _one_further(added)
    rows = np.arange(len(lengths))
    for distance in range(common, int(lengths.max())):
        rows = rows[lengths[rows] > distance]
        crc[rows] ^= added[text[ends[rows] - distance]]
        added = _one_further(added)


def _one_further(added: Words) -> Words:
    further: Words = (added >> np.uint32(8)) ^ _BYTES[added & np.uint32(0xFF)]
    return further


def _byte_table() -> Words:
    table: Words = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        odd = (table & np.uint32(1)).astype(bool)
        table = (table >> np.uint32(1)) ^ np.where(odd, _POLYNOMIAL, np.uint32(0))
    return table


_BYTES = _byte_table()


def _of_zeros(longest: int) -> Words:
    """Return the register after 0, 1, … `longest` zero bytes."""
    registers = np.empty(longest + 1, np.uint32)
    register = _ALL_ONES
    for length in range(longest + 1):
        registers[length] = register
        register = (register >> np.uint32(8)) ^ _BYTES[register & np.uint32(0xFF)]
    return registers
