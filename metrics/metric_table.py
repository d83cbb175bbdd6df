"""What the catalogue consists of."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from metrics.query import Query
from metrics.tables import Table


@dataclass(frozen=True, slots=True)
class MetricTable:
    """A named table of metrics."""

    name: str
    """Names the CSV file and the API route, such as `votes_by_weekday`."""
    title: str
    build: Callable[[Query], pl.LazyFrame]
    """Builds the plan; its columns are keys of `metrics.definitions` or labels."""
    reads: tuple[str, ...]
    """The live tables that it reads."""


def table(
    name: str, title: str, build: Callable[[Query], pl.LazyFrame], *reads: Table
) -> MetricTable:
    """Return a table of the catalogue that reads these live tables."""
    return MetricTable(name, title, build, tuple(table.name for table in reads))
