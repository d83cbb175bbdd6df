"""Location: where people are, and what they come with."""

from functools import partial

import streamlit as st

from ui import bundle, charts, shell, world
from ui.block import block

PLACES = (("countries", "country"), ("regions", "region"), ("cities", "city"))
MACHINES = (("devices", "device"), ("operating_systems", "os"), ("browsers", "browser"))
people = partial(charts.ranked, value="count", title="people")

view = shell.view()
found = view.ask(*(name for name, _ in (*PLACES, *MACHINES)))
hidden = world.without_shape(found["countries"])
block(
    view,
    "countries",
    found["countries"],
    partial(world.world, value="count", title="People"),
    title="Where people are",
    note=f"Too small for the map: {', '.join(hidden)}." if hidden else None,
    key="map",
    picks="country",
)
with st.grid(3, min_column_width=340):
    for name, label in (*PLACES, *MACHINES):
        block(view, name, found[name], partial(people, label=label), picks=label)
bundle.offer(view, found)
