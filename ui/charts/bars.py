"""Vertical bars: counts per value, or per bucket of time."""

from collections.abc import Sequence
from datetime import date

import altair as alt
import polars as pl

from metrics.query import Granularity
from ui import running
from ui.axes import Chart, bounded, time_axis, value_axis, with_when
from ui.layers import Layer, layered
from ui.theme import ACCENT, CHART_HEIGHT


def bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    titles: tuple[str, str],
    *,
    tooltip: Sequence[str] = (),
) -> Chart:
    """Draw vertical bars in the frame's order; `titles` names x and y."""
    shown = [
        alt.Tooltip(f"{label}:N", title=titles[0]),
        alt.Tooltip(f"{value}:Q", title=titles[1], format=",.2~f"),
        *(
            alt.Tooltip(f"{c}:Q", title=c.replace("_", " "), format=",.3~f")
            for c in tooltip
        ),
    ]
    chart: Chart = (
        alt.Chart(bounded(frame), height=CHART_HEIGHT)
        .mark_bar(color=ACCENT, cornerRadiusEnd=3)
        .encode(
            alt.X(
                f"{label}:N", sort=None, title=titles[0], axis=alt.Axis(labelAngle=0)
            ),
            alt.Y(f"{value}:Q", title=titles[1], axis=value_axis("count")),
            tooltip=shown,
        )
    )
    return chart


def bars_over_time(
    frame: pl.DataFrame, value: str, title: str, granularity: Granularity, today: date
) -> Chart:
    """Draw a count per `bucket` as bars; that of `today` is pale, with a dashed rim."""
    over, runs = running.split(
        bounded(with_when(frame, granularity, today)), granularity, today
    )
    x = time_axis(granularity)
    y = alt.Y(f"{value}:Q", title=title, axis=value_axis("count"))
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip(f"{value}:Q", title=title, format=","),
    ]
    # A bar on an axis of time has no width of its own.
    size = alt.ExprRef(f"max(2, 0.7 * width / {max(frame.height, 1)})")
    layers = [Layer(over).mark_bar(color=ACCENT, cornerRadiusEnd=2, size=size)]
    if runs.height:
        pale = Layer(runs.tail(1)).mark_bar(
            color=ACCENT,
            size=size,
            fillOpacity=0.25,
            stroke=ACCENT,
            strokeDash=[3, 3],
        )
        layers.append(pale)
    drawn = [layer.encode(x, y, tooltip=tooltip) for layer in layers]
    return layered(*drawn, height=CHART_HEIGHT)
