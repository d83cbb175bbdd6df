"""Data: how fresh and how much there is, what the sync job did, what numbers mean."""

import streamlit as st

from ui import about, bundle, shell
from ui.tables import plain, with_csv
from ui.view import Answers

view = shell.view()
found = Answers(
    {
        "tables": about.holdings(view.snapshot),
        "runs": about.runs(view.snapshot),
        "definitions": about.definitions(),
    },
    {},
)

st.header("What is here", anchor=False)
about.cards(view)
with_csv(found["tables"], "Tables", "tables")

st.header("Latest runs of the sync job", anchor=False)
if view.snapshot.runs:
    with_csv(found["runs"], "Latest runs, newest first", "runs")
else:
    st.caption("None: these files were not written by the sync job.")

st.header("What every number means", anchor=False)
plain(found["definitions"], "Definitions", "definitions", row_height=90)

st.header("For programs", anchor=False)
st.markdown(about.API)
bundle.offer(view, found, "data")
