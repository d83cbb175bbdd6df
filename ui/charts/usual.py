"""Counts of the running day as points on the range that is usual for it."""

import altair as alt
import polars as pl

from metrics.attention import MEASURES
from metrics.registry import DEFINITIONS
from ui.charts.axes import BY_PLACE, Chart, in_order, label_axis
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, MUTED, QUIET, ROW_HEIGHT, TEXT


def usual_range(frame: pl.DataFrame) -> Chart:
    """Draw a row per measure: the usual range as a bar, today as a point on it.

    Each row has its own scale. Needs the columns of `attention.today`.
    """
    largest = pl.max_horizontal("today", "highest", pl.lit(1))
    low, high = pl.col("lowest"), pl.col("highest")
    span = pl.when(low == high).then(pl.format("{}", low))
    usual = pl.format(", usually {}", span.otherwise(pl.format("{}–{}", low, high)))
    titles = {key: DEFINITIONS[key].title for key in MEASURES}
    data = in_order(frame).with_columns(
        name=pl.col("measure").replace_strict(titles),
        at=pl.col("today").fill_null(0) / largest,
        start=low / largest,
        end=high / largest,
        printed=pl.format("{}{}", pl.col("today").fill_null(0), usual.fill_null("")),
    )
    base = Layer()
    y = alt.Y("name:N", sort=BY_PLACE, title=None, axis=label_axis())
    scale = alt.Scale(domain=[0, 1], range=[4, alt.ExprRef("max(40, width - 190)")])
    tooltip = [
        alt.Tooltip("name:N", title="Today"),
        alt.Tooltip("printed:N", title="Count"),
    ]
    band = base.mark_bar(color=MUTED, opacity=0.35, size=8, cornerRadius=4).encode(
        alt.X("start:Q", axis=None, scale=scale), alt.X2("end:Q"), y, tooltip=tooltip
    )
    point = base.mark_point(filled=True, size=90, color=ACCENT, opacity=1).encode(
        alt.X("at:Q", axis=None, scale=scale), y, tooltip=tooltip
    )
    text = base.mark_text(align="left", color=TEXT, opacity=QUIET).encode(
        x=alt.value(alt.ExprRef("max(60, width - 175)")), y=y, text="printed:N"
    )
    return layered(band, point, text, data=data, height=alt.Step(ROW_HEIGHT + 6))
