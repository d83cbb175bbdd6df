"""How healthy one room is: its points, and the four parts that they come from."""

import polars as pl
import streamlit as st

from ui import cards

PARTS = ("health_weeks", "health_people", "health_consensus", "health_recent")


def show(health: pl.DataFrame) -> None:
    """Draw a room's row of `health.health`; a room without estimates has none."""
    if health.is_empty():
        return
    points, state = health["health"].item(), health["state"].item()
    st.subheader("Is the room alive?", anchor=False)
    st.text(f"{points:.0f} of 100 points over the last 28 days: {state}.")
    cards.row(("health", *PARTS), health, columns=5)
