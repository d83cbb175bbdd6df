"""Returning: people and rooms that come back."""

from functools import partial

import streamlit as st

from ui import address, bundle, charts, retention, shell
from ui.block import block
from ui.switch import switch

WHO = {"People": "users", "Rooms": "rooms"}
UNITS = {"Weeks": "weeks", "Two weeks": "sprints"}
NOTE = (
    "Of those who began in the same weeks: the share that came back, and the number "
    "beneath. Shares of fewer than 20 are hidden, the future is blank, and “…” "
    "marks weeks that are not over."
)

view = shell.view()
address.check_flag("reduced")
reduced = st.toggle(
    "Reduce after 30 days of inactivity",
    key="reduced",
    bind="query-params",
    help="Counts only those whose last estimation lies at most 30 days back.",
)
above = st.container()
with st.container(horizontal=True, gap="medium"):
    who = switch("Who stays", WHO, key="who")
    unit = switch("Counted in", UNITS, key="in", hint="Two weeks are a usual sprint.")
grid = f"retention_{who}_by_{unit}"
average = f"{grid}_average"
found = view.ask("reoccurring", grid, average)
prefix = "adjusted_" if reduced else ""
with above:
    block(
        view,
        "reoccurring",
        found["reoccurring"],
        partial(
            charts.two_axes,
            left=(f"{prefix}reoccurring_users", "Returning people"),
            right=(f"{prefix}reoccurring_rooms", "Returning rooms"),
            granularity=view.query.granularity,
            today=view.today,
        ),
    )
draw = partial(retention.grid, average=found[average], unit=unit)
block(view, grid, found[grid], draw, note=NOTE)
block(view, average, found[average], partial(retention.curve, unit=unit))
bundle.offer(view, found, "returning")
