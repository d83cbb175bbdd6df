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
        with st.container(border=True, gap="small"):
            as_table = block.head(view, name, frame, CATALOGUE[name].title)
            key = _which(name, keys)
            if as_table:
                tables.show(frame, CATALOGUE[name].title)
            else:
                _chart(view, name, key, frame, earlier)

    fragment()


def _which(name: str, keys: Sequence[str]) -> str:
    chosen = st.segmented_control(
        "Show",
        keys,
        default=keys[0],
        required=True,
        format_func=lambda key: DEFINITIONS[key].title,
        key=f"show_{name}",
        label_visibility="collapsed",
    )
    return chosen or keys[0]


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
