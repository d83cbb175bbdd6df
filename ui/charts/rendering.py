"""Layered charts, and sending a chart to the browser."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, Self, TypedDict, Unpack, cast

import altair as alt
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from metrics.formats import MINUS, NOTHING
from ui.charts.axes import Chart


class _Light(alt.SchemaBase):
    """Copies of one level.

    Altair copies layers down to their last axis, several times, only to move
    properties of the layer itself.
    """

    def copy(
        self, deep: bool | Iterable[Any] = True, ignore: list[str] | None = None
    ) -> Self:
        """Return a copy; what `deep` names is copied too, but never everything."""
        # Altair copies a chart for each encoding and layer; the data would go along.
        copied: Self = super().copy(False if deep is True else deep, ignore)
        return copied


class Layer(_Light, alt.Chart):
    """One of the charts that are laid over each other."""


class _Layers(alt.LayerChart):
    """Charts laid over each other."""

    def copy(
        self,
        deep: bool | Iterable[Any] = True,  # noqa: ARG002 - Altair passes it
        ignore: list[str] | None = None,  # noqa: ARG002 - likewise
    ) -> Self:
        """Return a copy that has the same layers."""
        # The constructor would look for what layers share, and check parameters.
        copied = type(self)()
        for name, value in self._kwds.items():
            copied[name] = value
        return copied


def layered(*layers: alt.Chart | alt.LayerChart, **properties: Any) -> alt.LayerChart:
    """Lay charts over each other, the first at the bottom.

    Data and sizes are properties of the whole: `alt.layer` would look for what layers
    share, and copy them for it.
    """
    chart = _Layers(**properties)
    chart.layer = list(layers)
    if selections := list(_lifted(layers)):
        chart.params = selections
    return chart


def _lifted(
    layers: Iterable[alt.Chart | alt.LayerChart],
) -> Iterator[alt.TopLevelSelectionParameter]:
    """Move the selections of layers up: Vega-Lite has them on the whole chart."""
    for number, layer in enumerate(layers):
        if isinstance(layer, alt.LayerChart) or layer.params is alt.Undefined:
            continue
        layer.name = f"layer_{number}"
        for selection in layer.params:
            yield alt.TopLevelSelectionParameter(
                name=selection.name, select=selection.select, views=[layer.name]
            )
        layer.params = alt.Undefined


# Streamlit leaves more room beneath each chart, which a block has already; with none,
# the descenders of the lowest line are cut off.
_PADDING = {"left": 0, "top": 5, "right": 5, "bottom": 4}
# Half of the number at the upper end of an axis is above it, in large texts as well.
_ABOVE_AXES = {**_PADDING, "top": 9}
# Streamlit's theme moves the first and last label of an axis inwards, which puts those
# beside bars and grid lines off their middle, and leaves sixteen pixels before each.
# Cells of a heat map would touch, with the page in the gaps between their corners.
_CONFIG = {
    "axis": {"labelPadding": 8, "titlePadding": 10},
    "axisY": {"labelFlush": False},
    "legend": {"symbolOpacity": 1, "offset": 10},
    "scale": {"rectBandPaddingInner": 0.05},
}

# Altair would check every part of a chart while it is built, and the whole once more:
# two thirds of its time. Tests check what pages send instead.
disable_debug_mode()


class Selecting(TypedDict, total=False):
    """What makes a chart clickable."""

    on_select: Callable[[], None]
    selection_mode: str


class _Unchecked:
    """A chart that becomes a specification without being checked against the schema.

    `to_dict` is all that Streamlit asks of a chart.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def to_dict(self) -> dict[str, Any]:
        """Return the specification, with Streamlit's names of the data in it."""
        spec = self._chart.to_dict(validate=False)
        _describe_marks(spec)
        return spec


# A sign before nothing but zeros.
_SIGNED_ZERO = f"^[+{MINUS}](0[.0]*%?)$"


def _describe_marks(spec: dict[str, Any]) -> None:
    """Let marks say the same to a mouse and to a screen reader: names and values.

    Vega would print null as "null" and a change of nothing as "+0", and read out the
    names of columns with unrounded values. Marks without a tooltip repeat others: they
    are not read out, and Streamlit's own tooltip of columns is not shown.
    """
    for layer in spec.get("layer", ()):
        _describe_marks(layer)
    if "mark" not in spec:
        return
    tips = spec.get("encoding", {}).get("tooltip")
    if tips is None:
        spec["mark"] = {**_mark(spec), "aria": False, "tooltip": None}
        return
    said = {tip["title"]: _printed(tip) for tip in tips}
    cells = ", ".join(f"{_quoted(title)}: {value}" for title, value in said.items())
    text = " + '; ' + ".join(
        f"{_quoted(title)} + ': ' + {value}" for title, value in said.items()
    )
    spec["encoding"] |= {
        "tooltip": {"value": {"expr": f"{{{cells}}}"}},
        "description": {"value": {"expr": text}},
    }


def _mark(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    mark = spec["mark"]
    return {"type": mark} if isinstance(mark, str) else mark


def _printed(tip: Mapping[str, str]) -> str:
    """Return the Vega expression that prints a field of a tooltip."""
    value = f"datum[{_quoted(tip['field'])}]"
    if tip["type"] != "quantitative":
        text = f"'' + {value}"
        return f"(isValid({value}) && {text} !== '' ? {text} : '{NOTHING}')"
    text = f"format({value}, {_quoted(tip.get('format', ''))})"
    if tip.get("format", "").startswith("+"):
        text = f"replace({text}, regexp('{_SIGNED_ZERO}'), '$1')"
    return f"(isValid({value}) ? {text} : '{NOTHING}')"


def _quoted(text: str) -> str:
    """Return a text as Vega expressions quote it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def render_chart(
    chart: Chart, alt: str, key: str | None = None, **selecting: Unpack[Selecting]
) -> None:
    """Show a chart over all the width; `alt` is what a screen reader says."""
    is_fixed = isinstance(chart.height, int)
    chart.padding = _ABOVE_AXES if is_fixed else _PADDING
    chart.config = _CONFIG
    # Streamlit draws charts of more than 2,000 values on a canvas: no text for screen
    # readers, and greys that the style sheet cannot reach.
    chart.usermeta = {"embedOptions": {"renderer": "svg"}}
    # Without its height, what is below would move up until the chart is drawn.
    height: int | Literal["content"] = chart.height if is_fixed else "content"
    st.altair_chart(
        cast("Chart", _Unchecked(chart)), key=key, alt=alt, height=height, **selecting
    )
