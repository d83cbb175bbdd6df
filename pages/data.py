"""Data: how fresh and how much there is, what the sync job did, what numbers mean."""

import streamlit as st

from ui import about, shell
from ui.tables import plain, with_csv

view = shell.view()

st.subheader("What is here", anchor=False)
about.cards(view)
with_csv(about.holdings(view.snapshot), "Tables", "tables")

st.subheader("Latest runs of the sync job", anchor=False)
if view.snapshot.runs:
    with_csv(about.runs(view.snapshot), "Latest runs, newest first", "runs")
else:
    st.caption("None: these files were not written by the sync job.")

st.subheader("What every number means", anchor=False)
plain(about.definitions(), "Definitions", "definitions", row_height=72)

st.subheader("For programs", anchor=False)
st.markdown(about.API)
