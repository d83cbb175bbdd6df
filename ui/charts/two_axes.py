"""Two counts over time that differ in size, each with an axis of its own."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

import altair as alt
import polars as pl

from metrics.query import Granularity
from ui import running
from ui.axes import Chart, bounded, time_axis, value_axis, with_when
from ui.layers import Layer, layered
from ui.theme import ACCENT, DASHES, PALETTE

HEIGHT = 320


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
    return layered(*drawn, height=HEIGHT, resolve=apart)


def _lines(
    data: pl.DataFrame,
    side: _Side,
    x: alt.X,
    granularity: Granularity,
    today: date,
    tooltip: list[alt.Tooltip],
) -> Iterator[alt.Chart]:
    over, runs = running.split(data, granularity, today)
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
