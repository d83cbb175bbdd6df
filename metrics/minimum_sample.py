"""The one rule about small numbers: below 20 cases a rate says nothing."""

import polars as pl

from metrics.expressions import ratio

MINIMUM_SAMPLE = 20
"""Cases from which on a rate is shown."""


def rate(part: str | pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return `part / n`, null where n is below 20 (or null)."""
    return hide_small_samples(ratio(part, n), n)


def hide_small_samples(value: pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return a figure that comes from n cases; null where they are too few."""
    n = pl.col(n) if isinstance(n, str) else n
    return pl.when(n >= MINIMUM_SAMPLE).then(value)
