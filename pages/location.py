"""Location: where people are, and what they come with."""

from functools import partial

import streamlit as st

from ui import bundle, charts, picking, shell, world
from ui.block import block

PLACES = {"regions": "region", "cities": "city"}
MACHINES = {"devices": "device", "operating_systems": "os", "browsers": "browser"}
people = partial(charts.ranked, value="count", title="people")

view = shell.view()
found = view.ask("countries", *PLACES, *MACHINES)
hidden = world.without_shape(found["countries"])
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
    for name, label in PLACES.items():
        draw = partial(people, label=label)
        block(view, name, found[name], draw, picks=picking.by("country", label))
with st.grid(3, min_column_width=300, gap="small"):
    for name, label in MACHINES.items():
        draw = partial(people, label=label)
        block(view, name, found[name], draw, picks=picking.by(label))
bundle.offer(view, found, "location")
