"""Behaviour: what people look at and do, ranked and over time."""

from functools import partial

import streamlit as st

from ui import bundle, charts, picking, shell
from ui.block import block

views = partial(charts.ranked, value="count", title="page views")

view = shell.view()
found = view.ask(
    "routes",
    "sources",
    "events",
    "rooms",
    "routes_over_time",
    "sources_over_time",
    "events_over_time",
)
with st.grid(2, min_column_width=380):
    block(
        view,
        "routes",
        found["routes"],
        partial(views, label="route"),
        picks=picking.by("route"),
    )
    block(
        view,
        "sources",
        found["sources"],
        partial(views, label="source"),
        picks=picking.by("source"),
    )
    block(
        view,
        "events",
        found["events"],
        partial(charts.ranked, label="event", value="count", title="events"),
        picks=picking.by("event"),
    )
    block(view, "rooms", found["rooms"])
for name, title in (
    ("routes_over_time", "Page views"),
    ("sources_over_time", "Page views"),
    ("events_over_time", "Events"),
):
    draw = partial(
        charts.lines,
        series="label",
        title=title,
        every=view.scope.every,
        today=view.today,
    )
    block(view, name, found[name], draw)
bundle.offer(view, found, "behaviour")
