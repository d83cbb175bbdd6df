"""A block: one table of the catalogue as a chart, as a table, and as CSV."""

import polars as pl
import streamlit as st

from metrics.export import file_name
from metrics.registry import METRIC_TABLES, answer
from ui import query_params
from ui.blocks import empty_state, tables
from ui.charts.axes import Draw
from ui.charts.rendering import render_chart
from ui.filters import click_filters, filter_chips
from ui.filters.click_filters import ClickFilters
from ui.labels import COUNTRIES
from ui.page_context import PageContext


def render_block(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    draw: Draw | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    key: str | None = None,
    on_click: ClickFilters | None = None,
) -> None:
    """Draw a bordered block with its title, its CSV button and a chart or table.

    `frame` is the answer of the catalogue's table `name`: what the CSV holds.
    Without `draw` the block is a table. Switching to the table redraws only this
    block. A page that shows a table twice tells the blocks apart by `key`. With
    `on_click`, a click on a mark or a row adds filters of these kinds.
    """
    own = key or name

    @st.fragment(key=f"block_{own}")
    def fragment() -> None:
        shown = title or METRIC_TABLES[name].title
        as_table = render_head(
            context, name, frame, shown, own, switch=draw is not None
        )
        if empty_state.is_blank(frame):
            empty_state.render(context, name)
        elif as_table or draw is None:
            _render_table(context, frame, shown, own, name, on_click)
        elif on_click is None:
            render_chart(draw(frame), _alt(shown, frame))
        else:
            click_filters.render_clickable_chart(
                context, draw, frame, on_click, own, _alt(shown, frame)
            )

    with st.container(border=True, height="stretch", gap="small"):
        fragment()
        if note:
            st.caption(note)
        render_unfiltered_note(context, name)


def _render_table(
    context: PageContext,
    frame: pl.DataFrame,
    title: str,
    name: str,
    table: str,
    on_click: ClickFilters | None,
) -> None:
    if on_click is None:
        tables.render(frame, title, table=table)
    else:
        click_filters.render_clickable_table(context, frame, on_click, name, title)


def render_unfiltered_note(context: PageContext, name: str) -> None:
    """Say so where a filter cannot change a table of the catalogue."""
    known = METRIC_TABLES.get(name)
    idle = filter_chips.unfiltered_note(context.filters, known.reads) if known else None
    if idle:
        st.caption(idle)


def render_head(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    title: str,
    key: str,
    *,
    switch: bool = True,
) -> bool:
    """Draw title, buttons and answer; return whether the table is asked for."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"head_{key}"
    ):
        st.markdown(f"## {title}", width="stretch")
        as_table = switch and _render_table_switch(key)
        tables.render_csv_button(
            frame, file_name(name, context.query.period), f"csv_{key}"
        )
    render_answer(name, frame)
    return as_table


def _render_table_switch(key: str) -> bool:
    """Draw the switch between chart and table; the address carries it."""
    key = f"table_{key}"
    query_params.check_flag(key)
    return st.toggle("Table", key=key, bind="query-params")


def _alt(title: str, frame: pl.DataFrame) -> str:
    return f"{title}: chart of {frame.height} rows; switch to the table for the values"


def render_answer(name: str, frame: pl.DataFrame) -> None:
    """Draw the sentence that answers a table's question, where it has one.

    It is drawn as text: names in it come from the database and are never markup.
    """
    if name not in METRIC_TABLES:
        return
    sentence = answer(name, _with_country_names(frame))
    if sentence is not None:
        st.text(sentence)


def _with_country_names(frame: pl.DataFrame) -> pl.DataFrame:
    """Put names for codes; a sentence says "Germany" and not "DE"."""
    if "country" in frame.columns:
        return frame.with_columns(country=_country_names(frame["country"]))
    if {"dimension", "label"} <= set(frame.columns):
        is_country = pl.col("dimension") == "country"
        name = pl.when(is_country).then(_country_names(frame["label"]))
        return frame.with_columns(label=name.otherwise("label"))
    return frame


def _country_names(codes: pl.Series) -> pl.Series:
    """Return the names of countries; unknown codes stay."""
    frame = codes.to_frame("country")
    named = frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
    return named.select(pl.coalesce("country_name", "country")).to_series()
