"""Rooms on their page: finding one or several, their facts, and their health."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from metrics import rooms
from metrics.expressions import NO_NAME, bare
from metrics.filters import room_id as room_id_of
from metrics.registry import DEFINITIONS, METRIC_TABLES
from metrics.room_health import PARTS, whole_points
from metrics.sentences import begins_note, counted
from metrics.tables import ROOMS, VOTES
from metrics.time_zone import to_local
from store import engine
from store.reader import LATER, Snapshot
from ui import export, labels, query_params
from ui import format as fmt
from ui.blocks import empty_state, tables
from ui.charts.theme import PALETTE
from ui.format import escaped, shortened
from ui.page_context import PageContext

PARAMETER, MEETING = "room", "meeting"
_FOUND = "rooms_found"
_SEARCH, _UNKNOWN = "room_search", "room_unknown"
MOST = 3
"""Rooms side by side."""
COLORS = PALETTE[:MOST]
TEXT_COLORS = ("blue", "orange", "green")
"""Streamlit's names for text in about these colours."""
_LIST_HEIGHT = 510
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

    @property
    def text(self) -> str:
        """How the search names it."""
        name = self.name
        # As in the list, where Polars cuts it: this is no Markdown.
        cut = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
        return _text(cut, self.number, self.room_id)


def _text(name: str, number: int | None, room_id: int) -> str:
    # A deleted room has no number.
    return f"ID {room_id}" if number is None else f"{name} (#{number}, ID {room_id})"


def render_search(context: PageContext, chosen: Sequence[Room]) -> None:
    """Draw the box that finds rooms: it has those that are open, of which each goes.

    It filters as the user types, and Enter takes the first hit: with none open it is
    opened, else it is put beside the open ones. Without any, the list of rooms is back.
    """
    # One more than is listed tells whether there are more.
    plan = rooms.with_deleted(context.snapshot.frames).head(LISTED + 1)
    known = engine.collect(plan, context.snapshot.rows)
    # Thousands of long names would be more than a message to the browser may have.
    name = labels.cut_short("name", _LONGEST_NAME)
    names = labels.readable(known.head(LISTED).select("id", "number", name))
    named = {
        _text(name, number, room_id): room_id
        for room_id, number, name in names.iter_rows()
    }
    # One that does not exist goes once another is picked.
    chosen = [room for room in chosen if room.exists]
    texts = {room_id: text for text, room_id in named.items()}
    shown = [texts.get(room.room_id, room.text) for room in chosen]
    named |= {text: room.room_id for text, room in zip(shown, chosen, strict=True)}

    def open_rooms() -> None:
        wanted: dict[str, None] = {}
        for text in st.session_state[_SEARCH]:
            room_id = named.get(text)
            if room_id is None:
                # Beyond the listed ones: what was typed is looked up among all rooms.
                plan = rooms.find(context.snapshot.frames, text).head(1)
                found = engine.collect(plan, context.snapshot.rows)
                if found.is_empty():
                    st.session_state[_UNKNOWN] = text
                    return
                room_id = found["id"][0]
            wanted[str(room_id)] = None
        # An open meeting belongs to the one room that was open.
        query_params.update({MEETING: None, PARAMETER: [*wanted]})

    # The address decides which are open: Back changes it without telling the box.
    query_params.fill(_SEARCH, shown)
    st.multiselect(
        "Find a room",
        list(named),
        key=_SEARCH,
        placeholder="Find a room: name, number or ID",
        label_visibility="collapsed",
        # A listed room that is only like what is typed would come first.
        filter_mode="contains" if known.height > LISTED else "fuzzy",
        accept_new_options=known.height > LISTED,
        max_selections=MOST,
        # Enter would choose all that match.
        select_all=False,
        on_change=query_params.while_drawn(_SEARCH, open_rooms),
        # Beyond the edge of a phone's one line a third room would not be found.
        wrap=True,
        width="stretch" if chosen else 420,
    )
    unknown = st.session_state.pop(_UNKNOWN, None)
    if unknown is not None:
        st.caption(f"No room matches “{shortened(unknown)}”.")
    elif chosen and len(chosen) < MOST:
        more = "up to two more rooms" if len(chosen) == 1 else "a third room"
        st.caption(f"Add {more} to compare.", width="content")


def asked(snapshot: Snapshot) -> list[int]:
    """Return the ids of the rooms in the address; what is no id is named.

    A number after a "#" is one too, as pages print it.
    """
    found: dict[int, None] = {}
    for text in query_params.get_all(PARAMETER):
        if room_id := room_id_of(bare(text)) or _id_of_number(snapshot, bare(text)):
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


def _id_of_number(snapshot: Snapshot, text: str) -> int:
    """Return the id of the room with this number; 0 for all other texts."""
    if not text.startswith("#"):
        return 0
    found = engine.collect(rooms.with_number(snapshot.frames, text), snapshot.rows)
    return next(iter(found["id"]), 0)


def drawn(found: Sequence[Room]) -> int:
    """Return of how many of these rooms figures of the period are drawn.

    0 where a meeting is open, or where the list of rooms is.
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
    ids, plans = asked(snapshot), {}
    for room_id in ids:
        own = snapshot.frames.of_room(room_id)
        plans[f"facts {room_id}"] = own.rooms
        # Files of the older job may lack a time.
        plans[f"votes {room_id}"] = own.votes.select(VOTES.time).drop_nulls().head(1)
    plans["begin"] = snapshot.frames.rooms.select(pl.col(ROOMS.time).min())
    rows = engine.collect_all(plans, snapshot.rows) if ids else {}
    st.session_state[_FOUND] = [
        _room(
            room_id,
            rows[f"facts {room_id}"],
            rows[f"votes {room_id}"],
            rows["begin"].item(),
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
    begin: datetime | None,  # of the table of rooms
    zone: ZoneInfo,
) -> Room:
    # A deleted room with votes still has a page; without any it never existed.
    has_votes = votes.height > 0
    # Of a room from before that table begins, nothing says that it is deleted.
    is_known = has_votes and begin and begin - votes.item() <= LATER
    if facts.is_empty() and not is_known:
        return Room(room_id, NO_NAME, None, has_votes, has_votes, f"ID {room_id}.")
    if facts.is_empty():
        text = f"ID {room_id}. The room is deleted; its votes are kept."
        return Room(room_id, labels.DELETED, None, has_votes, has_votes, text)
    row = facts.row(0, named=True)
    # Files of the older job may lack a time.
    first, last = (
        fmt.NOTHING if row[use] is None else fmt.day_of(to_local(row[use], zone))
        for use in ("first_used_at", "last_used_at")
    )
    number = row["number"]
    text = f"Number {number} · ID {room_id} · first used {first}, last used {last}"
    name, text = labels.named(row["name"]), fmt.kept_together(text)
    return Room(room_id, name, number, True, has_votes, text)


def of_room(context: PageContext, room_id: int) -> PageContext:
    """Return the same query about one room, of all users.

    Filters choose users, and a meeting without some of its users is no meeting.
    """
    # Filters on users would hide parts of a meeting.
    own = context.user_rows.of_room(room_id)
    query = replace(context.query, frames=own)
    return replace(context, query=query, filters=(), rooms=(room_id,))


def about_rooms(context: PageContext, found: Sequence[Room]) -> PageContext:
    """Return the context of one of these rooms as that of all of them."""
    return replace(context, rooms=tuple(room.room_id for room in found))


def render_introduction(context: PageContext, found: Sequence[Room]) -> list[Room]:
    """Name the rooms; return those that have something to show, and say why not."""
    shown = [room for room in found if room.has_figures]
    # As charts have them.
    colors = dict(zip(shown, TEXT_COLORS, strict=False))
    # Titles close to each other: of three rooms the chart is in view as well. A box
    # that says why a room has no chart would touch them.
    with st.container(gap=None if 1 < len(found) == len(shown) else "small"):
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
                is_compared = len(shown) > 1 and room in colors
                mark = f":{colors[room]}[●] " if is_compared else ""
                st.header(f"{mark}{escaped(room.name)}", anchor=False, width="content")
                left_out = room.room_id in context.excluded_rooms
                st.caption(
                    f"{room.facts}{_LEFT_OUT if left_out else ''}", width="stretch"
                )
            if not room.has_votes and context.lacking((VOTES.name,)):
                empty_state.render_missing((VOTES.name,))
            elif not room.has_votes:
                st.info(
                    f"{escaped(room.name)} has no votes in the data."
                    if len(found) > 1
                    else "This room has no votes in the data.",
                    icon=":material/inbox:",
                )
    if context.filters:
        st.caption("Filters do not apply to this page: it shows all users of a room.")
    return shown


def render_busiest(context: PageContext, rooms: pl.DataFrame) -> None:
    """Offer the busiest of the registry's `rooms`; a click on a row opens one."""
    # A deleted room has no name to pick.
    names = ("room_name", "room_number", "room_id")
    busiest = rooms.drop_nulls("room_name").drop(*_COMPARED)
    deleted = rooms.height - busiest.height
    busiest = busiest.select(*names, pl.exclude(names))
    if busiest.is_empty():
        unnamed = (
            context.lacking_for("rooms") or ROOMS.name in context.query.later_begins
        )
        if deleted and not unnamed:
            st.info(
                "Only deleted rooms have votes in this period. "
                "Search for one by its ID.",
                icon=":material/inbox:",
            )
        else:
            empty_state.render(context, "rooms", busiest)
        return
    number = counted(busiest.height, "room")
    # Other pages count them.
    number += f", without {counted(deleted, 'deleted room')}" if deleted else ""
    with st.container(horizontal=True, vertical_alignment="center", key="head_busiest"):
        tables.render_caption(
            f"The rooms with votes in this period, busiest first: {number}.",
            "Click one to open it.",
            "busiest",
        )
        # `rooms` is the table with the deleted ones.
        file = export.csv_name(context, "busiest_rooms", busiest)
        tables.render_csv_button(lambda: busiest, file, "csv_rooms")
    chosen = tables.render_selectable(
        busiest,
        "Busiest rooms",
        key=f"{tables.CLICKABLE}busiest",
        table="rooms",
        height=_LIST_HEIGHT,
    )
    if chosen is not None:
        query_params.update({PARAMETER: [str(busiest["room_id"][chosen])]})
        st.rerun()


def render_health(context: PageContext, health: pl.DataFrame) -> None:
    """Draw a room's row of `room_health.health`, if it has one.

    It is not known in a store that lacks one of its tables, or half of one.
    """
    reads = METRIC_TABLES["room_health"].reads
    later = {t: day for t, day in context.query.later_begins.items() if t in reads}
    if later and health["health"].null_count():
        st.caption(f"Room health is not known. {begins_note(later)}.")
    late = context.query.now < context.now
    when = "at the end of the data" if late else "now"
    for row in whole_points(health.drop_nulls("health")).iter_rows(named=True):
        parts = ", ".join(
            f"{DEFINITIONS[part].title.removesuffix(' points').lower()} "
            f"{fmt.number(row[part], 'points')}"
            for part in PARTS
        )
        st.caption(
            f"**Room health {when}: {fmt.number(row['health'], 'points')} of 100 "
            f"points, {row['state']}.** "
            f"Of 25 each over 28 days: {parts}.",
            help=DEFINITIONS["health"].formula,
        )
