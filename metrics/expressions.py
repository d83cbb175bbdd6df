"""Expressions that most metrics count, divide and round with."""

from collections.abc import Sequence

import polars as pl


def row_count() -> pl.Expr:
    """Return the number of rows, Int64 (unsigned counts wrap when subtracted)."""
    return pl.len().cast(pl.Int64)


def count_where(condition: pl.Expr) -> pl.Expr:
    """Return how many rows meet a condition, Int64; unknown ones do not."""
    return condition.sum().cast(pl.Int64)


def distinct_count(column: str) -> pl.Expr:
    """Return the number of distinct values of a column, Int64."""
    return pl.col(column).n_unique().cast(pl.Int64)


def divided(part: pl.Expr, whole: pl.Expr | float) -> pl.Expr:
    """Return `part / whole`, the nearest float.

    Where the whole is one value for all rows, Polars multiplies by its reciprocal,
    and 6 / 10 can be 0.6000000000000001. Made a column, it is divided by exactly, so
    that a total equals its bucket.
    """
    return part / (whole + 0 * part)


def ratio(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    """Return `part / whole` as a float; null where the whole is 0 or null."""
    part = pl.col(part) if isinstance(part, str) else part
    whole = pl.col(whole) if isinstance(whole, str) else whole
    return pl.when(whole != 0).then(divided(part, whole))


def share(column: str) -> pl.Expr:
    """Return each row's part of the column's sum, 0-1; null where the sum is 0."""
    return ratio(pl.col(column), pl.col(column).sum())


def aggregate(
    frame: pl.LazyFrame, by: Sequence[str], *aggregates: pl.Expr, **named: pl.Expr
) -> pl.LazyFrame:
    """Aggregate per group, or the whole frame to one row when `by` is empty."""
    if not by:
        return frame.select(*aggregates, **named)
    return frame.group_by(*by).agg(*aggregates, **named)


def ranked(
    frame: pl.LazyFrame, labels: Sequence[str], value: str = "count"
) -> pl.LazyFrame:
    """Sort by value, largest first, then by label with nulls last."""
    return frame.sort(
        value,
        *labels,
        descending=[True] + [False] * len(labels),
        nulls_last=True,
    )


def python_round(value: pl.Expr, digits: int) -> pl.Expr:
    """Round a float exactly as Python's `round` does, for values below 2**40.

    Polars multiplies, rounds and divides, so 2.675 (a little less in binary)
    becomes 2.68; Python looks at the float's exact value and gives 2.67. Here the
    rounding error of the product decides on which side of a half it lies.
    """
    scale = 10.0**digits
    product = value * scale
    # Dekker: 26 + 27 bits, so that the products with `scale` are exact.
    shifted = value * 134217729.0
    high = shifted - (shifted - value)
    error = (high * scale - product) + (value - high) * scale
    floor = product.floor()
    side = ((product - floor - 0.5) + error).sign()
    nearest = (floor + 0.5 + side * 0.25).round(0, mode="half_to_even")
    # Dividing by a constant, Polars multiplies by its reciprocal, which can miss the
    # nearest float by one; its own rounding then hits it.
    return (nearest / scale).round(digits)


def rounded(digits: int = 2, **means: pl.Expr) -> pl.Expr:
    """Return means as the old service rounds them, 0 where there is none.

    A struct to unnest: rounding one list is quicker than many columns.
    """
    figures = pl.concat_list(means.values())
    return figures.list.eval(
        python_round(pl.element(), digits).fill_null(0.0)
    ).list.to_struct(fields=list(means))
