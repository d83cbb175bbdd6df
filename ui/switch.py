"""A switch between views of a page; the address carries what was chosen."""

from collections.abc import Mapping

import streamlit as st


def switch[T](
    label: str, options: Mapping[str, T], key: str, *, hint: str | None = None
) -> T:
    """Draw a switch whose first option is the default; return what it stands for."""
    names = list(options)
    chosen = st.segmented_control(
        label,
        names,
        default=names[0],
        required=True,
        key=key,
        bind="query-params",
        help=hint,
    )
    return options[chosen]
