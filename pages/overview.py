"""Overview: today, the period's key figures, and what moved most."""

import streamlit as st

from ui import charts, export, page_context
from ui.blocks import cards
from ui.blocks.block import render_block
from ui.blocks.trend import render_trend

PEOPLE, PEOPLE_SERIES = "traffic_totals", "traffic_over_time"
ROUNDS, ROUNDS_SERIES = "votes_totals", "votes_over_time"
TABLES = (PEOPLE, PEOPLE_SERIES, ROUNDS, ROUNDS_SERIES)

context = page_context.current()
found = context.compute(
    *TABLES,
    "daily_summary",
    "what_moved",
    "unusual_days",
    earlier=TABLES,
)

st.header("Today so far", anchor=False)
cards.render_today(
    ("estimations", "votes", "new_users", "rooms", "unique_users", "page_views"),
    found["daily_summary"],
)

st.header("The period", anchor=False)
cards.render_row(
    ("unique_users", "page_views", "activation_rate", "session_median_minutes"),
    found[PEOPLE],
    found.earlier.get(PEOPLE),
    found[PEOPLE_SERIES],
)
cards.render_row(
    ("votes", "estimations", "estimations_per_vote", "duration_median_seconds"),
    found[ROUNDS],
    found.earlier.get(ROUNDS),
    found[ROUNDS_SERIES],
)
render_trend(
    context,
    ROUNDS_SERIES,
    found,
    ("votes", "estimations"),
    marks=found["unusual_days"],
    key="activity",
)
with st.grid(2, min_column_width=380, gap="small"):
    render_block(context, "what_moved", found["what_moved"], charts.moved)
    render_block(context, "unusual_days", found["unusual_days"])
export.render_download(context, found, "overview")
