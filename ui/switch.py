"""A switch between views of a page; the address carries what was chosen."""

from collections.abc import Mapping

import streamlit as st

from ui import address


def switch[T](
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
    address.check(key, names)
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
