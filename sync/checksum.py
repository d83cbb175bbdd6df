"""The checksum of a partition's rows, computed from the Polars frame.

The same text comes from the server (`sync.sql`). It has two forms, and says which:

- `pages`: the rows of each 8,192 keys, in the order of the keys, are one text; the
  checksum is the SHA-256 of the pages' SHA-256.
- `rows`: two sums, modulo 2^64, of the first two quarters of each row's SHA-256, for
  rows whose number or order nothing bounds (users, rooms, pages too long for the
  server to write), and for texts that contain one of the two separators.

No two different sets of rows are written alike. A row by itself is its values, parted
by 0x1F, then the length of each text, nothing for a null: read from the end, the
lengths say where each value ends. A row of a page, parted by 0x1E, has in place of the
lengths whether a text is null: pages have a checksum only where no text contains a
separator, so as many rows with the same separators have the same values.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

import polars as pl

from metrics.tables import Blocks, Column, Table
from sync.sql import LINE_END, PAGE_KEYS, SEPARATOR, length_of, null_of, texts

# Rows that are written as texts at once: few steps, few copies.
_ROWS_AT_ONCE = 16_384
_SUM = 2**64
_NO_PAGE = "no page"
"""In place of the SHA-256 of a page that cannot be one: no server writes it."""


class Form(StrEnum):
    """What a checksum is computed of."""

    PAGES = "pages-2"  # the first had lengths, as rows have
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Checksum:
    """The number of rows, and a digest of them with its form: `pages:1f3a…`."""

    rows: int
    digest: str

    @property
    def form(self) -> Form:
        """What it is computed of."""
        return Form(_form_in(self.digest))

    @classmethod
    def stated(cls, rows: int, digest: str | None) -> "Checksum | None":
        """Return the checksum that a manifest states; None for an earlier version's."""
        return cls(rows, digest) if digest and _form_in(digest) in Form else None


def first_form(table: Table) -> Form:
    """Return the form of a table's checksums that is tried first.

    Only keys say how many rows there can be at most, and so how long a text.
    """
    return Form.PAGES if table.blocks is Blocks.KEY_RANGE else Form.ROWS


def _form_in(digest: str) -> str:
    return digest.partition(":")[0]


def pages_checksum(pages: Iterable[tuple[int, str]]) -> Checksum:
    """Return the checksum of pages: number of rows and SHA-256 of each, in order."""
    # An empty page has a row in the server's answer, and none of ours.
    found = [(rows, digest) for rows, digest in pages if rows]
    whole = hashlib.sha256("".join(digest for _, digest in found).encode())
    rows = sum(rows for rows, _ in found)
    return Checksum(rows, f"{Form.PAGES}:{whole.hexdigest()}")


def rows_checksum(rows: int, first: int, second: int) -> Checksum:
    """Return the checksum of rows from the two sums, which may be above 2^64."""
    return Checksum(rows, f"{Form.ROWS}:{first % _SUM:016x}{second % _SUM:016x}")


def checksum(table: Table, frame: pl.DataFrame, form: Form) -> Checksum:
    """Return the checksum of a frame with the table's schema, sorted by its key."""
    match form:
        case Form.PAGES:
            return pages_checksum(_pages(table, frame))
        case Form.ROWS:
            digests = [hashlib.sha256(row).digest() for row in row_texts(table, frame)]
            # Two numbers of each digest: sums do not depend on the order of rows.
            parts = b"".join(digest[:16] for digest in digests)
            numbers = struct.unpack(f">{2 * len(digests)}Q", parts)
            return rows_checksum(frame.height, sum(numbers[::2]), sum(numbers[1::2]))


def row_texts(table: Table, frame: pl.DataFrame) -> list[bytes]:
    """Return each row by itself as the server writes it (`sync.sql`), in UTF-8."""
    lengths = [
        pl.col(column.name).str.len_bytes().alias(length_of(column))
        for column in texts(table)
    ]
    return _lines(_written(table, frame, lengths))


def letters(table: Table, frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the texts with more than plain ASCII, the same bytes in most charsets.

    A question mark counts as more: it stands for bytes without a character.
    """
    return tuple(
        column.name
        for column in texts(table)
        if frame.select(
            (pl.col(column.name).str.len_bytes() > pl.col(column.name).str.len_chars())
            | pl.col(column.name).str.contains("?", literal=True)
        )
        .to_series()
        .any()
    )


def _pages(table: Table, frame: pl.DataFrame) -> Iterator[tuple[int, str]]:
    nulls = [
        pl.col(column.name).is_null().cast(pl.Int8).alias(null_of(column))
        for column in texts(table)
        if column.nullable
    ]
    written = _written(table, frame, nulls)
    numbers = frame.select((pl.col(table.key) // PAGE_KEYS).rle()).to_series()
    start = 0
    for rows in numbers.struct.field("len"):
        text = _text(written.slice(start, rows)).removesuffix(LINE_END.encode())
        found = text.count(LINE_END.encode()), text.count(SEPARATOR.encode())
        has_none_inside = found == (rows - 1, rows * (written.width - 1))
        yield rows, hashlib.sha256(text).hexdigest() if has_none_inside else _NO_PAGE
        start += rows


def _written(
    table: Table, frame: pl.DataFrame, ends: Sequence[pl.Expr]
) -> pl.DataFrame:
    """Return the values as the server writes them, null as nothing, and the ends."""
    return frame.select([*map(_value, table.columns), *ends])


def _value(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    match column.dtype:
        case pl.Datetime():
            return value.dt.epoch("s")
        case pl.Boolean():
            return value.cast(pl.Int8)
        case _:
            return value


def _text(written: pl.DataFrame) -> bytes:
    """Return rows as one text: half of the time that joining columns takes."""
    buffer = BytesIO()
    written.write_csv(
        buffer,
        include_header=False,
        separator=SEPARATOR,
        line_terminator=LINE_END,
        quote_style="never",
        batch_size=_ROWS_AT_ONCE,
    )
    return buffer.getvalue()


def _lines(written: pl.DataFrame) -> list[bytes]:
    text = _text(written)
    if written.height == 1:
        return [text.removesuffix(LINE_END.encode())]
    *lines, _ = text.split(LINE_END.encode())
    if len(lines) == written.height:
        return lines
    # A text contains a line break: search by halves, down to one row.
    half = written.height // 2
    return _lines(written.head(half)) + _lines(written.slice(half))
