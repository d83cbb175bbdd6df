"""Filters: a box that offers real values, and chips that name what is chosen.

The address carries them as `filter=country:DE`, `filter=country!:DE` for "is not".
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import polars as pl
import streamlit as st

from metrics import filters, rooms
from metrics.expressions import NOT_SET, bare
from metrics.filters import KINDS, Filter
from metrics.registry import DEFINITIONS, METRIC_TABLES, split
from metrics.sentences import listed
from metrics.tables import EVENTS, ROOMS, USERS, VOTES
from store import engine
from store.reader import Snapshot, without_bots
from ui import query_params
from ui.format import escaped, shortened
from ui.labels import (
    KIND_LABELS,
    OTHER_NAMES,
    country_code,
    distinct,
    folded,
    named,
    names_of,
    value_label,
)

KEY = "filter"
_PICKED, _UNDERSTOOD = "picked", "filters_understood"
_KIND, _VALUES, _IS_NOT = "filter_kind", "filter_values", "filter_is_not"
_WHY_ALL_ROOMS = "what a user did first is known of all rooms only"
_MOST_VALUES, _MOST_TYPED = 10_000, 20
"""Values of a kind among which that of a link is looked for by its name, and filters of
a link that are looked up: more than anyone types."""
_CODED = {"country", "region"}
"""Kinds of which every value has a code of a few letters, which many names contain."""
_NO_ROOM: Mapping[str, str] = {USERS.name: "users", EVENTS.name: "events"}
_NO_USER: Mapping[str, str] = {VOTES.name: "votes", ROOMS.name: "rooms"}
"""Live tables whose rows are not linked to rooms, or to users, in words."""


def render_box(snapshot: Snapshot, excluded_rooms: Collection[int]) -> None:
    """Draw the button that opens the box.

    Values to choose from are looked up when the box is opened, not before; those of
    `excluded_rooms` are not among them.
    """

    @st.fragment(key="filter_box")
    def box() -> None:
        menu = st.popover(
            "Filter",
            icon=":material/filter_alt:",
            on_change="rerun",
            key="filter_menu",
        )
        with menu:
            if menu.open:
                _render_form(snapshot, excluded_rooms)
        rerun_if_added()

    box()


def read(
    snapshot: Snapshot, excluded_rooms: Collection[int] = ()
) -> tuple[Filter, ...]:
    """Return the filters of the address; warn of what is none, and of what finds none.

    A link may name a value as pages do: "Germany", "chrome", "Entered a new room".
    Of several rooms, those of `excluded_rooms` are in no figure: that is said as well.
    """
    st.session_state[_UNDERSTOOD] = {}
    unknown = [text for text in query_params.get_all(KEY) if not Filter.parse(text)]
    if unknown:
        query_params.warn(
            f"Unknown filter {query_params.named(unknown)}. Use "
            f"{', '.join(f'{kind}:…' for kind in KINDS)}, or {next(iter(KINDS))}!:… "
            "to exclude a value."
        )
    _understand(snapshot)
    for one in (one for one in current() if one.kind == "room"):
        if one.value and not _own_id(one) and not _is_printed(one):
            query_params.warn(
                f"“{shortened(one.value)}” in a filter is not the ID of a room."
            )
    _warn_of_excluded(excluded_rooms)
    return current()


def _warn_of_excluded(excluded_rooms: Collection[int]) -> None:
    """Say which of several rooms no figure counts: the rest would be read as all."""
    of_rooms = [one for one in _of_rooms(current()) if not one.excludes]
    wanted = {_own_id(one) for one in of_rooms} - {0}
    excluded = sorted(wanted.intersection(excluded_rooms))
    # Where there is no other, every block says so in place of what it would show.
    if excluded and len(excluded) < len(wanted):
        ids = listed([str(room) for room in excluded])
        which = "room" if len(excluded) == 1 else "rooms"
        query_params.warn(
            f"No figure counts {which} {ids} of the filter, which `EXCLUDED_ROOMS` "
            "leaves out."
        )


def _understand(snapshot: Snapshot) -> None:
    """Look up which values of the data the filters of the address name."""
    asked = {
        text: wanted
        for text in query_params.get_all(KEY)[:_MOST_TYPED]
        if (wanted := Filter.parse(text))
        and not filters.is_known(wanted)
        and KINDS[wanted.kind].table not in snapshot.missing
        and (wanted.kind != "room" or _is_printed(wanted) or _own_id(wanted))
    }
    if not asked:
        return
    plans = {t: filters.occurrence(snapshot.frames, one) for t, one in asked.items()}
    found = engine.collect_all(plans, snapshot.rows)
    unknown = {text: one for text, one in asked.items() if found[text].is_empty()}
    st.session_state[_UNDERSTOOD] |= {
        text: replace(asked[text], value=value)
        for text, rows in found.items()
        for value in rows["value"]
    }
    known = _values(snapshot, {one.kind for one in unknown.values()} - {"room"})
    for text, wanted in unknown.items():
        kind, name = wanted.kind, folded(wanted.value or "")
        values = known.get(kind, [])
        # As `KINDS` reads them; a code may be stored in small letters.
        if wanted.value in values:
            continue
        # Of signs alone, such as "%", no letter is left to find it by.
        same = [value for value in values if name and name in names_of(kind, value)]
        if _is_printed(wanted):
            plan = rooms.with_number(snapshot.frames, bare(wanted.value or ""))
            same = engine.collect(plan, snapshot.rows)["id"].cast(pl.String).to_list()
        if same:
            st.session_state[_UNDERSTOOD][text] = replace(wanted, value=same[0])
        else:
            # A number is no ID, as which other texts are labelled.
            is_number = _is_printed(wanted)
            label = wanted.value if is_number else value_label(kind, wanted.value)
            label = shortened(label or "")
            query_params.warn(
                f"The data has no {KIND_LABELS[kind].lower()} “{label}”. Find its "
                "values in Filter."
            )


def _own_id(wanted: Filter) -> int:
    """Return the id of the room that a filter names; 0 for other texts."""
    return filters.room_id(wanted.value or "")


def _is_printed(wanted: Filter) -> bool:
    """Return whether a filter names a room by its number, as pages print it."""
    return wanted.kind == "room" and bare(wanted.value or "")[:1] == "#"


def _values(snapshot: Snapshot, kinds: Collection[str]) -> dict[str, list[str | None]]:
    """Return the values of the data by kind, the commonest first."""
    plans = {k: filters.values(snapshot.frames, k, _MOST_VALUES) for k in kinds}
    found = engine.collect_all(plans, snapshot.rows) if plans else {}
    return {kind: frame["value"].to_list() for kind, frame in found.items()}


def _parse(text: str) -> Filter | None:
    """Return the filter that a text of the address stands for."""
    understood: Mapping[str, Filter] = st.session_state.get(_UNDERSTOOD, {})
    return understood.get(text) or Filter.parse(text)


def _render_form(snapshot: Snapshot, excluded_rooms: Collection[int]) -> None:
    kind = st.selectbox(
        "Filter by", list(KINDS), format_func=KIND_LABELS.__getitem__, key=_KIND
    )
    st.segmented_control(
        "Condition",
        [False, True],
        format_func=lambda excludes: "is not" if excludes else "is",
        default=False,
        required=True,
        key=_IS_NOT,
        label_visibility="collapsed",
    )
    offered = offers(snapshot, kind, excluded_rooms)
    st.multiselect(
        "Any of these values",
        list(offered),
        format_func=lambda value: offered.get(value, value),
        key=f"{_VALUES}_{kind}",
        accept_new_options=True,
        # Enter would choose all that match.
        select_all=False,
        # By the best match first, Enter chooses what a typed code is of. A name that is
        # not among the others would find one with its letters anywhere.
        filter_mode="fuzzy" if kind in _CODED else "contains",
        placeholder="Choose or type",
        on_change=_add_typed,
        args=(kind, snapshot),
    )


def offers(
    snapshot: Snapshot, kind: str, excluded_rooms: Collection[int]
) -> dict[str, str]:
    """Return the values of a kind that the box offers, each with its text there."""
    frames = filters.apply(without_bots(snapshot), (), excluded_rooms)
    found = engine.collect(filters.values(frames, kind), snapshot.rows)
    texts = [_offer(kind, row) for row in found.iter_rows(named=True)]
    # Of two options of one text, Streamlit takes the first, whichever is chosen.
    names = distinct(pl.Series(texts, dtype=pl.String), found["value"])
    return dict(zip(found["value"].fill_null(NOT_SET), names, strict=True))


def _offer(kind: str, row: Mapping[str, str | int | None]) -> str:
    """Return a value with its number of rows, as the box offers it."""
    if kind == "room" and row["number"] is not None:
        name = row["name"]
        return f"{named(None if name is None else str(name))} #{row['number']}"
    value = None if row["value"] is None else str(row["value"])
    label = value_label(kind, value)
    if kind != "country" or not value or label.startswith(value):
        return label
    # First: of two that match, the one that begins with what is typed is the better.
    codes, other = value, OTHER_NAMES.get(value)
    if other and other.isupper():
        codes, other = f"{value}/{other}", None
    return f"{codes} – {label}" + (f" ({other})" if other else "")


def _add_typed(kind: str, snapshot: Snapshot) -> None:
    key = f"{_VALUES}_{kind}"
    excludes = bool(st.session_state.get(_IS_NOT))
    values = st.session_state[key]
    if kind == "room":
        values = [_room_id(snapshot, value) for value in values]
    if kind == "country":
        values = map(country_code, values)
    wanted = (
        Filter(kind, None if value == NOT_SET else value, excludes) for value in values
    )
    add(*wanted)
    st.session_state[key] = []


def _room_id(snapshot: Snapshot, text: str) -> str:
    """Return the id of a room that is chosen by it, or typed by its name or number."""
    found = engine.collect(rooms.find(snapshot.frames, text), snapshot.rows)
    if filters.room_id(text):
        own = filters.occurrence(snapshot.frames, Filter("room", text))
        if engine.collect(own, snapshot.rows).height:
            return text
        # Other numbers begin with these digits as well.
        is_same = pl.col("number", "name").cast(pl.String) == text
        found = found.filter(pl.any_horizontal(is_same))
    return text if found.is_empty() else str(found["id"][0])


def render_chips(snapshot: Snapshot, chosen: Collection[Filter]) -> None:
    """Draw a chip for each filter, which a click removes, and links to its rooms.

    Of several, one more button removes all.
    """
    if not chosen:
        return
    names = _room_names(snapshot, chosen)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="filter_chips"
    ):
        # First: of many chips, all but two rows are scrolled to.
        if len(chosen) > 1:
            st.button(
                f"Clear all ({len(chosen)})",
                key="clear_filters",
                icon=":material/filter_alt_off:",
                type="tertiary",
                help="Remove all filters.",
                on_click=query_params.update,
                args=({KEY: []},),
            )
        for wanted in chosen:
            text = describe(wanted, names)
            st.button(
                escaped(text),
                key=f"chip_{wanted}",
                icon=":material/close:",
                icon_position="right",
                help=f"Remove this filter: {escaped(text)}",
                on_click=_remove,
                args=(wanted,),
            )
        for wanted in chosen:
            if wanted.kind == "room" and wanted.value and not wanted.excludes:
                which = names.get(wanted.value, f"with ID {shortened(wanted.value)}")
                st.page_link(
                    "room.py",
                    label=f"Open room {escaped(which)}",
                    icon=":material/meeting_room:",
                    query_params=query_params.carried(room=wanted.value),
                    width="content",
                )


def describe(wanted: Filter, room_names: Mapping[str, str] | None = None) -> str:
    """Return a filter in words: "Country is not Germany 🇩🇪"."""
    verb = "is not" if wanted.excludes else "is"
    value = (
        (room_names or {}).get(wanted.value or "") if wanted.kind == "room" else None
    )
    label = value or value_label(wanted.kind, wanted.value)
    return f"{KIND_LABELS[wanted.kind]} {verb} {label}"


def _room_names(snapshot: Snapshot, chosen: Collection[Filter]) -> dict[str, str]:
    ids = [filters.room_id(f.value or "") for f in chosen if f.kind == "room"]
    if not ids:
        return {}
    rooms = snapshot.frames.rooms.filter(pl.col("id").is_in(ids))
    found = engine.collect(rooms.select("id", "number", "name"), snapshot.rows)
    return {
        str(room["id"]): f"{named(room['name'])} #{room['number']}"
        for room in found.iter_rows(named=True)
    }


def add(*wanted: Filter) -> None:
    """Add filters, in one step of the history; for callbacks."""
    texts, chosen = query_params.get_all(KEY), current()
    new = [str(one) for one in wanted if one not in chosen]
    if new:
        query_params.update({KEY: [*texts, *dict.fromkeys(new)]})
        st.session_state[_PICKED] = True


def _remove(wanted: Filter) -> None:
    texts = query_params.get_all(KEY)
    # A link may write the same filter in another way.
    kept = [text for text in texts if _parse(text) != wanted]
    query_params.update({KEY: kept})


def rerun_if_added() -> None:
    """Run the whole page again after a click inside a block."""
    if st.session_state.pop(_PICKED, False):
        st.rerun()


def current() -> tuple[Filter, ...]:
    """Return the filters of this run."""
    read = map(_parse, query_params.get_all(KEY))
    return tuple(dict.fromkeys(found for found in read if found is not None))


def unfiltered_note(chosen: Collection[Filter], reads: Collection[str]) -> str | None:
    """Return the sentences for what filters cannot change, if there is any."""
    roomless = frozenset[str]().union(*(wanted.roomless(reads) for wanted in chosen))
    of_users = [wanted for wanted in chosen if wanted.kind != "room"]
    said = []
    left = _named(_NO_USER, reads)
    if idle := [wanted for wanted in of_users if not wanted.applies(reads)]:
        said.append(f"Not filtered by {_listed(idle)}: {left} are not linked to users.")
    elif partly := [wanted for wanted in of_users if wanted.leaves(reads)]:
        said.append(
            f"{left.capitalize()} in it are not filtered by {_listed(partly)}: they "
            "are not linked to users."
        )
    if roomless:
        rows = _named(_NO_ROOM, roomless)
        said.append(
            f"Not filtered by room: {rows} are not linked to rooms."
            if roomless.issuperset(reads)
            else f"{rows.capitalize()} in it are of all rooms: they are not linked to "
            "rooms."
        )
    elif EVENTS.name in reads and any(not one.excludes for one in _of_rooms(chosen)):
        # Who was there once may be elsewhere in the period.
        said.append(
            "Events in it are of users who were there, in any room: they are not "
            "linked to rooms."
        )
    return " ".join(said) or None


def roomless_note(chosen: Collection[Filter], reads: Collection[str]) -> str | None:
    """Return what in shown figures no filter by room can change, if there is anything.

    What a filter on users cannot change is hidden: see `why_hidden`.
    """
    return unfiltered_note(_of_rooms(chosen), reads)


def why_hidden(chosen: Collection[Filter], key: str) -> str | None:
    """Return why the filters leave a figure without a meaning; None where they do not.

    A figure beside filtered ones that ignores the filter would be read as filtered.
    """
    definition = DEFINITIONS[key]
    leaving = [wanted for wanted in chosen if wanted.leaves(definition.tables)]
    if definition.needs_all_rooms:
        leaving += _of_rooms(chosen)
    if not leaving:
        return None
    # A tile has one line for it, which several names overflow; the chips name them.
    kinds = len({wanted.kind for wanted in leaving})
    return f"not by {kinds} filters" if kinds > 1 else f"not by {_listed(leaving)}"


def is_meaningless(chosen: Collection[Filter], name: str) -> bool:
    """Return whether filters leave a table of the registry without a meaning."""
    known = METRIC_TABLES.get(name)
    if known is None:
        return False
    if known.needs_all_rooms and _of_rooms(chosen):
        return True
    return known.needs_all_users and any(w.leaves(known.reads) for w in chosen)


def _of_rooms(chosen: Collection[Filter]) -> list[Filter]:
    return [wanted for wanted in chosen if wanted.kind == "room"]


def without_hidden(chosen: Collection[Filter], frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with null in the columns of figures that the filters hide."""
    return frame.with_columns(
        pl.lit(None, frame.schema[name]).alias(name) for name in _hidden(chosen, frame)
    )


def is_hidden(chosen: Collection[Filter], frame: pl.DataFrame) -> bool:
    """Return whether the filters hide figures of a frame, which are null then."""
    hidden = _hidden(chosen, frame)
    # All of them: one that is null alone comes from too few cases.
    are_null = hidden and frame.select(pl.col(hidden).is_null().all()).row(0)
    return not frame.is_empty() and bool(are_null) and all(are_null)


def shows_part(chosen: Collection[Filter], frame: pl.DataFrame) -> bool:
    """Return whether filters hide figures of a frame, but leave others to show."""
    known = frame.select(name for name in frame.columns if name in DEFINITIONS)
    return is_hidden(chosen, frame) and any(column.count() for column in known)


def _hidden(chosen: Collection[Filter], frame: pl.DataFrame) -> list[str]:
    # With the ends of their intervals.
    keys = {name: split(name)[0] for name in frame.columns}
    known = {name: key for name, key in keys.items() if key in DEFINITIONS}
    return [name for name, key in known.items() if why_hidden(chosen, key)]


def unavailable_note(chosen: Collection[Filter], reads: Collection[str]) -> str:
    """Return why what reads these live tables is not shown under filters."""
    leaving = [wanted for wanted in chosen if wanted.leaves(reads)]
    by, why = "room", _WHY_ALL_ROOMS
    if leaving:
        by = _listed(leaving)
        why = f"{_named(_NO_USER, reads)} are not linked to users"
    filters = "filters" if len(leaving) > 1 else "filter"
    return f"Not available by {by}: {why}. Remove the {filters} to see it."


def hidden_reads(chosen: Collection[Filter], keys: Iterable[str]) -> set[str]:
    """Return the live tables of those of these figures that the filters hide."""
    hidden = [key for key in keys if key in DEFINITIONS and why_hidden(chosen, key)]
    return {table for key in hidden for table in DEFINITIONS[key].tables}


def _named(words: Mapping[str, str], tables: Collection[str]) -> str:
    return listed([word for table, word in words.items() if table in tables])


def _listed(chosen: Iterable[Filter]) -> str:
    kinds = dict.fromkeys(KIND_LABELS[wanted.kind].lower() for wanted in chosen)
    return listed([*kinds], "or")
