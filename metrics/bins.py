"""Distributions over fixed, readable classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from metrics.expressions import row_count, share


@dataclass(frozen=True, slots=True)
class Bins:
    """Neighbouring half-open ranges with a label each.

    `edges[i]` is the lower end of `labels[i + 1]`; the first class has none.
    """

    labels: Sequence[str]
    edges: Sequence[float]

    def count(self, frame: pl.LazyFrame, value: pl.Expr, name: str) -> pl.LazyFrame:
        """Count the rows per class, all classes in order.

        Columns: order (from 1), length (the label), `name`, share.
        """
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
