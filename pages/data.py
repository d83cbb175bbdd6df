"""Data: whether the data is fresh and complete, notes on dates, definitions."""

import streamlit as st

from ui import export, page_context
from ui.blocks import data_page, tables
from ui.page_context import Results

context = page_context.current()
found = Results(
    {
        "tables": data_page.stored_tables(context.snapshot),
        "runs": data_page.sync_runs(context.snapshot),
        "definitions": data_page.definitions(),
    },
    {},
)

data_page.render_cards(context)
stored, runs = st.columns(2, gap="medium")
with stored:
    file = export.csv_name(context, "tables", found["tables"])
    tables.render_with_csv(found["tables"], "Stored data", "tables", file)
    if repeated := data_page.repeated_rows(context.snapshot):
        st.warning(repeated, icon=":material/content_copy:")
with runs:
    if context.snapshot.runs:
        file = export.csv_name(context, "runs", found["runs"])
        newest = "Recent sync runs, newest first"
        tables.render_with_csv(found["runs"], newest, "runs", file)
        if context.snapshot.longest_wait is not None:
            st.caption(data_page.longest_wait(context.snapshot.longest_wait))
    else:
        with st.container(key="head_runs"):
            st.header("Recent sync runs", anchor=False)
        # Of files that another program wrote.
        other = ": these files were not written by the sync job"
        why = other if context.snapshot.tables else ""
        st.caption(f"None{why}.")
    with st.container(key="head_notes"):
        st.header("Notes on dates", anchor=False)
    data_page.render_notes(context)
    with st.container(key="head_excluded"):
        st.header("Excluded rooms", anchor=False)
    data_page.render_excluded_rooms(context)

tables.render_head(
    "Definitions",
    found["definitions"],
    "definitions",
    export.csv_name(context, "definitions", found["definitions"]),
)
tables.render_plain(
    found["definitions"],
    "Definitions",
    widths=data_page.WIDTHS,
    row_height=data_page.THREE_LINES,
    height=430,
)

st.header("API", anchor=False)
st.markdown(data_page.API)
export.render_download(context, found, "data")
