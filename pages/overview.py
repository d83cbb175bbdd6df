"""Overview: today, the period's key figures, and what moved most."""

import streamlit as st

from ui import bundle, cards, charts, shell
from ui.block import block
from ui.trend import trend

PEOPLE, PEOPLE_SERIES = "traffic_totals", "traffic_over_time"
ROUNDS, ROUNDS_SERIES = "votes_totals", "votes_over_time"
TABLES = (PEOPLE, PEOPLE_SERIES, ROUNDS, ROUNDS_SERIES)

view = shell.view()
found = view.ask(
    *TABLES,
    "daily_summary",
    "what_moved",
    "unusual_days",
    earlier=TABLES,
)

st.header("Today so far", anchor=False)
cards.today(
    ("estimations", "votes", "new_users", "rooms", "unique_users", "page_views"),
    found["daily_summary"],
)

st.header("The period", anchor=False)
cards.row(
    ("unique_users", "page_views", "activation_rate", "session_median_minutes"),
    found[PEOPLE],
    found.earlier.get(PEOPLE),
    found[PEOPLE_SERIES],
)
cards.row(
    ("votes", "estimations", "estimations_per_vote", "duration_median_seconds"),
    found[ROUNDS],
    found.earlier.get(ROUNDS),
    found[ROUNDS_SERIES],
)
trend(
    view,
    ROUNDS_SERIES,
    found,
    ("votes", "estimations"),
    marks=found["unusual_days"],
    key="activity",
)
with st.grid(2, min_column_width=380, gap="small"):
    block(view, "what_moved", found["what_moved"], charts.moved)
    block(view, "unusual_days", found["unusual_days"])
bundle.offer(view, found, "overview")
