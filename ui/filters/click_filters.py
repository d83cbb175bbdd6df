"""Charts and tables whose marks and rows can be clicked: a click adds filters."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal

import altair as alt
import polars as pl
import streamlit as st

from metrics.expressions import NOT_SET
from metrics.filters import KINDS, Filter
from metrics.query import Granularity
from ui import query_params
from ui.blocks import tables
from ui.charts.axes import Chart
from ui.charts.rendering import render_chart
from ui.filters import filter_chips
from ui.page_context import PageContext

FIELD = "_pick"
_SELECTION = "pick"

ClickFilters = Mapping[str, str]
"""Kind of filter → the column whose value a click asks for."""


def by(*kinds: str) -> ClickFilters:
    """Return the click filters of kinds whose columns are named like them."""
    return {kind: kind for kind in kinds}


BY_DIMENSION: ClickFilters = {"*": "dimension"}
"""For tables of several dimensions: each row filters by its own."""


def with_filters(frame: pl.DataFrame, on_click: ClickFilters) -> pl.DataFrame:
    """Add the column that says which filters a click on a row stands for.

    Null where no filter is like it, as of a weekday.
    """
    if on_click is BY_DIMENSION:
        room = pl.when(pl.col("dimension") == "room").then("room_id").cast(pl.String)
        value = pl.coalesce(room, "label", pl.lit(NOT_SET))
        text = pl.struct(filter=pl.format("{}:{}", "dimension", value))
        is_kind = pl.col("dimension").is_in(list(KINDS))
        return frame.with_columns(
            pl.when(is_kind).then(text.struct.json_encode()).alias(FIELD)
        )
    values = {
        k: pl.col(c).cast(pl.String).fill_null(NOT_SET) for k, c in on_click.items()
    }
    filters = [
        pl.format(f"{kind}:{{}}", value).alias(kind) for kind, value in values.items()
    ]
    # As JSON: a value may have any character that could separate two of them.
    return frame.with_columns(pl.struct(filters).struct.json_encode().alias(FIELD))


def clickable(bars: alt.Chart, frame: pl.DataFrame) -> alt.Chart:
    """Let the marks of a layer be clicked, where the frame has `with_filters`."""
    if FIELD not in frame.columns:
        return bars
    # The row of all others stands for several values.
    why = "datum.dimension ? ' by ' + datum.dimension : ': several in one row'"
    hint = f"datum.{FIELD} ? 'adds a filter' : 'no filter' + ({why})"
    shown = bars.transform_calculate(_hint=hint)
    shown.encoding.tooltip = [
        *bars.encoding.tooltip,
        alt.Tooltip("_hint:N", title="Click"),
    ]
    # Vega would take a double click for a click and its opposite.
    return shown.add_params(
        alt.selection_point(_SELECTION, fields=[FIELD], clear=False)
    )


def cursor(frame: pl.DataFrame) -> Literal["pointer", "default"]:
    """Return how the mouse looks over marks of the frame."""
    return "pointer" if FIELD in frame.columns else "default"


def render_clickable_chart(
    context: PageContext,
    draw: Callable[[pl.DataFrame], Chart],
    frame: pl.DataFrame,
    on_click: ClickFilters,
    name: str,
    alt_text: str,
) -> None:
    """Show a chart that is `clickable`.

    Its key changes with the filters: a new chart starts without a selection.
    """
    key = _key(context, name, "chart")
    render_chart(
        draw(with_filters(frame, on_click)),
        alt_text,
        key,
        on_select=query_params.while_drawn(key, partial(_add_of_mark, key)),
        selection_mode=_SELECTION,
    )
    filter_chips.rerun_if_added()


def render_clickable_table(
    context: PageContext,
    frame: pl.DataFrame,
    on_click: ClickFilters,
    name: str,
    title: str,
    table: str,
    every: Granularity,
) -> None:
    """Show a frame of a metric table whose rows add filters when they are clicked.

    `every` is the length of its buckets, where it has any.
    """
    key = tables.CLICKABLE + _key(context, name, "table")
    asked = with_filters(frame, on_click)[FIELD]
    act = query_params.while_drawn(key, partial(_add_of_row, key, asked))
    tables.render(frame, title, key, act, table, every)
    filter_chips.rerun_if_added()


def _key(context: PageContext, name: str, kind: str) -> str:
    return f"pick_{kind}_{name} {' '.join(map(str, context.filters))}"


def _add_of_mark(key: str) -> None:
    points = st.session_state[key]["selection"][_SELECTION]
    # The bar of all other rows stands for no filter.
    _add(text for point in points if (text := point.get(FIELD)))


def _add_of_row(key: str, asked: pl.Series) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    _add(text for row in rows if (text := asked[row]))


def _add(texts: Iterable[str]) -> None:
    for text in texts:
        filter_chips.add(*asked_for(text))


def asked_for(text: str) -> list[Filter]:
    """Return the filters of a value of the column that `with_filters` adds."""
    parsed = map(Filter.parse, json.loads(text).values())
    return [wanted for wanted in parsed if wanted is not None]
