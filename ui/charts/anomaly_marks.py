"""Marks of days that are out of the ordinary, and the rule that marks them."""

from datetime import date

import altair as alt
import polars as pl

from metrics.query import Granularity
from metrics.unusual_days import BACK, ERRORS, FEW, TOLERANCE
from ui.charts.axes import time_axis, with_when
from ui.charts.rendering import Layer
from ui.charts.theme import PALETTE

LEGEND = "◆ out of the ordinary for its weekday and trend; point at it for the reason"
RULE = (
    f"Expected: the median of the same weekday in the {BACK} weeks before. Marked: "
    f"{TOLERANCE} times further off than such predictions were in the {ERRORS} days "
    f"before (in square roots, since large counts vary more); at most {FEW} days."
)
TABLE = "unusual_days"


def tables_for(granularity: Granularity) -> tuple[str, ...]:
    """Return the table of marks where days are drawn; other buckets have none."""
    return (TABLE,) if granularity == "day" else ()


def marks_on(
    marks: pl.DataFrame | None, measure: str, frame: pl.DataFrame
) -> pl.DataFrame | None:
    """Return the marks of a measure on the days that are shown; None without any."""
    if marks is None:
        return None
    own = marks.filter(pl.col("measure") == measure)
    shown = own.join(frame, on="bucket", how="semi")
    return None if shown.is_empty() else shown


def layer(marks: pl.DataFrame, title: str, today: date) -> alt.Chart:
    """Draw a diamond on each of the days; its tooltip explains the rule."""
    data = with_when(marks, "day", today).with_columns(
        rule=pl.lit(RULE),
        expected=pl.format(
            "{} to {}", *(pl.col(c).round(0).cast(pl.Int64) for c in ("low", "high"))
        ),
    )
    diamonds: alt.Chart = (
        Layer(data)
        .mark_point(shape="diamond", filled=True, size=110, color=PALETTE[1], opacity=1)
        .encode(
            time_axis(),
            alt.Y("value:Q"),
            tooltip=[
                alt.Tooltip("when:N", title="Out of the ordinary"),
                alt.Tooltip("value:Q", title=title, format=","),
                alt.Tooltip("expected:N", title="Expected"),
                alt.Tooltip("rule:N", title="Rule"),
            ],
        )
    )
    return diamonds
