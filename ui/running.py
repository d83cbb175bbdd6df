"""The bucket that is not over yet: drawn apart, or it would look like a fall."""

from datetime import date

import polars as pl

from metrics.query import Granularity
from metrics.time_axis import first_of


def split(
    frame: pl.DataFrame, granularity: Granularity, today: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of buckets that are over, and those of the one that runs.

    The second part starts with the bucket before, where a line to the running one
    begins; it is empty when no bucket of the frame runs. Needs `bucket`.
    """
    running = first_of(today, granularity)
    over = frame.filter(pl.col("bucket") < running)
    if over.height == frame.height:
        return frame, frame.clear()
    before = over["bucket"].max()
    return over, frame.filter(pl.col("bucket") >= (before or running))


def said(granularity: Granularity, today: date) -> pl.Expr:
    """Return what a tooltip adds to the date of the running bucket."""
    runs = pl.col("bucket") >= first_of(today, granularity)
    return pl.when(runs).then(pl.lit(", so far")).otherwise(pl.lit(""))
