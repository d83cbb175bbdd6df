"""Filters as chips: set by clicking a bar or typing, combined with AND, in the address.

A multiselect that accepts new options is the chips, their × and the address at once.
"""

from collections.abc import Collection

import streamlit as st

from metrics import filters
from metrics.filters import Filter
from metrics.registry import DEFINITIONS, METRIC_TABLES
from ui.format import shortened

KEY = "filter"
_PICKED = "picked"
_WHY = "votes are not linked to users"


def render() -> tuple[Filter, ...]:
    """Draw the chips and return the filters; say which text is none."""
    texts = st.multiselect(
        "Filters",
        [],
        accept_new_options=True,
        key=KEY,
        bind="query-params",
        placeholder="Filter: click a bar or type",
        label_visibility="collapsed",
        width=250,
    )
    read = {text: Filter.parse(text) for text in texts}
    wrong = [text for text, found in read.items() if found is None]
    if wrong:
        st.warning(
            f"Not a filter: {', '.join(map(shortened, wrong))}. Possible are "
            f"{', '.join(f'{kind}:…' for kind in filters.KINDS)}.",
            icon=":material/filter_alt_off:",
        )
    return tuple(found for found in read.values() if found is not None)


def add(wanted: Filter) -> None:
    """Add a filter; for callbacks, since the chips are drawn before."""
    texts = st.session_state.get(KEY, [])
    if str(wanted) not in texts:
        st.session_state[KEY] = [*texts, str(wanted)]
        st.session_state[_PICKED] = True


def rerun_if_added() -> None:
    """Run the whole page again after a click inside a block."""
    if st.session_state.pop(_PICKED, False):
        st.rerun()


def current() -> tuple[Filter, ...]:
    """Return the filters of this run."""
    read = (Filter.parse(text) for text in st.session_state.get(KEY, []))
    return tuple(found for found in read if found is not None)


def unfiltered_cards_note(keys: Collection[str]) -> str | None:
    """Return the sentence for a row of cards of which one cannot be filtered."""
    reads = (DEFINITIONS[key].tables for key in keys)
    sentences = (unfiltered_note(current(), tables) for tables in reads)
    return next((sentence for sentence in sentences if sentence), None)


def unfiltered_note(chosen: Collection[Filter], reads: Collection[str]) -> str | None:
    """Return the sentence for what a filter cannot change, if there is any."""
    idle = [wanted for wanted in chosen if not wanted.applies(reads)]
    if idle:
        return f"Not filtered by {_listed(idle)}: {_WHY}."
    partly = [wanted for wanted in chosen if wanted.leaves(reads)]
    if partly:
        return f"Votes and rooms in it are not filtered by {_listed(partly)}: {_WHY}."
    return None


def why_hidden(key: str) -> str | None:
    """Return why the filters leave a figure without a meaning; None where they do not.

    A figure beside filtered ones that ignores the filter would be read as filtered.
    """
    reads = DEFINITIONS[key].tables
    kinds = dict.fromkeys(wanted.kind for wanted in current() if wanted.leaves(reads))
    return f"not by {', '.join(kinds)}" if kinds else None


_JOINED = ("agreement", "convergence", "invites", "spectators")
"""Tables that join users' rows to whole votes: of some users only, every vote looks
agreed and every room without new users."""


def is_meaningless(chosen: Collection[Filter], name: str) -> bool:
    """Return whether filters leave a table of the registry without a meaning."""
    known = METRIC_TABLES.get(name)
    if known is None or not name.startswith(_JOINED):
        return False
    return any(wanted.leaves(known.reads) for wanted in chosen)


def _listed(chosen: Collection[Filter]) -> str:
    return ", ".join(shortened(str(wanted)) for wanted in chosen)
