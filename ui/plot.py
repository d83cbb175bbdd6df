"""Showing a chart: one place for what all of them have in common."""

from collections.abc import Callable
from typing import TypedDict, Unpack

import streamlit as st

from ui.axes import Chart

_PADDING = {"left": 0, "top": 5, "right": 5, "bottom": 0}
"""Streamlit leaves room beneath each chart that a block has already."""


class Selecting(TypedDict, total=False):
    """What makes a chart clickable."""

    on_select: Callable[[], None]
    selection_mode: str


def plot(
    chart: Chart, alt: str, key: str | None = None, **selecting: Unpack[Selecting]
) -> None:
    """Show a chart over all the width; `alt` is what a screen reader says."""
    chart.padding = _PADDING
    st.altair_chart(chart, key=key, alt=alt, **selecting)
