"""Two counts over time that differ in size, each with an axis of its own."""

from typing import Literal

import altair as alt
import polars as pl

from metrics.scope import Every
from ui.axes import Chart, bounded, time_axis, with_when
from ui.theme import ACCENT, PALETTE

Side = Literal["left", "right"]


def two_axes(
    frame: pl.DataFrame, left: tuple[str, str], right: tuple[str, str], every: Every
) -> Chart:
    """Draw two counts over `bucket`, each (column, title) with an axis of its own."""
    data = bounded(with_when(frame, every))
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        *(alt.Tooltip(f"{c}:Q", title=t, format=",") for c, t in (left, right)),
    ]
    sides: tuple[tuple[tuple[str, str], str, list[int], Side, bool], ...] = (
        (left, ACCENT, [1, 0], "left", True),
        (right, PALETTE[1], [6, 3], "right", False),
    )
    layers = [
        alt.Chart(data, height=320)
        .mark_line(color=color, strokeWidth=2, strokeDash=dash)
        .encode(
            time_axis(every),
            alt.Y(
                f"{column}:Q",
                axis=alt.Axis(
                    title=title, titleColor=color, orient=side, tickCount=5, grid=grid
                ),
            ),
            tooltip=tooltip,
        )
        for (column, title), color, dash, side, grid in sides
    ]
    chart: Chart = alt.layer(*layers).resolve_scale(y="independent")
    return chart
