"""The scale of estimates, and which rounds have any."""

import polars as pl

from metrics.expressions import divided

SCALE = (1, 2, 3, 5, 8, 13, 21)
"""Estimates that a person can give; a step is one place on this scale."""
STEPS = tuple(range(len(SCALE)))
"""Possible distances between the lowest and the highest estimate of a round."""


def estimated(at_least: int = 1) -> pl.Expr:
    """Return whether a round has that many estimates.

    A round that nobody estimated is stored as minimum 21, maximum 1, average 0.
    """
    return pl.col("amount_of_estimations") >= at_least


def is_estimation() -> pl.Expr:
    """Return whether somebody estimated: not a spectator's row, not an empty one."""
    return ~pl.col("spectator") & pl.col("estimation").is_not_null()


def place(value: pl.Expr) -> pl.Expr:
    """Return the place of an estimate on the scale, 0-6; below the scale -1."""
    return pl.sum_horizontal((value >= step).cast(pl.Int8) for step in SCALE) - 1


def steps() -> pl.Expr:
    """Return how many steps apart a round's lowest and highest estimates are."""
    return place(pl.col("max_estimation")) - place(pl.col("min_estimation"))


def average_hundredths() -> pl.Expr:
    """Return a round's average estimate in hundredths, as the decimal stores it.

    Sums of integers do not depend on the order in which rows are added, so a mean
    is the same in a bucket and alone.
    """
    return pl.col("avg_estimation").to_physical().cast(pl.Int64)


def average() -> pl.Expr:
    """Return a round's average estimate as a float."""
    return divided(average_hundredths(), 100)
