"""Charts whose marks can be clicked: a click adds a filter."""

from functools import partial

import altair as alt
import polars as pl
import streamlit as st

from metrics.filters import NOT_SET, Filter
from ui import chips
from ui.axes import Chart
from ui.plot import plot
from ui.view import View

_FIELD = "_pick"
_SELECTION = "pick"


def value(column: pl.Series) -> pl.Series:
    """Return the column that tells what a click on a mark means."""
    return column.cast(pl.String).fill_null(NOT_SET).alias(_FIELD)


def selection() -> alt.Parameter:
    """Return the selection that the clickable layer of a chart carries."""
    return alt.selection_point(_SELECTION, fields=[_FIELD])


def chart(view: View, drawn: Chart, kind: str, name: str, alt_text: str) -> None:
    """Show a chart that carries `selection` and `value`; a click filters by it.

    Its key changes with the filters: a new chart starts without a selection.
    """
    key = f"pick_{name} {' '.join(map(str, view.filters))}"
    plot(
        drawn,
        alt_text,
        key,
        on_select=partial(_picked, key, kind),
        selection_mode=_SELECTION,
    )
    chips.rerun_if_added()


def _picked(key: str, kind: str) -> None:
    for point in st.session_state[key]["selection"][_SELECTION]:
        chips.add(Filter.parse(f"{kind}:{point[_FIELD]}") or Filter(kind, None))
