"""Behaviour: the routes, events and rooms that lead."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block, render_links, time_axes
from ui.charts.lines import not_drawn
from ui.filters import click_filters
from ui.query_params import render_switch

OVER_TIME = {
    "Routes": ("routes_over_time", "route", "Page views"),
    "Events": ("events_over_time", "event", "Events"),
    "Rooms": ("rooms_over_time", "room_name", "Votes"),
}
"""What the switch says → table, kind of its labels, what is counted."""
RANKED = {"routes": ("route", "page views"), "events": ("event", "events")}

context = page_context.current()
series, kind, title = render_switch(
    "Over time", OVER_TIME, key="over_time", labelled=False
)
found = context.compute(*RANKED, "rooms", series)
axis, _ = time_axes(context)
render_block(
    context,
    series,
    found[series],
    partial(charts.lines, kind=kind, title=title, axis=axis),
    note=not_drawn(found[series]),
    axis=axis,
)
with st.grid(3, min_column_width=320, gap="small"):
    for name, (label, counted) in RANKED.items():
        render_block(
            context,
            name,
            found[name],
            partial(charts.ranked, label=label, value="count", title=counted),
            on_click=click_filters.by(label),
            ranked=True,
        )
    render_block(
        context,
        "rooms",
        found["rooms"],
        partial(charts.ranked, label="room_name", value="votes", title="votes"),
        on_click={"room": "room_id"},
        ranked=True,
    )
render_links(("Sources", "traffic", {}))
export.render_download(context, found, "behaviour")
