"""Overview: what needs attention, the key figures, and what changed."""

from functools import partial

import streamlit as st

from metrics import filters
from ui import charts, export, page_context
from ui.blocks import live, today
from ui.blocks.block import FIRST_ROWS, render_block
from ui.blocks.kpi_strip import Kpis, keys_of, render_kpis, tables_of
from ui.charts.labelled_bars import without_bars
from ui.filters import click_filters
from ui.page_context import Results

KPIS = (
    Kpis(
        "traffic_totals",
        "traffic_over_time",
        ("unique_users", "page_views", "activation_rate", "session_median_minutes"),
    ),
    Kpis(
        "votes_totals",
        "votes_over_time",
        ("votes", "estimations", "estimations_per_vote", "duration_median_seconds"),
    ),
)

context = page_context.current()
found = context.compute(
    *tables_of(*KPIS),
    "what_moved",
    "unusual_days",
    earlier=(*tables_of(*KPIS), "unusual_days"),
    usual=keys_of(*KPIS),
    apart=("unusual_days",),
    further=partial(today.plans, context),
)
moved = filters.left_open(context.filters, found["what_moved"])
found = Results({**found.now, "what_moved": moved}, found.earlier)
today.render_attention(context, found)
render_kpis(context, found, *KPIS, marks=found["unusual_days"])
why, days = st.columns(2, gap="small")
with why:
    render_block(
        context,
        "what_moved",
        moved,
        charts.moved,
        note=without_bars(moved),
        on_click=click_filters.BY_DIMENSION,
        ranked="change",
        # Beside a table of unusual days there is room for more, or for live figures.
        rows=FIRST_ROWS
        + (0 if context.server_url else min(found["unusual_days"].height, 5)),
    )
    live.render_live(context)
with days:
    today.render_today(context, found)
    render_block(context, "unusual_days", found["unusual_days"])
export.render_download(context, today.files(found), "overview", tables_of(*KPIS))
