"""Reads an exported CSV back, to compare it with the table it came from."""

import polars as pl

from metrics.export import AFTER_BLANK, AFTER_COLON, BYTE_ORDER_MARK, GUARDED

_INSIDE = f"([;|\\t\\r\\n])'({GUARDED})"


def read_csv(data: bytes, schema: pl.Schema) -> pl.DataFrame:
    """Return the table that `export.to_csv` was given, without apostrophes of its."""
    body = data.removeprefix(BYTE_ORDER_MARK)
    frame = pl.read_csv(body, schema=schema, try_parse_dates=False)
    apart = pl.col(pl.String).str.replace_all(f"( )'({AFTER_BLANK})", "${1}${2}")
    colons = apart.str.replace_all(f"(:)'({AFTER_COLON})", "${1}${2}")
    inside = colons.str.replace_all(_INSIDE, "${1}${2}")
    return frame.with_columns(inside.str.replace("^'", ""))
