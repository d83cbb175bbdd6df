"""Every table that a page can show, and an export or the API can give, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from metrics.scope import Scope


@dataclass(frozen=True, slots=True)
class MetricTable:
    """A named table of metrics."""

    name: str
    """Names the CSV file and the API route, such as `votes_by_weekday`."""
    title: str
    build: Callable[[Scope], pl.LazyFrame]
    """Builds the plan; its columns are keys of `metrics.definitions` or labels."""
    reads: tuple[str, ...]
    """The live tables that it reads."""
