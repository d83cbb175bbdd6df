"""Rows as the server writes them into one text: thousands of lines in one value.

A few big values cost the driver next to nothing, where as many rows take most of the
time of a read. No line is believed: only rows whose checksum, computed from their typed
values, is the server's count. A text that holds a separator, a page that was cut and a
value that does not fit come out unequal, and are read row by row then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from metrics.tables import Column, Table
from sync.checksum import Checked, Checksum, checked, null_bit
from sync.sql import LINE_END, SEPARATOR, blank


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of one span, in pages of lines, and the server's checksum of them."""

    table: Table
    checksum: Checksum
    pages: Sequence[bytes]

    def rows(self) -> Checked | None:
        """Return them sorted by key; None where they do not have the checksum."""
        frame = _typed(self.table, self.pages)
        if frame is None:
            return None
        rows = checked(self.table, frame)
        return rows if rows.checksum == self.checksum else None


def _typed(table: Table, pages: Sequence[bytes]) -> pl.DataFrame | None:
    """Return lines with the table's schema; None where they do not fit it."""
    if not pages:
        return pl.DataFrame(schema=table.schema)
    try:
        frame = _parsed(table, pages).select(_value(c) for c in table.columns)
    except pl.exceptions.PolarsError:
        return None
    required = [column.name for column in table.columns if not column.nullable]
    if any(frame[name].has_nulls() for name in required):
        return None
    return frame.sort(table.key)


def _parsed(table: Table, pages: Sequence[bytes]) -> pl.DataFrame:
    values = {column.name: _written(column) for column in table.columns}
    bits = {null_bit(column): pl.Int8() for column in blank(table)}
    return pl.read_csv(
        LINE_END.encode().join(pages),
        has_header=False,
        schema={**values, **bits},
        separator=SEPARATOR,
        eol_char=LINE_END,
        quote_char=None,
        empty_string_is_null=False,
        glob=False,
    )


def _written(column: Column) -> pl.DataType:
    """Return the type of what stands in a line."""
    match column.dtype:
        case pl.Boolean():
            return pl.Int8()
        case pl.Datetime():
            return pl.Int64()
        case _:
            return column.dtype


def _value(column: Column) -> pl.Expr:
    """Return the value of a column from what stands in a line."""
    value = pl.col(column.name)
    match column.dtype:
        case pl.Boolean():
            return value == 1
        case pl.Datetime():
            # A zero date is second 0, which no TIMESTAMP can hold.
            return pl.from_epoch(pl.when(value > 0).then(value)).cast(column.dtype)
        case pl.String() if column.nullable:
            is_null = pl.col(null_bit(column)) == 1
            return pl.when(~is_null).then(value).alias(column.name)
        case _:
            return value
