"""Returning: users and rooms that come back."""

from functools import partial

import streamlit as st

from metrics.registry import DEFINITIONS
from metrics.time_axis import at_least_daily
from ui import charts, export, page_context, query_params
from ui.blocks.block import render_block, time_axes
from ui.blocks.questions import started
from ui.charts.heat_map import retention_curve, retention_grid
from ui.query_params import render_switch

VIEWS = {"Average": "average", "By start": "grid"}
WHO = {"People": "users", "Rooms": "rooms"}
RENAMED = {"People": "Users"}
"""Option → its label; links keep the older key."""
UNITS = {"Two weeks": "sprints", "Weeks": "weeks"}
NOTE = (
    "Share of each cohort that came back, with the number below it. Shares of fewer "
    "than 20 are hidden, the future is blank, and “…” marks {} that are not over."
)

context = page_context.current()
reduced = query_params.render_toggle(
    "Active in the last 30 days only",
    "reduced",
    hint="Counts only those whose last vote was at most 30 days earlier.",
)
above = st.container()
with st.container(horizontal=True, gap="medium"):
    who = render_switch("Return rate of", WHO, key="who", labels=RENAMED)
    unit = render_switch(
        "Interval", UNITS, key="in", labels={"Two weeks": "Sprints (2 weeks)"}
    )
    view = render_switch("Show", VIEWS, key="as")
grid = f"retention_{who}_by_{unit}"
average = f"{grid}_average"
found = context.compute("reoccurring", grid, average)
prefix = "adjusted_" if reduced else ""
users, rooms = (f"{prefix}reoccurring_{each}" for each in ("users", "rooms"))
# Whether a user returns is counted by days.
axis, _ = time_axes(context, at_least_daily(context.query.granularity))
with above:
    render_block(
        context,
        "reoccurring",
        found["reoccurring"],
        partial(
            charts.two_axes,
            left=(users, DEFINITIONS[users].title),
            right=(rooms, DEFINITIONS[rooms].title),
            axis=axis,
        ),
        axis=axis,
    )
if view == "average":
    curve = partial(retention_curve, unit=unit)
    note = started(average, found)
    render_block(context, average, found[average], curve, value="share", note=note)
else:
    draw = partial(retention_grid, average=found[average], unit=unit)
    render_block(context, grid, found[grid], draw, note=NOTE.format(unit))
export.render_download(context, found, f"returning_{who}_by_{unit}")
