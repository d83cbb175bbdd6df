"""Overview: today, the period's key figures, and what moved most."""

import streamlit as st

from metrics import daily
from ui import cards, charts, shell
from ui.block import block
from ui.trend import trend

PEOPLE = ("unique_users", "activation_rate")
ROUNDS = ("votes", "estimations_per_vote")
TOTALS = ("traffic_totals", "votes_totals", "traffic_over_time", "votes_over_time")

view = shell.view()
found = view.ask(
    *TOTALS,
    "historical",
    "what_moved",
    earlier=(*TOTALS, "historical"),
    today=daily.today(view.frames, view.now),
)

st.subheader("Today so far", anchor=False)
cards.row(("estimations", "votes", "new_users", "rooms"), found["today"])
