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
# Keys of older links; the labels follow the granularity.
kinds = {"Daily": "", AVERAGE: "ma_", ACCUMULATED: "acc_"}
labels = {
    "Daily": UNITS[granularity],
    AVERAGE: f"30-{granularity} average",
    ACCUMULATED: "Cumulative",
}
found = context.compute("historical")
above = st.container()
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    prefix = query_params.render_switch("Chart", kinds, "kind", labels=labels)
    measures = query_params.render_pills(
        "Metrics",
        "of",
        {measure: title_of(measure) for measure in MEASURES},
        MEASURES[:2],
    )
columns = {prefix + measure: title_of(prefix + measure) for measure in measures}
frame = found["historical"]
axis = time_axes(context)[0]
with above:
    render_block(
        context,
        "historical",
        frame,
        partial(
            charts.columns_over_time,
            columns=columns,
            axis=axis,
            hues=[title_of(prefix + measure) for measure in MEASURES],
        ),
        axis=axis,
        drawn=[*columns],
    )
accumulated = [f"acc_{measure}" for measure in MEASURES]
# The chart reads from left to right, a table from the top.
newest_first = frame.select("bucket", *MEASURES, *accumulated, "cut").reverse()
render_block(
    context,
    "historical",
    newest_first,
    title="Newest first",
    key="newest_first",
    file="historical_newest_first",
)
export.render_download(context, found, "historical")
