"""Charts and tables whose marks and rows can be clicked: a click adds filters."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal

import altair as alt
import polars as pl
import streamlit as st

from metrics.filters import NOT_SET, Filter
from ui import chips, tables
from ui.axes import Chart
from ui.plot import plot
from ui.view import View

FIELD = "_pick"
_SELECTION = "pick"
_AND = "\n"

Picks = Mapping[str, str]
"""Kind of filter → the column whose value a click asks for."""


def by(*kinds: str) -> Picks:
    """Return the picks of kinds whose columns are named like them."""
    return {kind: kind for kind in kinds}


def marked(frame: pl.DataFrame, picks: Picks) -> pl.DataFrame:
    """Add the column that says which filters a click on a row stands for."""
    values = {k: pl.col(c).cast(pl.String).fill_null(NOT_SET) for k, c in picks.items()}
    filters = [pl.format(f"{kind}:{{}}", value) for kind, value in values.items()]
    return frame.with_columns(pl.concat_str(filters, separator=_AND).alias(FIELD))


def clickable(bars: alt.Chart, frame: pl.DataFrame) -> alt.Chart:
    """Let the marks of a layer be clicked, where the frame is `marked`."""
    if FIELD not in frame.columns:
        return bars
    return bars.add_params(alt.selection_point(_SELECTION, fields=[FIELD]))


def cursor(frame: pl.DataFrame) -> Literal["pointer", "default"]:
    """Return how the mouse looks over marks of the frame."""
    return "pointer" if FIELD in frame.columns else "default"


def chart(
    view: View,
    draw: Callable[[pl.DataFrame], Chart],
    frame: pl.DataFrame,
    picks: Picks,
    name: str,
    alt_text: str,
) -> None:
    """Show a chart that is `clickable`.

    Its key changes with the filters: a new chart starts without a selection.
    """
    key = _key(view, name, "chart")
    plot(
        draw(marked(frame, picks)),
        alt_text,
        key,
        on_select=partial(_picked_mark, key),
        selection_mode=_SELECTION,
    )
    chips.rerun_if_added()


def table(view: View, frame: pl.DataFrame, picks: Picks, name: str, title: str) -> None:
    """Show a table whose rows add filters when one of their cells is clicked."""
    key = _key(view, name, "table")
    asked = marked(frame, picks)[FIELD]
    tables.show(frame, title, key, partial(_picked_cell, key, asked))
    chips.rerun_if_added()


def _key(view: View, name: str, kind: str) -> str:
    return f"pick_{kind}_{name} {' '.join(map(str, view.filters))}"


def _picked_mark(key: str) -> None:
    _add(point[FIELD] for point in st.session_state[key]["selection"][_SELECTION])


def _picked_cell(key: str, asked: pl.Series) -> None:
    _add(asked[row] for row, _ in st.session_state[key]["selection"]["cells"])


def _add(texts: Iterable[str]) -> None:
    for text in texts:
        for part in text.split(_AND):
            wanted = Filter.parse(part)
            if wanted is not None:
                chips.add(wanted)
