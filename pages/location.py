"""Location: where users are, and on what devices."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block
from ui.charts.world_map import not_drawn, world_map
from ui.filters import click_filters
from ui.query_params import render_switch

PLACES = {"Cities": ("cities", "city"), "Regions": ("regions", "region")}
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
beside_map, ranking = st.columns([2, 1], gap="small")
with st.container(horizontal=True, gap="medium"):
    place, where = render_switch("Places", PLACES, key="place")
    machine, what = render_switch("Technology", MACHINES, key="with", labels=RENAMED)
found = context.compute("countries", place, machine)
with beside_map:
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
        "countries",
        found["countries"],
        partial(users, label="country"),
        on_click=click_filters.by("country"),
        ranked=True,
    )
with st.grid(2, min_column_width=380, gap="small"):
    for table, label, click in (
        (place, where, click_filters.by("country", where)),
        (machine, what, click_filters.by(what)),
    ):
        render_block(
            context,
            table,
            found[table],
            partial(users, label=label),
            on_click=click,
            ranked=True,
        )
export.render_download(context, found, "location")
