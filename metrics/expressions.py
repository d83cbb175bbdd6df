"""Expressions that metrics count, divide and round with; the minimum sample; bins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

MINIMUM_SAMPLE = 20
"""Below so many cases a rate says nothing, and is hidden."""
COUNTRY_CODE = 2
"""Letters of a country's code."""


def row_count() -> pl.Expr:
    """Return the number of rows, Int64 (unsigned counts wrap when subtracted)."""
    return pl.len().cast(pl.Int64)


def count_where(condition: pl.Expr) -> pl.Expr:
    """Return how many rows meet a condition, Int64; unknown ones do not."""
    return condition.sum().cast(pl.Int64)


def total(column: str) -> pl.Expr:
    """Return the sum of a column of whole numbers, Int64 (32 bits would wrap)."""
    return pl.col(column).cast(pl.Int64).sum()


def distinct_count(column: str) -> pl.Expr:
    """Return the number of distinct values of a column, Int64."""
    return pl.col(column).n_unique().cast(pl.Int64)


def earliest(column: str, time: str) -> pl.Expr:
    """Return the value of the earliest row; of one second, that with the lowest id.

    Needs the rows' id: a time alone would leave it to the order of rows.
    """
    return pl.col(column).sort_by(time, "id").first()


def divided(part: pl.Expr, whole: pl.Expr | float) -> pl.Expr:
    """Return `part / whole`, the nearest float.

    Where the whole is one value for all rows, Polars multiplies by its reciprocal,
    and 6 / 10 can be 0.6000000000000001. Made a column, it is divided by exactly, so
    that a total equals its bucket.
    """
    return part / (whole + 0 * part)


def mean_of(column: pl.Expr, parts: int) -> pl.Expr:
    """Return the mean of a column that counts parts of a unit, the nearest float.

    Of a mean divided by the parts, 20.864 minutes would be 20.863999999999997.
    """
    return ratio(column.sum(), parts * column.count())


def ninth_decile(column: pl.Expr) -> pl.Expr:
    """Return what 9 in 10 are below, between two whole numbers a number of tenths.

    Interpolated, 66.4 would be 66.40000000000002.
    """
    # Among nulls it would be another float than without them.
    return column.drop_nulls().quantile(0.9, "linear").round(9)


NOT_SET = "(not set)"
"""What a missing text is called; some sources of data write it themselves."""
DELETED = "(deleted)"
"""What a room is called of which only the votes are left."""
NO_NAME = "(name missing)"
"""What rooms are called where the table of rooms is missing."""
# Letters, signs and marks that draw nothing by themselves: fillers of Hangul, the blank
# of Braille, what joins graphemes, what selects variants and what stands for an object.
_BLANK = (
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    r"\U000e0100-\U000e01ef"
)
VISIBLE = rf"[^\s\p{{Z}}\p{{C}}{_BLANK}]"
"""Neither blank nor invisible, as zero-width and control characters are."""
INVISIBLE = rf"[[\p{{C}}{_BLANK}]--\s]"
"""What `bare` leaves out inside a text."""


def bare(text: str) -> str:
    """Return a text without spaces around it, and without marks that draw nothing.

    What a link is copied from, such as a chat, adds them.
    """
    # Control characters are not printable.
    shown = re.sub(f"[{_BLANK}]", "", text)
    return "".join(c for c in shown if c.isprintable() or c.isspace()).strip()


def is_visible(text: str) -> bool:
    """Return whether a text has a character that `VISIBLE` finds."""
    return bool(bare(text))


def named(text: str | None) -> str:
    """Return a name; where it is null, blank or invisible, that there is none."""
    return text if text and is_visible(text) else NOT_SET


def seen(text: pl.Expr) -> pl.Expr:
    """Return a text; null where it cannot be seen or says that it is not set."""
    return pl.when(text.str.contains(VISIBLE) & (text != NOT_SET)).then(text)


def attribute(column: str) -> pl.Expr:
    """Return an attribute of users; a text that cannot be seen is null: "not set".

    Codes of countries are in capitals, as filters and maps have them.
    """
    text = pl.col(column)
    value = seen(text)
    if column == "country":
        # Not of "ß", which has two bytes and would become South Sudan's "SS".
        length = (text.str.len_bytes(), text.str.len_chars())
        is_code = pl.all_horizontal(n == COUNTRY_CODE for n in length)
        capitals = value.str.to_uppercase()
        return pl.when(is_code).then(capitals).otherwise(value).alias(column)
    return value.alias(column)


def ratio(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    """Return `part / whole` as a float; null where the whole is 0 or null."""
    part = pl.col(part) if isinstance(part, str) else part
    whole = pl.col(whole) if isinstance(whole, str) else whole
    return pl.when(whole != 0).then(divided(part, whole))


def nearest_whole(value: pl.Expr) -> pl.Expr:
    """Return the nearest whole number, Int64; halves away from zero, as they print."""
    # The sum of scaled counts may miss a half by its last digit.
    return value.round(6).round(mode="half_away_from_zero").cast(pl.Int64)


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
    rounding error of the product decides on which side of a half it is.
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


def rate(part: str | pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return `part / n`, null where n is below 20 (or null)."""
    part = pl.col(part) if isinstance(part, str) else part
    n = pl.col(n) if isinstance(n, str) else n
    return hide_small_samples(divided(part, n), n)


def hide_small_samples(value: pl.Expr, n: str | pl.Expr) -> pl.Expr:
    """Return a figure that comes from n cases; null where n is below 20 (or null)."""
    n = pl.col(n) if isinstance(n, str) else n
    return pl.when(n >= MINIMUM_SAMPLE).then(value)


@dataclass(frozen=True, slots=True)
class Bins:
    """Adjacent half-open ranges with a label each.

    `edges[i]` is the lower end of `labels[i + 1]`; the first bin has none.
    """

    labels: Sequence[str]
    edges: Sequence[float]

    def count(self, frame: pl.LazyFrame, value: pl.Expr, name: str) -> pl.LazyFrame:
        """Count the rows per bin, all bins in order.

        Columns: order (from 1), length (the label), `name`, share.
        """
        # A value on an edge belongs to the bin above it.
        order = 1 + pl.sum_horizontal((value >= e).cast(pl.Int64) for e in self.edges)
        counts = frame.group_by(order=order).agg(row_count().alias(name))
        table = pl.LazyFrame(
            {"order": range(1, len(self.labels) + 1), "length": self.labels}
        )
        return (
            table.join(counts, on="order", how="left", maintain_order="left")
            .with_columns(pl.col(name).fill_null(0))
            .with_columns(share=share(name))
        )
