"""The largest rows of a table as horizontal bars that print their numbers."""

import altair as alt
import polars as pl

from ui import names, picking, tips
from ui.axes import Chart, label_axis
from ui.layers import Layer, layered
from ui.theme import ACCENT, QUIET, ROW_HEIGHT, TEXT

_LABEL = "_label"


def ranked(
    frame: pl.DataFrame, label: str, value: str, title: str, *, rows: int = 10
) -> Chart:
    """Draw the largest rows as horizontal bars, each with its number and share."""
    top = frame.head(rows)
    data = top.with_columns(names.labels(top, label).alias(_LABEL))
    x = alt.X(f"{value}:Q", axis=None, scale=alt.Scale(padding=4))
    y = alt.Y(f"{_LABEL}:N", sort=None, title=None, axis=label_axis())
    base = Layer()
    tooltip = [alt.Tooltip(f"{_LABEL}:N", title="What")]
    bars = base.mark_bar(
        color=ACCENT, opacity=0.5, cornerRadiusEnd=3, cursor=picking.cursor(top)
    ).encode(x, y, tooltip=tooltip + tips.counted(top, value, title))
    text = (
        base.transform_calculate(_printed=_printed(top, value))
        .mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
        .encode(x, y, text=alt.Text("_printed:N"))
    )
    shown = picking.clickable(bars, top), text
    return layered(*shown, data=data, height=alt.Step(ROW_HEIGHT))


def _printed(frame: pl.DataFrame, value: str) -> str:
    """Return the text beside a bar; with the share, no bar has to be measured."""
    count = f"format(datum.{value}, ',')"
    if "share" not in frame.columns:
        return count
    return f"{count} + '  (' + format(datum.share, '.1%') + ')'"
