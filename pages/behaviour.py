"""Behaviour: the routes, events or rooms that lead, over time and in all."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block, render_links, time_axes
from ui.charts.lines import not_drawn
from ui.filters import click_filters
from ui.query_params import render_switch

PARTS = {
    "Routes": ("routes", "route", "count", "Page views", click_filters.by("route")),
    "Events": ("events", "event", "count", "Events", click_filters.by("event")),
    "Rooms": ("rooms", "room_name", "votes", "Votes", {"room": "room_id"}),
}
"""What the switch says → table, column of labels, column of counts, what is
counted, what a click filters by."""

context = page_context.current()
ranking, label, value, title, on_click = render_switch(
    "Details", PARTS, key="part", labelled=False
)
series = f"{ranking}_over_time"
found = context.compute(ranking, series)
axis, _ = time_axes(context)
over_time, in_all = st.columns([3, 2], gap="small")
with over_time:
    render_block(
        context,
        series,
        found[series],
        partial(charts.lines, kind=label, title=title, axis=axis),
        note=not_drawn(found[series]),
        axis=axis,
    )
with in_all:
    render_block(
        context,
        ranking,
        found[ranking],
        partial(charts.ranked, label=label, value=value, title=title.lower()),
        on_click=on_click,
        ranked=value,
    )
render_links(("Sources", "traffic", {"part": "page_views"}))
export.render_download(context, found, f"behaviour_{ranking}")
