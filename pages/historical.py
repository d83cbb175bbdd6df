"""Historical: five counts over time, per bucket, averaged or accumulated."""

from functools import partial

import streamlit as st

from metrics.registry import definition
from ui import charts, export, page_context, query_params
from ui.blocks.block import render_block

MEASURES = ("estimations", "votes", "rooms", "page_views", "new_users")
KINDS = {"Daily": "", "30-row moving average": "ma_", "Accumulated": "acc_"}


def title_of(measure: str) -> str:
    """Return what a switch says."""
    return definition(measure, "historical").title


context = page_context.current()
query_params.check("kind", KINDS)
query_params.check("of", [title_of(measure) for measure in MEASURES])
found = context.compute("historical")
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    kind = st.segmented_control(
        "Show",
        list(KINDS),
        default="Daily",
        required=True,
        key="kind",
        bind="query-params",
    )
    measures = st.pills(
        "Of",
        MEASURES,
        default=MEASURES[:2],
        selection_mode="multi",
        format_func=title_of,
        key="of",
        bind="query-params",
    )
columns = {KINDS[kind] + measure: title_of(measure) for measure in measures}
frame = found["historical"]
render_block(
    context,
    "historical",
    frame,
    partial(
        charts.columns_over_time,
        columns=columns,
        granularity=context.query.granularity,
        today=context.today,
        zoom=True,
    ),
    note=charts.ZOOM,
)
accumulated = [f"acc_{measure}" for measure in MEASURES]
newest_first = frame.select("bucket", *MEASURES, *accumulated).reverse()
render_block(
    context, "historical", newest_first, title="Newest first", key="newest_first"
)
export.render_download(context, found, "historical")
