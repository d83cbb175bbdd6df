"""Controls bound to the address, and warnings about values it does not know."""

from collections.abc import Collection, Mapping
from datetime import date

import streamlit as st

from ui.format import escaped, shortened

_KEY = "notices"
_FLAGS = ("true", "false")


def open_notices() -> None:
    """Keep a place on top of the page for what has to be said."""
    st.session_state[_KEY] = st.container()


def check(key: str, options: Collection[str]) -> None:
    """Say so where the address names none of the options; the default is shown.

    Call it before the control is drawn, which drops what it does not know.
    """
    for value in st.query_params.get_all(key):
        if value not in options:
            _warn(key, value, f"Possible: {', '.join(options)}.")


def check_flag(key: str) -> None:
    """Say so where the address neither switches something on nor off."""
    for value in st.query_params.get_all(key):
        if value.lower() not in _FLAGS:
            _warn(key, value, f"Possible: {', '.join(_FLAGS)}.")


def check_date(key: str) -> None:
    """Say so where the address has no date, such as 2026-11-22."""
    for value in st.query_params.get_all(key):
        try:
            date.fromisoformat(value)
        except ValueError:
            _warn(key, value, "A date looks like 2026-11-22.")


def _warn(key: str, value: str, possible: str) -> None:
    with st.session_state[_KEY]:
        st.warning(
            f"The address asks for {escaped(key)} “{shortened(value)}”, "
            f"which does not exist; showing the default. {possible}",
            icon=":material/link_off:",
        )


def render_switch[T](
    label: str,
    options: Mapping[str, T],
    key: str,
    *,
    hint: str | None = None,
    labelled: bool = True,
) -> T:
    """Draw a switch whose first option is the default; return what it stands for.

    Without its label drawn (`labelled`), screen readers still get it.
    """
    names = list(options)
    check(key, names)
    chosen = st.segmented_control(
        label,
        names,
        default=names[0],
        required=True,
        key=key,
        bind="query-params",
        help=hint,
        label_visibility="visible" if labelled else "collapsed",
    )
    return options[chosen]
