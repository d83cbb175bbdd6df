"""Layered charts, and sending a chart to the browser."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypedDict, Unpack, cast

import altair as alt
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

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
        return self._chart.to_dict(validate=False)


def render_chart(
    chart: Chart, alt: str, key: str | None = None, **selecting: Unpack[Selecting]
) -> None:
    """Show a chart over all the width; `alt` is what a screen reader says."""
    chart.padding = _PADDING
    # Streamlit draws charts of more than 2,000 values on a canvas: no text for screen
    # readers, and greys that the style sheet cannot reach.
    chart.usermeta = {"embedOptions": {"renderer": "svg"}}
    st.altair_chart(cast("Chart", _Unchecked(chart)), key=key, alt=alt, **selecting)
