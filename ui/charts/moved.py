"""What became more and what became less, as bars to both sides."""

import altair as alt
import polars as pl

from ui import names
from ui.axes import Chart, label_axis
from ui.theme import ACCENT, PALETTE, QUIET, ROW_HEIGHT, TEXT


def moved(frame: pl.DataFrame, *, rows: int = 10) -> Chart:
    """Draw what moved most: bars to the right where more, to the left where less.

    Needs `dimension`, `measure`, `label`, `now`, `before`, `change`.
    """
    data = names.readable(frame.head(rows)).with_columns(
        what=pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), "label"),
        sign=pl.when(pl.col("change") > 0).then(pl.lit("+")).otherwise(pl.lit("")),
    )
    printed = data.with_columns(
        text=pl.format("{}{} {}", "sign", "change", "measure"),
        text_at=pl.max_horizontal("change", 0),
    )
    base = alt.Chart(printed, height=alt.Step(ROW_HEIGHT))
    y = alt.Y("what:N", sort=None, title=None, axis=label_axis())
    x = alt.X("change:Q", axis=None, scale=alt.Scale(padding=70))
    color = alt.condition("datum.change > 0", alt.value(ACCENT), alt.value(PALETTE[1]))
    bars = base.mark_bar(opacity=0.6, cornerRadius=3).encode(
        x,
        y,
        color=color,
        tooltip=[
            alt.Tooltip("what:N", title="What"),
            alt.Tooltip("measure:N", title="Counted"),
            alt.Tooltip("before:Q", title="Before", format=","),
            alt.Tooltip("now:Q", title="Now", format=","),
        ],
    )
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    return alt.layer(bars, text.encode(alt.X("text_at:Q"), y, text="text:N"))
