"""Two periods side by side."""

from collections.abc import Sequence

import polars as pl

from metrics.expressions import ranked as rank
from metrics.expressions import ratio, share


def ranked(
    now: pl.LazyFrame, before: pl.LazyFrame, on: Sequence[str], value: str
) -> pl.LazyFrame:
    """Add the other period to a ranked table; labels of either period are listed.

    The first period's columns stay, `share` among them. Adds `{value}_before`,
    `{value}_change` and `{value}_change_share` (the change divided by the value
    before; null where that is 0). Missing counts are 0.
    """
    earlier = before.select(*on, pl.col(value).alias(f"{value}_before"))
    joined = now.join(earlier, on=list(on), how="full", coalesce=True, nulls_equal=True)
    # Every count is an Int64 and nothing else is (see `measures.rows`).
    known = joined.with_columns(pl.col(pl.Int64).fill_null(0))
    change = pl.col(value) - pl.col(f"{value}_before")
    return rank(
        known.with_columns(
            share(value).alias("share"),
            change.alias(f"{value}_change"),
            ratio(change, f"{value}_before").alias(f"{value}_change_share"),
        ),
        on,
        value,
    )


def uncompared(now: pl.LazyFrame, value: str) -> pl.LazyFrame:
    """Add the columns of `ranked` as nulls: there is nothing to compare with."""
    return now.with_columns(
        pl.lit(None, pl.Int64).alias(f"{value}_before"),
        pl.lit(None, pl.Int64).alias(f"{value}_change"),
        pl.lit(None, pl.Float64).alias(f"{value}_change_share"),
    )
