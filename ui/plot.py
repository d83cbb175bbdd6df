"""Showing a chart: one place for what all of them have in common."""

from collections.abc import Callable
from typing import Any, TypedDict, Unpack, cast

import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from ui.axes import Chart

_PADDING = {"left": 0, "top": 5, "right": 5, "bottom": 4}
"""Streamlit leaves more room beneath each chart, which a block has already; with none,
the descenders of the lowest line are cut off."""

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


def plot(
    chart: Chart, alt: str, key: str | None = None, **selecting: Unpack[Selecting]
) -> None:
    """Show a chart over all the width; `alt` is what a screen reader says."""
    chart.padding = _PADDING
    st.altair_chart(cast("Chart", _Unchecked(chart)), key=key, alt=alt, **selecting)
