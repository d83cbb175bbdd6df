"""The largest rows of a table as horizontal bars that print their numbers."""

import altair as alt
import polars as pl

from ui import names, picking
from ui.axes import Chart, label_axis
from ui.theme import ACCENT, QUIET, ROW_HEIGHT, TEXT


def ranked(
    frame: pl.DataFrame, label: str, value: str, title: str, *, rows: int = 10
) -> Chart:
    """Draw the largest rows as horizontal bars, each with its number and share."""
    top = frame.head(rows)
    data = names.readable(top).with_columns(
        picking.value(top[label]),
        _printed=pl.format("{}", pl.col(value))
        if "share" not in frame.columns
        # The share stands beside the number, so that no bar has to be measured.
        else pl.format("{}  ({}%)", value, (pl.col("share") * 100).round(1)),
    )
    x = alt.X(f"{value}:Q", axis=None, scale=alt.Scale(padding=4))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    base = alt.Chart(data, height=alt.Step(ROW_HEIGHT))
    tooltip = [
        alt.Tooltip(f"{label}:N", title="What"),
        alt.Tooltip(f"{value}:Q", title=title, format=","),
    ]
    bars = base.mark_bar(color=ACCENT, opacity=0.5, cornerRadiusEnd=3, cursor="pointer")
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    return alt.layer(
        bars.encode(x, y, tooltip=tooltip).add_params(picking.selection()),
        text.encode(x, y, text="_printed:N"),
    )
