"""On which days people estimated, and rooms were in use."""

import polars as pl

from metrics.activity_key import changes, days, owner_day, person_day
from metrics.sessions import ACT, kept

KEY = pl.col("key")
"""Owner and day (see `owner_day`), each once, in order."""


def days_of_users(ordered: pl.LazyFrame, wanted: pl.Expr) -> pl.LazyFrame:
    """Return the days on which people did something that is wanted: key.

    `ordered` is activity, or a part of it in its order.
    """
    keys = kept(ordered, wanted).select(key=person_day(ACT)).filter(changes(KEY))
    return keys.cast(pl.Int64)


def days_of_rooms(rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
    """Return the days on which rooms have rows: key."""
    keys = rows.select(key=owner_day(pl.col("room_id"), days(pl.col(time))))
    # A round's rows stand together: without repeats, less is to be sorted.
    return keys.filter(changes(KEY)).unique().sort("key")


def runs(
    ordered: pl.LazyFrame, starts: pl.Expr, *keep: pl.Expr, **sums: pl.Expr
) -> pl.LazyFrame:
    """Return one row per run of rows, with sums over it: a group_by of what is sorted.

    A run begins where `starts` is true. Columns: `keep` of its last row, and the sums,
    which must not be negative.
    """
    return (
        ordered.select(
            *keep, starts=starts, **{n: s.cum_sum() for n, s in sums.items()}
        )
        .select(pl.all().filter(pl.col("starts").shift(-1, fill_value=True)))
        .select(
            pl.exclude("starts", *sums),
            **{n: pl.col(n) - pl.col(n).shift(fill_value=0) for n in sums},
        )
    )
