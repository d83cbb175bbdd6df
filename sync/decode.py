"""Raw rows of the driver as a typed frame: every value fits or the run stops."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import polars as pl

from metrics.tables import Column, Table
from sync.checksum import Checked, checked
from sync.driver import RawRow
from sync.faults import MisfitError
from sync.sql import COMMA, packed

_PACKED = "packed numbers"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one span as they came."""

    table: Table
    raw: pl.DataFrame

    def rows(self) -> Checked:
        """Return them sorted by key, with the table's schema; may raise MisfitError."""
        # The server sorts texts by collation; the files are sorted by bytes.
        frame = decode(self.table, self.raw).sort(self.table.key)
        return checked(self.table, frame)


def gather(table: Table, batches: Iterable[Sequence[RawRow]]) -> pl.DataFrame:
    """Return raw rows as columns of bytes, a batch at a time: which takes less room."""
    names = [_PACKED, *(c.name for c in table.columns if c not in packed(table))]
    nothing = pl.DataFrame(schema=dict.fromkeys(names, pl.Binary()))
    return pl.concat([nothing, *(_turned(names, rows) for rows in batches)])


def decode(table: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Return what was gathered with exactly the table's schema.

    Raises MisfitError for a value that its column's type does not hold as it is.
    """
    texts = _unpacked(table, raw.cast(pl.String))
    frame = texts.select(_typed(column) for column in table.columns)
    if any(_lost(texts[c.name], frame[c.name], c) for c in table.columns):
        raise _first_misfit(table, texts, frame)
    return frame


def _turned(names: Sequence[str], rows: Sequence[RawRow]) -> pl.DataFrame:
    """Return rows as columns of bytes; a `zip` of all rows takes three times longer."""
    columns = ([row[place] for row in rows] for place in range(len(names)))
    series = map(pl.Series, names, columns, repeat(pl.Binary))
    return pl.DataFrame(list(series))


def _unpacked(table: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Return a text column for each column; a number without a digit is null."""
    names = [column.name for column in packed(table)]
    parts = pl.col(_PACKED).str.split_exact(COMMA, len(names) - 1)
    numbers = raw.select(parts.struct.rename_fields(names)).unnest(_PACKED)
    return numbers.select(
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
            # A zero date arrives as second 0, which no TIMESTAMP can hold.
            return pl.from_epoch(pl.when(second > 0).then(second)).cast(column.dtype)
        case pl.Decimal():
            value = text.cast(column.dtype, strict=False)
            # The cast rounds further digits away without a word.
            exact = value.cast(pl.String) == text
            return pl.when(exact).then(value).alias(column.name)
        case _:
            return text.cast(column.dtype, strict=False)


def _lost(text: pl.Series, value: pl.Series, column: Column) -> bool:
    """Return whether a value was lost, or came as null where it must not."""
    allowed = text.null_count() if column.nullable else 0
    return value.null_count() > allowed


def _first_misfit(table: Table, raw: pl.DataFrame, frame: pl.DataFrame) -> MisfitError:
    for column in table.columns:
        text, value = raw[column.name], frame[column.name]
        bad = value.is_null() & (text.is_not_null() | (not column.nullable))
        if bad.any():
            row = int(bad.arg_true()[0])
            key = _shown_key(table, raw[table.key][row])
            return MisfitError(table.name, column.name, key, _fact(column, text[row]))
    raise AssertionError("called without a misfit")


def _fact(column: Column, text: str | None) -> str:
    if text is None:
        return "is null, and must not be"
    if isinstance(column.dtype, pl.Datetime):
        return "is a zero date"
    # Numbers only: texts always fit, so nothing that people wrote is shown.
    return f"is {text}, which {column.dtype} does not hold"


def _shown_key(table: Table, key: str | None) -> str:
    """Return the key; of a text key (a person) only its beginning."""
    if key is None or table.schema[table.key].is_integer():
        return str(key)
    return f"{key[:6]}…"
