"""Behaviour: what people look at and do, ranked and over time."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks import room
from ui.blocks.block import render_block
from ui.filters import click_filters
from ui.query_params import render_switch

RANKED = {
    "routes": ("route", "page views"),
    "sources": ("source", "page views"),
    "events": ("event", "events"),
}
OVER_TIME = {
    "Routes": ("routes_over_time", "Page views"),
    "Sources": ("sources_over_time", "Page views"),
    "Events": ("events_over_time", "Events"),
    "Rooms": ("rooms_over_time", "Votes"),
}

context = page_context.current()
above = st.container()
series, title = render_switch("Over time", OVER_TIME, key="over_time")
found = context.compute(*RANKED, "rooms", series)
with above, st.grid(2, min_column_width=380, gap="small"):
    for name, (label, counted) in RANKED.items():
        draw = partial(charts.ranked, label=label, value="count", title=counted)
        render_block(context, name, found[name], draw, on_click=click_filters.by(label))
    with st.container(height="stretch"):
        render_block(
            context,
            "rooms",
            found["rooms"],
            partial(charts.ranked, label="room_name", value="votes", title="votes"),
            on_click={"room": "room_id"},
        )
        room.render_filtered_links(context)
draw = partial(
    charts.lines,
    series="label",
    title=title,
    granularity=context.query.granularity,
    today=context.today,
)
render_block(context, series, found[series], draw)
export.render_download(context, found, "behaviour")
