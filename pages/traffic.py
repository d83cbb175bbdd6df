"""Traffic: how many visitors, from where, and whether they join a vote."""

from functools import partial

import streamlit as st

from metrics.sentences import counted
from ui import charts, export, page_context
from ui.blocks import questions
from ui.blocks.block import render_block, time_axes
from ui.blocks.kpi_strip import Kpis, render_kpis, tables_of
from ui.charts import anomaly_marks
from ui.charts.lines import not_drawn
from ui.filters import click_filters
from ui.query_params import render_switch

KPIS = Kpis(
    "traffic_totals",
    "traffic_over_time",
    (
        "unique_users",
        "page_views",
        "bounce_rate",
        "activation_rate",
        "visit_bounce_rate",
        "session_mean_minutes",
        "session_median_minutes",
        "visits",
    ),
)
PARTS = {
    "Activation": ("sources_quality",),
    "Page views": ("sources", "sources_over_time"),
    "Session length": ("session_lengths",),
}
"""What is looked at more closely → its tables; new users are beside activation."""
FUNNELS = {
    "All": "funnel",
    "Source": "funnel_by_source",
    "Device": "funnel_by_device",
    "Country": "funnel_by_country",
}

context = page_context.current()
# Filled after the switches below it, which decide what is computed.
above = st.container()
with st.container(horizontal=True, gap="medium"):
    part = render_switch("Details", PARTS, key="part")
    if "sources_quality" in part:
        funnel = render_switch("New users by", FUNNELS, key="split")
        part = (*part, funnel)
unusual = anomaly_marks.tables_for(context.query.granularity)
found = context.compute(
    *tables_of(KPIS),
    *part,
    *unusual,
    earlier=(*tables_of(KPIS), *unusual),
    usual=KPIS.keys,
)
with above:
    render_kpis(context, found, KPIS, marks=found.now.get(anomaly_marks.TABLE))
by_source = click_filters.by("source")
with st.grid(len(part), min_column_width=380, gap="small"):
    if "sources" in part:
        render_block(
            context,
            "sources",
            found["sources"],
            partial(charts.ranked, label="source", value="count", title="page views"),
            on_click=by_source,
            ranked="count",
        )
        axis, _ = time_axes(context)
        over_time = found["sources_over_time"]
        render_block(
            context,
            "sources_over_time",
            over_time,
            partial(charts.lines, kind="source", title="Page views", axis=axis),
            note=not_drawn(over_time),
            axis=axis,
        )
    elif "session_lengths" in part:
        render_block(
            context,
            "session_lengths",
            found["session_lengths"],
            partial(charts.ranked, label="length", value="sessions", title="sessions"),
        )
    else:
        quality = found["sources_quality"]
        visitors = quality["people"].sum()
        # Unknown where the store lacks their table.
        users = found[KPIS.totals]["unique_users"].item() or 0
        several = (
            f"Users with several sources count for each: {visitors:,} visitors are "
            f"{counted(users, 'user')}."
        )
        render_block(
            context,
            "sources_quality",
            quality,
            note=several if visitors > users else None,
            on_click=by_source,
        )
        questions.render_question(context, funnel, found)
export.render_download(context, found, f"traffic_{part[-1]}", tables_of(KPIS))
