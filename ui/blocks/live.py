"""Live: users and rooms connected now, from the product's own server."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from core import clock
from core.settings import Secret
from store.live import Live, LiveError, LiveRoom, ask_server
from ui import format as fmt
from ui.blocks import tables
from ui.page_context import PageContext

EVERY_SECONDS = 30
MOST_ROOMS = 50
"""Rooms that are listed; the counts are of all."""
_HEIGHT = 200
"""Six of them in view: with them the page keeps its height."""


def render_live(context: PageContext) -> None:
    """Draw the block where the product's server or a link is configured."""
    server = context.server_url
    if server is None:
        _render_links(context.links)
        return

    # In parallel, so that a slow server never keeps the page waiting.
    @st.fragment(key="live", run_every=EVERY_SECONDS, parallel=True)
    def fragment() -> None:
        with st.container(border=True, gap="xsmall", key="live_block"):
            st.markdown("## Live now")
            excludes = bool(context.excluded_rooms)
            _render_answer(server, context.query.zone, excludes=excludes)
            _render_links(context.links)

    fragment()


def _render_answer(server: Secret, zone: ZoneInfo, *, excludes: bool) -> None:
    try:
        live = ask_server(server.reveal())
    except LiveError as error:
        st.caption(
            f"No live figures: {error}. Trying again every {EVERY_SECONDS} seconds."
        )
        return
    now = clock.now()
    st.markdown(f"{counts_of(live)}, at {fmt.instant(now, now, zone)}")
    if live.rooms:
        st.dataframe(
            rooms_of(live, now).to_arrow(),
            # Else it loads pandas, while charts of the page look whether it is there.
            lazy=False,
            hide_index=True,
            alt="Open rooms, last active first",
            placeholder=fmt.NOTHING,
            row_height=tables.ROW_HEIGHT,
            height=_HEIGHT if len(live.rooms) > 6 else "auto",
        )
    if len(live.rooms) > MOST_ROOMS:
        st.caption(f"The {MOST_ROOMS} rooms that were active last.")
    if excludes:
        st.caption("With the rooms of `EXCLUDED_ROOMS`: the server gives no IDs.")


def counts_of(live: Live) -> str:
    """Say how many users and rooms there are."""
    users, rooms = live.connected_users, live.open_rooms
    return (
        f"**{users:,}** connected {'user' if users == 1 else 'users'} in **{rooms:,}** "
        f"open {'room' if rooms == 1 else 'rooms'}"
    )


def rooms_of(live: Live, now: datetime) -> pl.DataFrame:
    """Return the open rooms as text: a name is typed by strangers."""
    rows = [_row(place, room, now) for place, room in enumerate(live.rooms, 1)]
    return pl.DataFrame(rows[:MOST_ROOMS])


def _row(place: int, room: LiveRoom, now: datetime) -> Mapping[str, object]:
    # The two can be counted at different moments.
    playing = max(room.users - room.spectators, len(room.cards))
    return {
        "Room": room.name if room.name is not None else f"Room {place}",
        "Users": room.users,
        "Spectators": room.spectators,
        "Estimated": f"{len(room.cards)} of {playing}",
        "Cards": ", ".join(room.cards),
        "Open since": _ago(room.first_active, now),
        "Last active": _ago(room.last_active, now),
    }


def _ago(time: datetime | None, now: datetime) -> str | None:
    return None if time is None else fmt.age(max(now - time, now - now))


def _render_links(links: Mapping[str, str]) -> None:
    if links:
        with st.container(horizontal=True, gap="small"):
            for label, url in links.items():
                st.link_button(
                    label, url, type="tertiary", icon=":material/open_in_new:"
                )
