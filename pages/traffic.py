"""Traffic: who comes, how long they stay, and from where."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks import cards, questions
from ui.blocks.block import render_block
from ui.blocks.trend import render_trend
from ui.charts import anomaly_marks
from ui.filters import click_filters
from ui.query_params import render_switch

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

context = page_context.current()
above = st.container()
with st.container(horizontal=True, gap="medium"):
    seen, by = render_switch("Page views by", RANKED, key="views")
    funnel = render_switch("New users by", FUNNELS, key="split")
found = context.compute(
    TOTALS,
    SERIES,
    seen,
    "session_lengths",
    "sources_quality",
    funnel,
    *anomaly_marks.tables_for(context.query.granularity),
    earlier=(TOTALS, SERIES),
)
with above:
    cards.render_row(KEYS, found[TOTALS], found.earlier.get(TOTALS), found[SERIES])
    render_trend(context, SERIES, found, KEYS, marks=found.now.get(anomaly_marks.TABLE))
with st.grid(2, min_column_width=380, gap="small"):
    render_block(
        context,
        seen,
        found[seen],
        partial(charts.ranked, label=by, value="count", title="page views"),
        on_click=click_filters.by(by),
    )
    questions.render_question(context, funnel, found)
    render_block(
        context,
        "session_lengths",
        found["session_lengths"],
        partial(charts.ranked, label="length", value="sessions", title="sessions"),
    )
    render_block(context, "sources_quality", found["sources_quality"])
export.render_download(context, found, "traffic")
