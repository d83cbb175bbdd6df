"""Historical: five counts over time, per bucket, averaged or accumulated."""

from functools import partial

import streamlit as st

from metrics.definitions import DEFINITIONS
from ui import address, bundle, charts, shell
from ui.block import block

MEASURES = ("estimations", "votes", "rooms", "page_views", "new_users")
KINDS = {"Daily": "", "30-row moving average": "ma_", "Accumulated": "acc_"}


def title_of(measure: str) -> str:
    """Return what a switch says."""
    title: str = DEFINITIONS[measure].title
    return title


view = shell.view()
address.check("kind", KINDS)
address.check("of", [title_of(measure) for measure in MEASURES])
found = view.ask("historical")
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
block(
    view,
    "historical",
    frame,
    partial(
        charts.columns_over_time,
        columns=columns,
        granularity=view.query.granularity,
        today=view.today,
        zoom=True,
    ),
    note=charts.ZOOM,
)
accumulated = [f"acc_{measure}" for measure in MEASURES]
newest_first = frame.select("bucket", *MEASURES, *accumulated).reverse()
block(view, "historical", newest_first, title="Newest first", key="newest_first")
bundle.offer(view, found, "historical")
