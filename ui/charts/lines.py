"""Several counts over time, a line for each; two of them with an axis each."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

import altair as alt
import polars as pl

from metrics.query import Granularity
from metrics.registry import DEFINITIONS
from ui import labels
from ui.charts.axes import (
    Chart,
    bounded,
    legend,
    split_open_bucket,
    time_axis,
    value_axis,
    with_when,
)
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, DASHES, PALETTE

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
    data = bounded(with_when(labels.readable(kept), granularity, today))
    over, runs = split_open_bucket(data, granularity, today)
    x = time_axis(granularity, data["bucket"].unique().sort())
    y = alt.Y("count:Q", title=title, axis=value_axis("count"))
    color, dash = _looks(series, labels.readable(order)[series].to_list())
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


_TWO_AXES_HEIGHT = 320


class _Side(NamedTuple):
    """How one of the two lines is drawn."""

    column: str
    title: str
    stroke: str
    """How its axis says which line it is of; a colour alone would tell few people."""
    color: str
    dash: tuple[int, ...]
    orient: Literal["left", "right"]


def two_axes(
    frame: pl.DataFrame,
    left: tuple[str, str],
    right: tuple[str, str],
    granularity: Granularity,
    today: date,
) -> Chart:
    """Draw two counts over `bucket`, each (column, title) with an axis of its own.

    The bucket of `today` is dotted, since it is not over.
    """
    data = bounded(with_when(frame, granularity, today))
    sides = (
        _Side(*left, "—", ACCENT, DASHES[0], "left"),
        _Side(*right, "- -", PALETTE[1], DASHES[1], "right"),
    )
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        *(alt.Tooltip(f"{s.column}:Q", title=s.title, format=",") for s in sides),
    ]
    x = time_axis(granularity)
    drawn = [
        layered(*_lines(data, side, x, granularity, today, tooltip)) for side in sides
    ]
    apart = alt.Resolve(scale={"y": "independent"})
    return layered(*drawn, height=_TWO_AXES_HEIGHT, resolve=apart)


def _lines(
    data: pl.DataFrame,
    side: _Side,
    x: alt.X,
    granularity: Granularity,
    today: date,
    tooltip: list[alt.Tooltip],
) -> Iterator[alt.Chart]:
    over, runs = split_open_bucket(data, granularity, today)
    axis = value_axis("count")
    axis.title = f"{side.stroke} {side.title}"
    axis.orient, axis.grid = side.orient, side.orient == "left"
    y = alt.Y(f"{side.column}:Q", axis=axis)
    line = Layer(over).mark_line(color=side.color, strokeWidth=2, strokeDash=side.dash)
    yield line.encode(x, y)
    if runs.height:
        dotted = Layer(runs).mark_line(color=side.color, strokeDash=[1, 4])
        yield dotted.encode(x, y)
    pointed = Layer(data).mark_circle(size=60, opacity=0.001)
    yield pointed.encode(x, y, tooltip=tooltip)


_TEAM_SIZES = {
    "2–3 people": "#079464",
    "4–6 people": "#4f7cff",
    "7 or more people": "#e0682b",
}
"""Team size → colour of its line."""


def consensus_by_team_size(
    frame: pl.DataFrame, granularity: Granularity, today: date
) -> Chart:
    """Draw the share of rounds within one card, a line per team size.

    A bucket with too few rounds leaves a gap; that of `today` is dotted. Needs the
    columns of `consensus.over_time_by_team_size`.
    """
    data = bounded(with_when(frame, granularity, today)).with_columns(
        size=pl.format("{} people", "team_size")
    )
    over, runs = split_open_bucket(data, granularity, today)
    buckets = data["bucket"].unique(maintain_order=True)
    title = DEFINITIONS["near_consensus"].title
    axis = alt.Y("near_consensus:Q", title=title, axis=value_axis("share"))
    x, (color, dash) = time_axis(granularity, buckets), _team_size_encodings()
    drawn = Layer(over).mark_line(strokeWidth=2)
    dotted = Layer(runs).mark_line(strokeWidth=2, strokeDash=[1, 4])
    dots = Layer(data).mark_circle(size=36, opacity=1)
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("size:N", title="Team"),
        alt.Tooltip("near_consensus:Q", title=title, format=".1%"),
        alt.Tooltip("rounds:Q", title="Rounds (n)", format=","),
    ]
    return layered(
        drawn.encode(x, axis, color, dash),
        dotted.encode(x, axis, color),
        dots.encode(x, axis, color, tooltip=tooltip),
        height=CHART_HEIGHT,
    )


def _team_size_encodings() -> tuple[alt.Color, alt.StrokeDash]:
    """Return a hue and a dash per team size: colour is not the only sign."""
    key = legend(len(_TEAM_SIZES), narrow=1, symbol="stroke")
    hues = alt.Scale(domain=[*_TEAM_SIZES], range=[*_TEAM_SIZES.values()])
    dashes = alt.Scale(
        domain=[*_TEAM_SIZES], range=[list(d) for d in DASHES[: len(_TEAM_SIZES)]]
    )
    return (
        alt.Color("size:N", title=None, scale=hues, legend=key),
        alt.StrokeDash("size:N", title=None, scale=dashes, legend=key),
    )
