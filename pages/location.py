"""Location: where people are, and what they come with."""

from functools import partial

import streamlit as st

from ui import bundle, charts, picking, shell, world
from ui.block import block
from ui.switch import switch

PLACES = {"Cities": ("cities", "city"), "Regions": ("regions", "region")}
MACHINES = {
    "Devices": ("devices", "device"),
    "Systems": ("operating_systems", "os"),
    "Browsers": ("browsers", "browser"),
}
"""What a switch says → table and its column."""
people = partial(charts.ranked, value="count", title="people")

view = shell.view()
above = st.container()
with st.container(horizontal=True, gap="medium"):
    place, where = switch("Places", PLACES, key="place")
    machine, what = switch("They come with", MACHINES, key="with")
found = view.ask("countries", place, machine)
hidden = world.without_shape(found["countries"])
with above:
    beside_map, ranking = st.columns([2, 1], gap="small")
with beside_map:
    block(
        view,
        "countries",
        found["countries"],
        partial(world.world, value="count", title="People"),
        title="Where people are",
        note=f"Too small for the map: {', '.join(hidden)}." if hidden else None,
        key="map",
        picks=picking.by("country"),
    )
with ranking:
    block(
        view,
        "countries",
        found["countries"],
        partial(people, label="country", rows=14),
        picks=picking.by("country"),
    )
with st.grid(2, min_column_width=380, gap="small"):
    draw = partial(people, label=where)
    block(view, place, found[place], draw, picks=picking.by("country", where))
    draw = partial(people, label=what)
    block(view, machine, found[machine], draw, picks=picking.by(what))
bundle.offer(view, found, "location")
