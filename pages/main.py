"""The one script that the server runs: the frame around every page. No numbers."""

import ui.warm_up  # noqa: F401  # isort: skip  # waits until it is loaded: app.py

import os
from dataclasses import replace

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core import clock
from core.errors import add_error_breadcrumb
from core.settings import DashboardSettings
from metrics.query import Granularity
from store import notes
from ui import layout, page_context, period_bar, query_params
from ui.blocks import room

# Before the navigation, which would have the browser ask the internet for an icon.
layout.set_up()

OVERVIEW = st.Page(
    "overview.py", title="Overview", icon=":material/home:", default=True
)
INSIGHTS = st.Page("insights.py", title="Insights", icon=":material/lightbulb:")
ROOM = st.Page("room.py", title="Room", icon=":material/meeting_room:")
DATA = st.Page("data.py", title="Data", icon=":material/database:")
HISTORICAL = st.Page("historical.py", title="Historical", icon=":material/history:")
RETURNING = st.Page("returning.py", title="Returning", icon=":material/replay:")
LOCATION = st.Page("location.py", title="Location", icon=":material/public:")
PAGES = {
    "": [OVERVIEW],
    "Visitors": [
        st.Page("traffic.py", title="Traffic", icon=":material/show_chart:"),
        st.Page("behaviour.py", title="Behaviour", icon=":material/ads_click:"),
        LOCATION,
    ],
    "Teams": [
        st.Page("votes.py", title="Votes", icon=":material/how_to_vote:"),
        INSIGHTS,
        RETURNING,
        HISTORICAL,
    ],
    "Reference": [
        ROOM,
        st.Page("report.py", title="Report", icon=":material/summarize:"),
        DATA,
    ],
}


def compares(page: StreamlitPage, rooms: int) -> bool:
    """Return whether a page shows anything of the comparison.

    `rooms` is of how many rooms the Room page draws figures.
    """
    if page == ROOM:
        return rooms == 1
    if page == INSIGHTS:
        return query_params.slug(query_params.get("about") or "") != "rooms"
    # These two show totals since the start, which have no period before.
    return page not in {HISTORICAL, RETURNING}


def shortest_bucket(page: StreamlitPage, rooms: int) -> Granularity | None:
    """Return the shortest granularity of a page; None where nothing is over time."""
    if page == ROOM:
        return "hour" if rooms else None
    if page == INSIGHTS:
        # Of rooms and of new users there is no chart over time.
        about = query_params.slug(query_params.get("about") or "")
        return None if about.startswith(("rooms", "new_")) else "week"
    if page == RETURNING:
        return "day"
    return None if page == LOCATION else "hour"


# Hidden: the links of Streamlit's own menu drop the period and the filters.
page = st.navigation(PAGES, position="hidden")
# Streamlit's own title is the page's name alone: a bookmark would not say of what.
st.set_page_config(f"{page.title} · FPP Analytics")
query_params.adopt()
add_error_breadcrumb("run", "page", {"page": page.title})
# Checked at the start; read again here, since pages are scripts without arguments.
settings = DashboardSettings.from_env(os.environ)
layout.render_navigation(PAGES)
snapshot = layout.open_or_stop(settings)
zone = period_bar.zone(settings)
layout.render_header(page.title, snapshot, settings, zone)
# The Data page says what is missing; the others have nothing to show.
if not snapshot.tables and page != DATA:
    st.stop()
query_params.open_notices()
query_params.check(page.url_path or "overview")
now = clock.now()
open_rooms = room.find_rooms(snapshot, zone) if page == ROOM else []
rooms = room.drawn(open_rooms)
context = (
    period_bar.without_bar(snapshot, now, settings)
    if page == DATA
    else period_bar.render(
        snapshot,
        now,
        settings,
        period_bar.Controls(
            compares=compares(page, rooms),
            shortest=shortest_bucket(page, rooms),
            # Of a room that is open all users are shown.
            filtered=not open_rooms,
        ),
    )
)
page_context.share(
    replace(
        context,
        notes=notes.read(settings.notes_file),
        server_url=settings.server_url,
        links=settings.links,
        excluded_rooms=settings.excluded_rooms,
        sync_interval=settings.sync_interval,
    )
)
layout.render_share()
page.run()
query_params.conclude()
