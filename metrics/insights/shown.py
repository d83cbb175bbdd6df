"""The one rule about small numbers: below 20 cases a rate says nothing."""

import polars as pl

from metrics.measures import ratio

ENOUGH = 20
"""Cases from which on a rate is shown."""


def rate(part: str | pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return `part / n`, null where n is below 20 (or null)."""
    return shown(ratio(part, n), n)


def shown(value: pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return a figure that comes from n cases; null where they are too few."""
    n = pl.col(n) if isinstance(n, str) else n
    return pl.when(n >= ENOUGH).then(value)
