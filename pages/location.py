"""Location: where users are, and on what devices."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block
from ui.charts.world_map import not_drawn, world_map
from ui.filters import click_filters
from ui.query_params import render_switch

PLACES = {
    "Countries": ("countries", "country"),
    "Regions": ("regions", "region"),
    "Cities": ("cities", "city"),
}
MACHINES = {
    "Devices": ("devices", "device"),
    "Systems": ("operating_systems", "os"),
    "Browsers": ("browsers", "browser"),
}
"""Option → table and its column."""
RENAMED = {"Systems": "Operating systems"}
"""Option → its label; links keep the older key."""
COUNTED = "Users with any activity in the period, without deleted ones."
users = partial(charts.ranked, value="count", title="users")

context = page_context.current()
place, where = render_switch("Places", PLACES, key="place")
# Filled after the switch below it, which decides what is computed as well.
above = st.container()
machine, what = render_switch("Technology", MACHINES, key="with", labels=RENAMED)
found = context.compute(*dict.fromkeys(("countries", place, machine)))
with above:
    beside_list, ranking = st.columns([2, 1], gap="small")
with beside_list:
    render_block(
        context,
        "countries",
        found["countries"],
        partial(world_map, value="count", title="Users"),
        title="Where users are",
        note=" ".join(filter(None, (COUNTED, not_drawn(found["countries"], "count")))),
        key="map",
        on_click=click_filters.by("country"),
    )
with ranking:
    render_block(
        context,
        place,
        found[place],
        partial(users, label=where),
        on_click=click_filters.by(*dict.fromkeys(("country", where))),
        ranked="count",
    )
render_block(
    context,
    machine,
    found[machine],
    partial(users, label=what),
    on_click=click_filters.by(what),
    ranked="count",
)
export.render_download(context, found, f"location_{place}_{machine}")
