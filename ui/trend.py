"""A block that draws one of several numbers over time, beside the period before."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from metrics.catalogue import CATALOGUE
from metrics.definitions import DEFINITIONS
from ui import block, charts, tables
from ui.view import Answers, View


def trend(view: View, name: str, found: Answers, keys: Sequence[str]) -> None:
    """Draw the catalogue's table `name`; `keys` are the columns to choose from."""
    frame, earlier = found[name], found.earlier.get(name)

    @st.fragment(key=f"trend_{name}")
    def fragment() -> None:
        title = CATALOGUE[name].title
        if block.head(view, name, frame, title, name):
            tables.show(frame, title)
        else:
            _chart(view, name, _which(name, keys), frame, earlier)

    with st.container(border=True, gap="small"):
        fragment()


def _which(name: str, keys: Sequence[str]) -> str:
    return st.pills(
        "Show",
        keys,
        default=keys[0],
        required=True,
        format_func=lambda key: DEFINITIONS[key].title,
        key=f"show_{name}",
        label_visibility="collapsed",
    )


def _chart(
    view: View, name: str, key: str, frame: pl.DataFrame, earlier: pl.DataFrame | None
) -> None:
    definition = DEFINITIONS[key]
    st.altair_chart(
        charts.over_time(
            frame,
            key,
            definition.title,
            definition.unit,
            view.scope.every,
            before=earlier,
            running=view.running,
        ),
        alt=f"{definition.title} per {view.scope.every}",
        key=f"chart_{name}",
    )
