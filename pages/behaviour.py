"""Behaviour: what people look at and do, ranked and over time."""

from functools import partial

import streamlit as st

from ui import bundle, charts, picking, room_picker, shell
from ui.block import block
from ui.switch import switch

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

view = shell.view()
above = st.container()
series, title = switch("Over time", OVER_TIME, key="over_time")
found = view.ask(*RANKED, "rooms", series)
with above, st.grid(2, min_column_width=380, gap="small"):
    for name, (label, counted) in RANKED.items():
        draw = partial(charts.ranked, label=label, value="count", title=counted)
        block(view, name, found[name], draw, picks=picking.by(label))
    with st.container(height="stretch"):
        block(
            view,
            "rooms",
            found["rooms"],
            partial(charts.ranked, label="room_name", value="votes", title="votes"),
            picks={"room": "room_id"},
        )
        room_picker.link_to_filtered(view)
draw = partial(
    charts.lines,
    series="label",
    title=title,
    granularity=view.query.granularity,
    today=view.today,
)
block(view, series, found[series], draw)
bundle.offer(view, found, "behaviour")
