"""Traffic: how many visitors, from where, and whether they join a vote."""

from functools import partial

import streamlit as st

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
SOURCES = {
    "Activation": "sources_quality",
    "In all": "sources",
    "Over time": "sources_over_time",
}
LABELS = {"In all": "Page views", "Over time": "Page views over time"}
FUNNELS = {
    "All": "funnel",
    "Source": "funnel_by_source",
    "Device": "funnel_by_device",
    "Country": "funnel_by_country",
}

context = page_context.current()
above = st.container()
with st.container(horizontal=True, gap="medium"):
    sources = render_switch("Sources", SOURCES, key="sources", labels=LABELS)
    funnel = render_switch("New users by", FUNNELS, key="split")
unusual = anomaly_marks.tables_for(context.query.granularity)
found = context.compute(
    *tables_of(KPIS),
    sources,
    "session_lengths",
    funnel,
    *unusual,
    earlier=(*tables_of(KPIS), *unusual),
    usual=KPIS.keys,
)
with above:
    render_kpis(context, found, KPIS, marks=found.now.get(anomaly_marks.TABLE))
with st.grid(2, min_column_width=380, gap="small"):
    if sources == "sources_over_time":
        axis, _ = time_axes(context)
        draw = partial(charts.lines, kind="source", title="Page views", axis=axis)
        note = not_drawn(found[sources])
        render_block(context, sources, found[sources], draw, note=note, axis=axis)
    elif sources == "sources":
        render_block(
            context,
            sources,
            found[sources],
            partial(charts.ranked, label="source", value="count", title="page views"),
            on_click=click_filters.by("source"),
            ranked=True,
        )
    else:
        by_source = click_filters.by("source")
        render_block(context, sources, found[sources], on_click=by_source)
    questions.render_question(context, funnel, found)
render_block(
    context,
    "session_lengths",
    found["session_lengths"],
    partial(charts.ranked, label="length", value="sessions", title="sessions"),
)
export.render_download(context, found, "traffic", tables_of(KPIS))
