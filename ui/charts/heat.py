"""A grid of cells, darker where more."""

import altair as alt
import polars as pl

from ui.axes import Chart, bounded
from ui.theme import ACCENT, CHART_HEIGHT, FAINT


def heat(
    frame: pl.DataFrame, x: tuple[str, str], y: tuple[str, str], value: tuple[str, str]
) -> Chart:
    """Draw a grid of cells, darker where more; each pair is (column, title)."""
    tooltip = [
        alt.Tooltip(f"{y[0]}:N", title=y[1]),
        alt.Tooltip(f"{x[0]}:O", title=x[1]),
        alt.Tooltip(f"{value[0]}:Q", title=value[1], format=",.2f"),
    ]
    chart: Chart = (
        alt.Chart(bounded(frame), height=CHART_HEIGHT)
        .mark_rect(cornerRadius=2)
        .encode(
            alt.X(f"{x[0]}:O", title=x[1], axis=alt.Axis(labelAngle=0)),
            alt.Y(
                f"{y[0]}:N", title=None, sort=None, axis=alt.Axis(labelOverlap=False)
            ),
            alt.Color(
                f"{value[0]}:Q",
                title=None,
                scale=alt.Scale(range=[FAINT, ACCENT], domainMin=0),
                legend=alt.Legend(gradientThickness=8, tickCount=3),
            ),
            tooltip=tooltip,
        )
    )
    return chart
