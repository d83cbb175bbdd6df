"""Several counts over time, a line for each."""

from collections.abc import Mapping
from datetime import date

import altair as alt
import polars as pl

from metrics.query import Granularity
from ui import names, running
from ui.axes import Chart, bounded, time_axis, value_axis, with_when
from ui.layers import Layer, layered
from ui.theme import CHART_HEIGHT, DASHES, PALETTE

MAX_SERIES = 6
"""More lines than hues say nothing."""

ZOOM = "Zoom: turn the wheel with Ctrl or ⌘ held. Move: drag. All again: double-click."


def lines(
    frame: pl.DataFrame,
    series: str,
    title: str,
    granularity: Granularity,
    today: date,
    *,
    zoom: bool = False,
) -> Chart:
    """Draw `count` over `bucket`, a line for each of the largest series.

    The legend starts with the largest. The bucket of `today` is dotted, since it is
    not over. With `zoom` the axis of time can be dragged and zoomed (`ZOOM`).
    """
    order = _largest(frame, series)
    kept = frame.join(order, on=series, how="semi", nulls_equal=True)
    data = bounded(with_when(names.readable(kept), granularity, today))
    over, runs = running.split(data, granularity, today)
    x = time_axis(granularity, data["bucket"].unique().sort())
    y = alt.Y("count:Q", title=title, axis=value_axis("count"))
    color, dash = _looks(series, names.readable(order)[series].to_list())
    drawn = Layer(over, height=CHART_HEIGHT).mark_line(strokeWidth=2)
    layers = [drawn.encode(x, y, color, dash)]
    if runs.height:
        dotted = Layer(runs).mark_line(strokeWidth=2, strokeDash=[1, 4])
        layers.append(dotted.encode(x, y, color))
    pointed = Layer(data).mark_circle(size=60, opacity=0.001)
    top = pointed.encode(x, y, tooltip=_tooltip(series, title))
    layers.append(top.add_params(_zooming()) if zoom else top)
    return layered(*layers)


def columns_over_time(
    frame: pl.DataFrame,
    columns: Mapping[str, str],
    granularity: Granularity,
    today: date,
    *,
    zoom: bool = False,
) -> Chart:
    """Draw several columns of counts over `bucket`; `columns` names each one."""
    long = frame.select("bucket", pl.col(list(columns)).cast(pl.Float64)).unpivot(
        index="bucket", variable_name="what", value_name="count"
    )
    named = long.with_columns(pl.col("what").replace_strict(columns))
    return lines(named, "what", "", granularity, today, zoom=zoom)


def _largest(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """Return the series with the largest sums, largest first."""
    sums = frame.group_by(series, maintain_order=True).agg(pl.col("count").sum())
    return sums.sort("count", descending=True, maintain_order=True).head(MAX_SERIES)


def _looks(series: str, order: list[str]) -> tuple[alt.Color, alt.StrokeDash]:
    """Return a hue and a dash per series: colour is not the only sign."""
    legend = alt.Legend(
        orient="top",
        symbolType="stroke",
        symbolSize=300,
        columns=alt.ExprRef(f"width < 500 ? 2 : {MAX_SERIES}"),
        labelLimit=200,
        padding=0,
        offset=12,
    )
    color = alt.Color(
        f"{series}:N",
        title=None,
        scale=alt.Scale(domain=order, range=list(PALETTE[: len(order)])),
        legend=legend,
    )
    dashes = alt.Scale(domain=order, range=[list(d) for d in DASHES[: len(order)]])
    return color, alt.StrokeDash(f"{series}:N", title=None, scale=dashes, legend=legend)


def _zooming() -> alt.Parameter:
    """Return a selection that moves the axis; the wheel alone scrolls the page."""
    return alt.selection_interval(
        bind="scales",
        encodings=["x"],
        zoom="wheel![event.ctrlKey || event.metaKey]",
        clear="dblclick",
    )


def _tooltip(series: str, title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip(f"{series}:N", title="What"),
        alt.Tooltip("count:Q", title=title or "Count", format=",.2~f"),
    ]
