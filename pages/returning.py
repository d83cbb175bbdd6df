"""Returning: people and rooms that come back."""

from functools import partial

import streamlit as st

from ui import charts, shell
from ui.block import block

view = shell.view()
found = view.ask("reoccurring")
reduced = st.toggle(
    "Reduce after 30 days of inactivity",
    key="reduced",
    bind="query-params",
    help="Counts only those whose last estimation lies at most 30 days back.",
)
prefix = "adjusted_" if reduced else ""
block(
    view,
    "reoccurring",
    found["reoccurring"],
    partial(
        charts.two_axes,
        left=(f"{prefix}reoccurring_users", "Returning people"),
        right=(f"{prefix}reoccurring_rooms", "Returning rooms"),
        every=view.scope.every,
    ),
)
