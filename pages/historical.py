"""Historical: how usage has grown."""

from functools import partial

import streamlit as st

from metrics.registry import definition
from ui import charts, export, page_context, query_params
from ui.blocks.block import render_block, time_axes

MEASURES = ("estimations", "votes", "rooms", "page_views", "new_users")
UNITS = {"day": "Daily", "week": "Weekly", "month": "Monthly", "hour": "Hourly"}
AVERAGE, ACCUMULATED = "30-row moving average", "Accumulated"


def title_of(measure: str) -> str:
    """Return the name of a count."""
    return definition(measure, "historical").title


context = page_context.current()
granularity = context.query.granularity
kinds = {
    "Daily": (UNITS[granularity], ""),
    AVERAGE: (f"30-{granularity} average", "ma_"),
    ACCUMULATED: ("Cumulative", "acc_"),
}
query_params.check("kind", kinds)
query_params.check("of", [title_of(measure) for measure in MEASURES])
found = context.compute("historical")
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    kind = st.segmented_control(
        "Show",
        list(kinds),
        default="Daily",
        required=True,
        format_func=lambda name: kinds[name][0],
        key="kind",
        bind="query-params",
        label_visibility="collapsed",
    )
    measures = st.pills(
        "Metrics",
        MEASURES,
        default=MEASURES[:2],
        selection_mode="multi",
        format_func=title_of,
        key="of",
        bind="query-params",
        label_visibility="collapsed",
    )
prefix = kinds[kind][1]
columns = {prefix + measure: title_of(measure) for measure in measures}
frame = found["historical"]
axis = time_axes(context)[0]
render_block(
    context,
    "historical",
    frame,
    partial(
        charts.columns_over_time,
        columns=columns,
        axis=axis,
        hues=[title_of(measure) for measure in MEASURES],
    ),
    axis=axis,
)
accumulated = [f"acc_{measure}" for measure in MEASURES]
newest_first = frame.select("bucket", *MEASURES, *accumulated).reverse()
render_block(
    context, "historical", newest_first, title="Newest first", key="newest_first"
)
export.render_download(context, found, "historical")
