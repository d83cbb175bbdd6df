"""The scale of the cards, and which votes have estimations."""

import polars as pl

from metrics.expressions import divided

SCALE = (1, 2, 3, 5, 8, 13, 21)
"""The cards that a user can play; a step is one place on this scale."""
STEPS = tuple(range(len(SCALE)))
"""Possible distances between the lowest and the highest estimation of a vote."""


def estimated(at_least: int = 1) -> pl.Expr:
    """Return whether a vote has at least that many estimations.

    An empty vote is stored as minimum 21, maximum 1, average 0.
    """
    return pl.col("amount_of_estimations") >= at_least


def is_estimation() -> pl.Expr:
    """Return whether a participation has an estimation: no spectator, no empty row."""
    return ~pl.col("spectator") & pl.col("estimation").is_not_null()


def place(value: pl.Expr) -> pl.Expr:
    """Return the place of an estimation on the scale, 0-6; below the scale 0, too."""
    return pl.sum_horizontal((value >= step).cast(pl.Int8) for step in SCALE[1:])


def has_spread() -> pl.Expr:
    """Return whether a vote has a spread: two estimations or more, of known ends."""
    return estimated(2) & _has_ends()


def _has_ends() -> pl.Expr:
    # A highest card below the lowest is bad data: nothing negative is a distance.
    return pl.col("max_estimation") >= pl.col("min_estimation")


def steps() -> pl.Expr:
    """Return the steps between a vote's lowest and highest estimation.

    Null where the highest is stored below the lowest.
    """
    apart = place(pl.col("max_estimation")) - place(pl.col("min_estimation"))
    return pl.when(_has_ends()).then(apart)


def average_hundredths() -> pl.Expr:
    """Return a vote's average estimation in hundredths, as the decimal stores it.

    Sums of integers do not depend on the order in which rows are added, so a mean
    is the same in a bucket and alone.
    """
    return pl.col("avg_estimation").to_physical().cast(pl.Int64)


def average() -> pl.Expr:
    """Return a vote's average estimation as a float."""
    return divided(average_hundredths(), 100)


def cards_of_vote() -> list[pl.Expr]:
    """Return min_, avg_ and max_estimation and steps, null in an empty vote."""
    cards = {
        "min_estimation": pl.col("min_estimation"),
        "avg_estimation": average(),
        "max_estimation": pl.col("max_estimation"),
        "steps": steps(),
    }
    return [pl.when(estimated()).then(of).alias(name) for name, of in cards.items()]
