"""Reads an exported CSV back, to compare it with the table it came from."""

import polars as pl

from metrics.export import BYTE_ORDER_MARK, without_guards


def read_csv(data: bytes, schema: pl.Schema) -> pl.DataFrame:
    """Return the table that `export.to_csv` was given."""
    body = data.removeprefix(BYTE_ORDER_MARK)
    frame = pl.read_csv(body, schema=schema, try_parse_dates=False)
    return without_guards(frame)
