"""Marks of unusual days, and the rule that marks them."""

from collections.abc import Mapping

import polars as pl

from metrics.query import Granularity
from metrics.unusual_days import BACK, ERRORS, FEW, TOLERANCE, named

RULE = (
    f"Expected: the median of the same weekday in the {BACK} weeks before. Unusual: "
    f"off by more than {TOLERANCE} times the usual error of these predictions in the "
    f"{ERRORS} days before, in square roots, since large counts vary more. Marks: at "
    f"most {FEW} days."
)
TABLE = "unusual_days"


def tables_for(granularity: Granularity) -> tuple[str, ...]:
    """Return the table of marks where days are drawn; other buckets have none."""
    return (TABLE,) if granularity == "day" else ()


def of_comparison(earlier: Mapping[str, pl.DataFrame], measure: str) -> str:
    """Name the unusual days of the comparison, with which a change is no surprise."""
    days = named(earlier[TABLE], measure) if TABLE in earlier else None
    return f"Unusual in the comparison: {days}. " if days else ""


def marks_on(
    marks: pl.DataFrame | None, measure: str, frame: pl.DataFrame
) -> pl.DataFrame | None:
    """Return the marks of a measure on the days that are shown; None without any."""
    if marks is None or frame.schema["bucket"] != pl.Date:
        return None
    own = marks.filter(pl.col("measure") == measure)
    shown = own.join(frame, on="bucket", how="semi")
    return None if shown.is_empty() else shown
