"""Finding a room as the user types, and the health of one room."""

from collections.abc import Callable

import polars as pl
import streamlit as st

from metrics import rooms
from store import engine
from ui import format as fmt
from ui import labels
from ui.blocks import cards, tables
from ui.format import escaped, shortened
from ui.page_context import PageContext

PARAMETER = "room"
OFFERED = 8
_COMPARED = ("votes_before", "votes_change", "votes_change_share")


def render_search(context: PageContext) -> int | None:
    """Draw the search and return the id of the chosen room, if any.

    An address with a room that is not a number is said so.
    """
    text = st.text_input(
        "Find a room",
        key="room_search",
        type="search",
        live=True,
        placeholder="Name, number or id",
        icon=":material/search:",
        width=420,
    )
    if text.strip():
        _render_found(
            engine.collect(rooms.find(context.frames, text), context.snapshot.rows),
            text,
        )
    return _asked()


def render_busiest(rooms: pl.DataFrame) -> None:
    """Offer the busiest of the catalogue's `rooms`; a click on a row opens one."""
    busiest = rooms.drop_nulls("room_name").drop(*_COMPARED)
    st.caption("Or pick one of the rooms that voted most.")
    chosen = tables.render_selectable(busiest.head(50), "Busiest rooms", key="busiest")
    tables.render_csv_button(busiest, "fpp_rooms.csv", "csv_rooms")
    if chosen is not None:
        st.query_params[PARAMETER] = str(busiest["room_id"][chosen])
        st.rerun()


def render_filtered_links(context: PageContext) -> None:
    """Draw a link to the page of each room that the page is filtered by."""
    for wanted in context.filters:
        if wanted.kind == "room" and wanted.value:
            st.page_link(
                "room.py",
                label=f"All about room {shortened(wanted.value)}",
                icon=":material/meeting_room:",
                query_params={PARAMETER: wanted.value},
            )


def render_back_button() -> None:
    """Draw a button that leads from a room back to the list of rooms."""
    st.button(
        "All rooms",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_forget,
    )


def _forget() -> None:
    st.query_params.pop(PARAMETER, None)


def render_introduction(
    room_id: int, facts: pl.DataFrame, rounds: pl.DataFrame
) -> bool:
    """Name the room, or say why there is nothing to show (and return False)."""
    if facts.is_empty() and rounds.is_empty():
        st.info(
            f"There is no room with the id {room_id}, and no vote of one.",
            icon=":material/search_off:",
        )
        return False
    name = facts["name"][0] if facts.height else labels.DELETED
    st.header(escaped(name), anchor=False)
    st.caption(_facts(room_id, facts))
    if rounds.is_empty():
        st.info("This room has no votes yet.", icon=":material/inbox:")
        return False
    return True


def _facts(room_id: int, facts: pl.DataFrame) -> str:
    if facts.is_empty():
        return f"Room id {room_id}. The room is deleted; its votes stay."
    room = facts.row(0, named=True)
    first, last = room["first_used_at"], room["last_used_at"]
    return (
        f"Number {room['number']} · id {room_id} · first used {fmt.day(first)}, "
        f"last used {fmt.day(last)} · whole life of the room, all people"
    )


def _asked() -> int | None:
    asked = st.query_params.get(PARAMETER)
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdecimal() and 0 < int(asked) < 2**31):
        st.warning(
            f"The address asks for room “{shortened(asked)}”, which is not a "
            "room's id.",
            icon=":material/link_off:",
        )
        return None
    return int(asked)


def _render_found(found: pl.DataFrame, text: str) -> None:
    if found.is_empty():
        st.caption(f"No room's name, number or id fits “{shortened(text)}”.")
        return
    with st.container(horizontal=True, gap="small"):
        for room in found.head(OFFERED).iter_rows(named=True):
            st.button(
                escaped(f"{room['name']} (#{room['number']})"),
                key=f"go_{room['id']}",
                help=f"{room['votes']:,} votes",
                on_click=_go_to(room["id"]),
            )


def _go_to(room_id: int) -> Callable[[], None]:
    def go() -> None:
        st.query_params[PARAMETER] = str(room_id)
        st.session_state["room_search"] = ""

    return go


HEALTH_PARTS = ("health_weeks", "health_people", "health_consensus", "health_recent")


def render_health(health: pl.DataFrame) -> None:
    """Draw a room's row of `health.health`; a room without estimates has none."""
    if health.is_empty():
        return
    points, state = health["health"].item(), health["state"].item()
    st.subheader("Is the room alive?", anchor=False)
    st.text(f"{points:.0f} of 100 points over the last 28 days: {state}.")
    cards.render_row(("health", *HEALTH_PARTS), health, columns=5)
