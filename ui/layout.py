"""The layout around every page: banner, title, freshness, states without data."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.settings import DashboardSettings
from metrics.sentences import missing_note
from store.reader import Snapshot, StoreError, open_store
from ui import freshness, query_params

_HERE = Path(__file__).parent
_ICON = f"data:image/png;base64,{b64encode((_HERE / 'icon.png').read_bytes()).decode()}"
_ACTIONS = "actions"
SIDEBAR = 225
"""Width of the navigation in pixels; its longest name needs no more."""


def set_up() -> None:
    """Configure the browser's tab; `pages/main.py` names it after the page.

    The icon is our own: Streamlit's named icons come from the internet. It is sent as
    text, since browsers would ask for a file of it again after every click.
    """
    st.set_page_config(
        page_icon=_ICON,
        layout="wide",
        initial_sidebar_state=SIDEBAR,
    )
    st.logo(_HERE / "logo.svg", size="large")


def render_navigation(pages: Mapping[str, Sequence[StreamlitPage]]) -> None:
    """Draw the links to all pages, in groups; each carries the period and filters.

    Streamlit's own navigation would drop these from the address. One element, the same
    on every page and in every run, so that the browser draws it once instead of fifteen
    elements at each click: `web/assets/navigation.js` writes what its links carry, and
    which page is open, when the address changes, and opens pages as Streamlit's links
    do.
    """
    groups = "".join(_group(name, links) for name, links in pages.items())
    with st.sidebar, st.container(key="navigation"):
        # Log-out: a path beside that of the page, below whatever a proxy puts before.
        st.html(
            f'<nav aria-label="Pages" data-carries="{" ".join(query_params.CARRIED)}">'
            f'{groups}</nav><a class="log-out" href="logout">Log out</a>'
        )


def _group(name: str, pages: Sequence[StreamlitPage]) -> str:
    heading = f"<p>{name}</p>" if name else ""
    return f"{heading}<ul>{''.join(map(_link, pages))}</ul>"


def _link(page: StreamlitPage) -> str:
    # The icon's name is drawn as the icon, by Streamlit's font.
    icon = page.icon.removeprefix(":material/").removesuffix(":")
    return (
        f'<li><a href="{page.url_path or "./"}" data-page="{page.url_path}">'
        f'<span aria-hidden="true" translate="no">{icon}</span>{page.title}</a></li>'
    )


def open_or_stop(settings: DashboardSettings) -> Snapshot:
    """Open the store; a damaged one is explained instead of shown."""
    try:
        return open_store(settings.data_dir)
    except StoreError as error:
        st.title("Cannot read the data", anchor=False)
        st.error(str(error), icon=":material/database_off:")
        st.caption(f"Retrying every {freshness.POLL:.0f} seconds.")
        freshness.rerun_on_change(settings.data_dir)
        st.stop()


def render_header(
    title: str, snapshot: Snapshot, settings: DashboardSettings, zone: ZoneInfo
) -> None:
    """Draw the head of a page: title, freshness, and a place for its buttons."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="page_head"
    ):
        st.title(title, anchor=False, width="content")
        with st.container(width="content", gap=None, key="freshness"):
            freshness.render_badge(
                snapshot, settings.data_dir, settings.sync_interval, zone
            )
        if snapshot.demo:
            with st.container(width="content", key="demo_hint"):
                st.caption(
                    "To see your own, set `DATA_DIR` to the sync job's store.",
                    width="content",
                )
        # Filled later: pages add their downloads once they know their tables.
        st.session_state[_ACTIONS] = st.container(
            horizontal=True, horizontal_alignment="right", key="actions"
        )
    if not snapshot.tables:
        _render_no_data(settings)
    elif snapshot.missing:
        st.warning(missing_note(snapshot.missing), icon=":material/database_off:")


def actions() -> AbstractContextManager[object]:
    """Return the menu of what is done with a whole page, for its downloads."""
    return cast("AbstractContextManager[object]", st.session_state[_ACTIONS])


def render_share() -> None:
    """Draw the menu of what is done with a whole page: copy its link, print it.

    A page adds its downloads (`actions`).
    """
    with st.session_state[_ACTIONS]:
        menu = st.popover(
            "Share", icon=":material/ios_share:", type="tertiary", key="share"
        )
    st.session_state[_ACTIONS] = menu
    with menu:
        # Pressed in `web/assets/share.js`: the browser has the link and the printer.
        st.html(
            '<button type="button" class="menu-item copy-link">'
            "Copy link to this view</button>"
            '<button type="button" class="menu-item print">'
            "Print or save as PDF</button>"
        )


def _render_no_data(settings: DashboardSettings) -> None:
    st.info(
        "**No data yet.** Run `python sync_job.py`, or point `DATA_DIR` (now "
        f"`{settings.data_dir.name}`) at a store. This page updates by itself.",
        icon=":material/hourglass_empty:",
    )
