"""An empty multipage dashboard: what Streamlit itself takes on this machine.

streamlit run benchmarks/empty_app.py
"""

import streamlit as st
from streamlit.navigation.page import Page


def _page(title: str) -> Page:
    def draw() -> None:
        st.title(title)

    return st.Page(draw, title=title, url_path=title.lower())


st.navigation([_page("First"), _page("Second")]).run()
