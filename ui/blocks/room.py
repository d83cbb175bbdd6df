"""Rooms on their page: finding one or several, their facts, and their health."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from metrics import rooms
from metrics.filters import room_id as room_id_of
from metrics.registry import DEFINITIONS
from metrics.report import NO_NAME
from metrics.room_health import PARTS, whole_points
from metrics.tables import ROOMS, VOTES
from metrics.time_zone import to_local
from store import engine
from store.reader import Snapshot
from ui import export, labels, query_params
from ui import format as fmt
from ui.blocks import empty_state, tables
from ui.charts.theme import PALETTE
from ui.format import escaped, shortened
from ui.page_context import PageContext

PARAMETER, MEETING = "room", "meeting"
_FOUND = "rooms_found"
MOST = 3
"""Rooms side by side."""
COLORS = PALETTE[:MOST]
TEXT_COLORS = ("blue", "orange", "green")
"""Streamlit's names for text in about these colours."""
_LIST_HEIGHT, _BUSIEST = 510, 50
LISTED = 3_000
"""Rooms that the search offers; of more, those with the latest votes."""
_LONGEST_NAME = 100
_LEFT_OUT = " · in `EXCLUDED_ROOMS`: other pages leave it out"
_COMPARED = ("votes_before", "votes_change", "votes_change_share")


@dataclass(frozen=True, slots=True)
class Room:
    """A room that the address names."""

    room_id: int
    name: str
    """Its name; "(deleted)" where only its votes are left."""
    number: int | None
    exists: bool
    has_votes: bool
    facts: str

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to show of it."""
        return self.exists and self.has_votes

    @property
    def label(self) -> str:
        """The name with its number, or with the id of a deleted room."""
        which = f"ID {self.room_id}" if self.number is None else f"#{self.number}"
        return f"{self.name} ({which})"


def render_search(context: PageContext, chosen: Sequence[int]) -> None:
    """Draw the search: it filters as the user types, Enter opens the first hit.

    With a room open, the one that is picked is opened instead; `render_compare` adds.
    """
    _render_picker(
        context, "Find a room", "room_search", lambda room_id: [str(room_id)], chosen
    )


def render_compare(context: PageContext, chosen: Sequence[int]) -> None:
    """Draw the control that puts another room beside the chosen ones."""
    if len(chosen) < MOST:
        _render_picker(
            context,
            "Compare with another room",
            "room_compare",
            lambda room_id: [*map(str, chosen), str(room_id)],
            chosen,
        )


def _render_picker(
    context: PageContext,
    label: str,
    key: str,
    rooms_after: Callable[[int], list[str]],
    chosen: Sequence[int],
) -> None:
    # One more than is listed tells whether there are more.
    plan = rooms.all_rooms(context.snapshot.frames).head(LISTED + 1)
    known = engine.collect(plan, context.snapshot.rows)
    offered = known.head(LISTED).filter(~pl.col("id").is_in(list(chosen)))
    # Thousands of long names would be more than a message to the browser may have.
    name = labels.cut_short("name", _LONGEST_NAME).fill_null(labels.NOT_SET)
    names = offered.select("id", "number", name)
    named = {
        f"{name} (#{number}, ID {room_id})": room_id
        for room_id, number, name in names.iter_rows()
    }
    missing = f"{key}_missing"

    def open_room() -> None:
        text = st.session_state[key]
        st.session_state[key] = None
        if text is None:
            return
        room_id = named.get(text)
        if room_id is None:
            # Beyond the listed ones: whatever was typed is looked up among all rooms.
            plan = rooms.find(context.snapshot.frames, text).head(1)
            found = engine.collect(plan, context.snapshot.rows)
            if found.is_empty():
                st.session_state[missing] = text
                return
            room_id = found["id"][0]
        # The open meeting belongs to the room that is left.
        query_params.update({MEETING: None, PARAMETER: rooms_after(room_id)})

    st.selectbox(
        label,
        list(named),
        index=None,
        key=key,
        placeholder=f"{label.removesuffix(' another room')}: name, number or ID",
        icon=":material/search:",
        label_visibility="collapsed",
        accept_new_options=known.height > LISTED,
        on_change=open_room,
        width=420,
    )
    unknown = st.session_state.pop(missing, None)
    if unknown is not None:
        st.caption(f"No room matches “{shortened(unknown)}”.")


def asked() -> list[int]:
    """Return the ids of the rooms in the address; what is no id is named."""
    found: dict[int, None] = {}
    for text in query_params.get_all(PARAMETER):
        if room_id := room_id_of(text):
            found[room_id] = None
        else:
            query_params.warn(
                f"“{shortened(text)}” in the link is not the ID of a room."
            )
    if len(found) > MOST:
        query_params.warn(
            f"The link names {len(found)} rooms; showing the first {MOST}."
        )
    return list(found)[:MOST]


def drawn(found: Sequence[Room]) -> int:
    """Return of how many of these rooms figures of the period are drawn.

    None where a meeting is open, or where the list of rooms is.
    """
    if len(shown := [room for room in found if room.has_figures]) == 1:
        return 1 if _vote_id(query_params.get(MEETING)) is None else 0
    return len(shown)


def warn_of_lone_meeting() -> None:
    """Warn of a meeting in the address without the one room that it was in."""
    if query_params.get(MEETING) is not None:
        query_params.warn(
            f"Ignoring `{MEETING}` in the link: add the ID of its `{PARAMETER}`, and "
            "of no other."
        )


def open_meeting() -> int | None:
    """Return the meeting in the address: the id of one of its votes."""
    text = query_params.get(MEETING)
    if text is not None and _vote_id(text) is None:
        query_params.warn(f"“{shortened(text)}” in the link is not the ID of a vote.")
    return _vote_id(text)


def _vote_id(text: str | None) -> int | None:
    is_id = text and text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if text and is_id else None


def find_rooms(snapshot: Snapshot, zone: ZoneInfo) -> list[Room]:
    """Look up the rooms of the address; filters and switches do not hide one.

    They are kept for the page (`found_rooms`): the period bar depends on them.
    """
    ids, plans = asked(), {}
    for room_id in ids:
        own = snapshot.frames.of_room(room_id)
        plans[f"facts {room_id}"] = own.rooms
        plans[f"votes {room_id}"] = own.votes.select("id").head(1)
    rows = engine.collect_all(plans, snapshot.rows) if plans else {}
    st.session_state[_FOUND] = [
        _room(
            room_id,
            rows[f"facts {room_id}"],
            rows[f"votes {room_id}"],
            ROOMS.name in snapshot.missing,
            zone,
        )
        for room_id in ids
    ]
    return found_rooms()


def found_rooms() -> list[Room]:
    """Return the rooms that this run has looked up."""
    return list(st.session_state[_FOUND])


def _room(
    room_id: int,
    facts: pl.DataFrame,
    votes: pl.DataFrame,
    is_missing: bool,  # the table of rooms
    zone: ZoneInfo,
) -> Room:
    # A deleted room with votes still has a page; without any it never existed.
    has_votes = votes.height > 0
    if facts.is_empty() and is_missing:
        return Room(room_id, NO_NAME, None, has_votes, has_votes, f"ID {room_id}.")
    if facts.is_empty():
        text = f"ID {room_id}. The room is deleted; its votes are kept."
        return Room(room_id, labels.DELETED, None, has_votes, has_votes, text)
    row = facts.row(0, named=True)
    text = (
        f"Number {row['number']} · ID {room_id} · first used "
        f"{fmt.day(to_local(row['first_used_at'], zone))}, "
        f"last used {fmt.day(to_local(row['last_used_at'], zone))}"
    )
    name = labels.named(row["name"])
    return Room(room_id, name, row["number"], True, has_votes, text)


def of_room(context: PageContext, room_id: int) -> PageContext:
    """Return the same query about one room, of all users.

    Filters choose users, and a meeting without some of its users is no meeting.
    """
    # The snapshot's rows: filters on users would hide parts of a meeting.
    own = context.snapshot.frames.of_room(room_id)
    query = replace(context.query, frames=own)
    return replace(context, query=query, filters=(), rooms=(room_id,))


def about_rooms(context: PageContext, found: Sequence[Room]) -> PageContext:
    """Return the context of one of these rooms as that of all of them."""
    return replace(context, rooms=tuple(room.room_id for room in found))


def render_introduction(context: PageContext, found: Sequence[Room]) -> list[Room]:
    """Name the rooms; return those that have something to show, and say why not."""
    # Titles close to each other: of three rooms the chart is in view as well.
    with st.container(gap=None if len(found) > 1 else "small"):
        for place, room in enumerate(found):
            if not room.exists:
                st.info(
                    f"No room with ID {room.room_id}. Find one by its name or number.",
                    icon=":material/search_off:",
                )
                continue
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                gap="small",
                key=f"room_title_{place}",
            ):
                mark = f":{TEXT_COLORS[place]}[●] " if len(found) > 1 else ""
                st.header(f"{mark}{escaped(room.name)}", anchor=False, width="content")
                left_out = room.room_id in context.excluded_rooms
                st.caption(
                    f"{room.facts}{_LEFT_OUT if left_out else ''}", width="stretch"
                )
                if len(found) > 1:
                    _render_links(room, found)
            if not room.has_votes and context.lacking((VOTES.name,)):
                empty_state.render_missing((VOTES.name,))
            elif not room.has_votes:
                st.info(
                    f"{escaped(room.name)} has no votes yet."
                    if len(found) > 1
                    else "This room has no votes yet.",
                    icon=":material/inbox:",
                )
    if context.filters:
        st.caption("Filters do not apply to this page: it shows all users of a room.")
    return [room for room in found if room.has_figures]


def _render_links(room: Room, found: Sequence[Room]) -> None:
    others = [str(other.room_id) for other in found if other is not room]
    for label, icon, ids in (
        ("Open", "meeting_room", [str(room.room_id)]),
        ("Remove", "close", others),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            type="tertiary",
            key=f"{label}_{room.room_id}",
            on_click=_show(ids),
        )


def _show(ids: list[str]) -> Callable[[], None]:
    def show() -> None:
        query_params.update({PARAMETER: ids})

    return show


def render_busiest(context: PageContext, rooms: pl.DataFrame) -> None:
    """Offer the busiest of the catalogue's `rooms`; a click on a row opens one."""
    # A deleted room has no name to pick.
    names = ("room_name", "room_number", "room_id")
    busiest = rooms.drop_nulls("room_name").drop(*_COMPARED)
    busiest = busiest.select(*names, pl.exclude(names))
    if busiest.is_empty():
        empty_state.render(context, "rooms")
        return
    rooms_of_all = f"{_BUSIEST} of {busiest.height:,} rooms; the CSV has all"
    which = f" (the first {rooms_of_all})" if busiest.height > _BUSIEST else ""
    with st.container(horizontal=True, vertical_alignment="center", key="head_busiest"):
        st.caption(
            f"Or click one of the rooms with the most votes in this period{which}.",
            width="stretch",
        )
        # `rooms` is the table with the deleted ones.
        file = export.csv_name(context, "busiest_rooms")
        tables.render_csv_button(lambda: busiest, file, "csv_rooms")
    chosen = tables.render_selectable(
        busiest.head(_BUSIEST),
        "Busiest rooms",
        key=f"{tables.CLICKABLE}busiest",
        height=_LIST_HEIGHT,
    )
    if chosen is not None:
        query_params.update({PARAMETER: [str(busiest["room_id"][chosen])]})
        st.rerun()


def render_back_button() -> None:
    """Draw a button that leads from a room back to the list of rooms."""
    st.button(
        "All rooms",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_forget,
    )


def _forget() -> None:
    query_params.update({PARAMETER: None, MEETING: None})


def render_health(health: pl.DataFrame) -> None:
    """Draw a room's row of `room_health.health`, if it has one."""
    for row in whole_points(health).iter_rows(named=True):
        parts = ", ".join(
            f"{DEFINITIONS[part].title.removesuffix(' points').lower()} "
            f"{fmt.number(row[part], 'points')}"
            for part in PARTS
        )
        st.caption(
            f"**Room health: {fmt.number(row['health'], 'points')} of 100 points, "
            f"{row['state']}.** "
            f"Of 25 each over 28 days: {parts}.",
            help=DEFINITIONS["health"].formula,
        )
