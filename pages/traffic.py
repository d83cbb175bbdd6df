"""Traffic: who comes, how long they stay, and from where."""

import streamlit as st

from ui import cards, charts, shell
from ui.block import block
from ui.trend import trend

KEYS = (
    "unique_users",
    "page_views",
    "bounce_rate",
    "activation_rate",
    "visit_bounce_rate",
    "session_mean_minutes",
    "session_median_minutes",
)
TOTALS, SERIES = "traffic_totals", "traffic_over_time"

view = shell.view()
found = view.ask(
    TOTALS,
    SERIES,
    "session_lengths",
    "sources_quality",
    "sources",
    "routes",
    earlier=(TOTALS, SERIES),
)

cards.row(KEYS, found[TOTALS], found.earlier.get(TOTALS), found[SERIES])
trend(view, SERIES, found, KEYS)
with st.grid(2, min_column_width=380):
    block(view, "sources", found["sources"], charts.ranked_by("source"))
    block(view, "routes", found["routes"], charts.ranked_by("route"))
    block(view, "session_lengths", found["session_lengths"], charts.classes("length"))
    block(view, "sources_quality", found["sources_quality"])
