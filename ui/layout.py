"""The layout around every page: banner, title, freshness, states without data."""

from pathlib import Path

import streamlit as st

from core.settings import DashboardSettings
from store.reader import Snapshot, StoreError, open_store
from ui import freshness

_HERE = Path(__file__).parent
SIDEBAR = 225
"""Width of the navigation in pixels; its longest name needs no more."""


def set_up() -> None:
    """Configure the browser's tab and the few looks that the theme has no option for.

    The icon is a file of our own: Streamlit's named icons come from the internet.
    """
    st.set_page_config(
        "FPP Analytics",
        page_icon=_HERE / "icon.png",
        layout="wide",
        initial_sidebar_state=SIDEBAR,
    )
    st.logo(_HERE / "logo.svg", size="large")
    st.html(_HERE / "style.css")
    # A path beside that of the page, below whatever a proxy puts before both.
    st.sidebar.html('<a class="log-out" href="logout">Log out</a>')


def open_or_stop(settings: DashboardSettings) -> Snapshot:
    """Open the store; a damaged one is explained instead of shown."""
    try:
        return open_store(settings.data_dir)
    except StoreError as error:
        st.title("The data cannot be read", anchor=False)
        st.error(str(error), icon=":material/database_off:")
        st.caption("This page looks again by itself.")
        freshness.rerun_on_change(settings.data_dir)
        st.stop()


def render_header(title: str, snapshot: Snapshot, settings: DashboardSettings) -> None:
    """Draw the title with the freshness of the data, and what has to be said."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(title, anchor=False, width="content")
        with st.container(width="content", key="freshness"):
            freshness.render_badge(snapshot, settings.data_dir, settings.sync_interval)
    if snapshot.demo:
        with st.container(key="banner"):
            st.markdown(
                "This history is **simulated**. Set `DATA_DIR` to a store that the "
                "sync job writes to see your own."
            )
    elif not snapshot.tables:
        _render_no_data(settings)
    elif snapshot.missing:
        missing = ", ".join(f"`{name}`" for name in snapshot.missing)
        st.warning(
            f"Missing: {missing}. Numbers that read it show as empty or zero. "
            "The next run of the sync job writes it.",
            icon=":material/database_off:",
        )


def _render_no_data(settings: DashboardSettings) -> None:
    st.info(
        "**No data yet.** Start the sync job (`python sync_job.py`), or set "
        f"`DATA_DIR` to a folder that holds a store; now it is "
        f"`{settings.data_dir.name}`. This page fills itself when data arrive.",
        icon=":material/hourglass_empty:",
    )
