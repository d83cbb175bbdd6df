"""Traffic: who comes, how long they stay, and from where."""

from functools import partial

import streamlit as st

from ui import bundle, cards, charts, picking, questions, shell, unusual
from ui.block import block
from ui.switch import switch
from ui.trend import trend

TOTALS, SERIES = "traffic_totals", "traffic_over_time"
KEYS = (
    "unique_users",
    "page_views",
    "bounce_rate",
    "activation_rate",
    "visit_bounce_rate",
    "session_mean_minutes",
    "session_median_minutes",
    "visits",
)
RANKED = {"Sources": ("sources", "source"), "Routes": ("routes", "route")}
FUNNELS = {
    "All": "funnel",
    "Source": "funnel_by_source",
    "Device": "funnel_by_device",
    "Country": "funnel_by_country",
}

view = shell.view()
above = st.container()
with st.container(horizontal=True, gap="medium"):
    seen, by = switch("Page views by", RANKED, key="views")
    funnel = switch("New users by", FUNNELS, key="split")
found = view.ask(
    TOTALS,
    SERIES,
    seen,
    "session_lengths",
    "sources_quality",
    funnel,
    *unusual.wanted(view.query.granularity),
    earlier=(TOTALS, SERIES),
)
with above:
    cards.row(KEYS, found[TOTALS], found.earlier.get(TOTALS), found[SERIES])
    trend(view, SERIES, found, KEYS, marks=found.now.get(unusual.TABLE))
with st.grid(2, min_column_width=380, gap="small"):
    block(
        view,
        seen,
        found[seen],
        partial(charts.ranked, label=by, value="count", title="page views"),
        picks=picking.by(by),
    )
    questions.question(view, funnel, found)
    block(
        view,
        "session_lengths",
        found["session_lengths"],
        partial(charts.ranked, label="length", value="sessions", title="sessions"),
    )
    block(view, "sources_quality", found["sources_quality"])
bundle.offer(view, found, "traffic")
