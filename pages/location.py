"""Location: where people are, and what they come with."""

from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block
from ui.charts.world_map import without_shape, world_map
from ui.filters import click_filters
from ui.query_params import render_switch

PLACES = {"Cities": ("cities", "city"), "Regions": ("regions", "region")}
MACHINES = {
    "Devices": ("devices", "device"),
    "Systems": ("operating_systems", "os"),
    "Browsers": ("browsers", "browser"),
}
"""What a switch says → table and its column."""
people = partial(charts.ranked, value="count", title="people")

context = page_context.current()
above = st.container()
with st.container(horizontal=True, gap="medium"):
    place, where = render_switch("Places", PLACES, key="place")
    machine, what = render_switch("They come with", MACHINES, key="with")
found = context.compute("countries", place, machine)
hidden = without_shape(found["countries"])
with above:
    beside_map, ranking = st.columns([2, 1], gap="small")
with beside_map:
    render_block(
        context,
        "countries",
        found["countries"],
        partial(world_map, value="count", title="People"),
        title="Where people are",
        note=f"Too small for the map: {', '.join(hidden)}." if hidden else None,
        key="map",
        on_click=click_filters.by("country"),
    )
with ranking:
    render_block(
        context,
        "countries",
        found["countries"],
        partial(people, label="country", rows=14),
        on_click=click_filters.by("country"),
    )
with st.grid(2, min_column_width=380, gap="small"):
    draw = partial(people, label=where)
    render_block(
        context, place, found[place], draw, on_click=click_filters.by("country", where)
    )
    draw = partial(people, label=what)
    render_block(
        context, machine, found[machine], draw, on_click=click_filters.by(what)
    )
export.render_download(context, found, "location")
