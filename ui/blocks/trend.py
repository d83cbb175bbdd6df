"""A block that draws one of several numbers over time, beside the period before."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from metrics.query import Granularity
from metrics.registry import DEFINITIONS, METRIC_TABLES, definition, sample_size
from ui import charts, query_params
from ui.blocks import block, empty_state, tables
from ui.charts import anomaly_marks
from ui.charts.rendering import render_chart
from ui.page_context import PageContext, Results

FEW = 3
"""Numbers that stand side by side; more are a list."""


def render_trend(
    context: PageContext,
    name: str,
    found: Results,
    keys: Sequence[str],
    *,
    granularity: Granularity | None = None,
    marks: pl.DataFrame | None = None,
    key: str | None = None,
) -> None:
    """Draw the catalogue's table `name`; `keys` are the columns to choose from.

    `granularity` is the length of its buckets where it differs from the query's.
    `marks` are days that stand out, as the table `unusual_days` has them. Pages that
    show the same table with other numbers tell the blocks apart by `key`.
    """
    own = key or name

    @st.fragment(key=f"trend_{own}")
    def fragment() -> None:
        title = METRIC_TABLES[name].title
        as_table = block.render_head(context, name, found[name], title, own)
        if empty_state.is_blank(found[name]):
            empty_state.render(context, name)
        elif as_table:
            tables.render(found[name], title, table=name)
        else:
            _render_chart(
                context, name, _render_choice(own, keys), found, granularity, marks
            )

    with st.container(border=True, height="stretch", gap="small"):
        fragment()
        block.render_unfiltered_note(context, name)


def _render_choice(name: str, keys: Sequence[str]) -> str:
    """Draw the choice of a number; the address carries it."""
    if len(keys) == 1:
        return keys[0]
    key = f"show_{name}"
    titles = {DEFINITIONS[key].title: key for key in keys}
    query_params.check(key, titles)
    options = list(titles)
    if len(keys) > FEW:
        chosen = st.selectbox(
            "Show",
            options,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            width=280,
        )
    else:
        chosen = st.segmented_control(
            "Show",
            options,
            default=options[0],
            required=True,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
        )
    return titles[chosen]


def _render_chart(
    context: PageContext,
    name: str,
    key: str,
    found: Results,
    granularity: Granularity | None,
    marks: pl.DataFrame | None,
) -> None:
    number = definition(key, name)
    shown = granularity or context.query.granularity
    marked = anomaly_marks.marks_on(marks, key, found[name]) if shown == "day" else None
    render_chart(
        charts.over_time(
            found[name],
            key,
            number.title,
            number.unit,
            shown,
            context.today,
            before=found.earlier.get(name),
            marks=marked,
            n=sample_size(key, name),
        ),
        alt=f"{number.title} per {shown}",
        key=f"chart_{name}",
    )
    if marked is not None:
        st.caption(anomaly_marks.LEGEND)
