"""A block: one table of the catalogue as a chart, as a table, and as CSV."""

from collections.abc import Callable

import polars as pl
import streamlit as st

from metrics.export import file_name
from metrics.registry import METRIC_TABLES
from ui import address, answers, chips, emptiness, picking, tables
from ui.axes import Chart
from ui.picking import Picks
from ui.plot import plot
from ui.view import View

Draw = Callable[[pl.DataFrame], Chart]


def block(
    view: View,
    name: str,
    frame: pl.DataFrame,
    draw: Draw | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    key: str | None = None,
    picks: Picks | None = None,
) -> None:
    """Draw a bordered block with its title, its CSV button and a chart or table.

    `frame` is the answer of the catalogue's table `name`: what the CSV holds.
    Without `draw` the block is a table. Switching to the table redraws only this
    block. A page that shows a table twice tells the blocks apart by `key`. With
    `picks`, a click on a mark or a row adds filters of these kinds.
    """
    own = key or name

    @st.fragment(key=f"block_{own}")
    def fragment() -> None:
        shown = title or METRIC_TABLES[name].title
        as_table = head(view, name, frame, shown, own, switch=draw is not None)
        if emptiness.blank(frame):
            emptiness.say(view, name)
        elif as_table or draw is None:
            _table(view, frame, shown, own, picks)
        elif picks is None:
            plot(draw(frame), _alt(shown, frame))
        else:
            picking.chart(view, draw, frame, picks, own, _alt(shown, frame))

    with st.container(border=True, height="stretch", gap="small"):
        fragment()
        if note:
            st.caption(note)
        say_untouched(view, name)


def _table(
    view: View, frame: pl.DataFrame, title: str, name: str, picks: Picks | None
) -> None:
    if picks is None:
        tables.show(frame, title)
    else:
        picking.table(view, frame, picks, name, title)


def say_untouched(view: View, name: str) -> None:
    """Say so where a filter cannot change a table of the catalogue."""
    known = METRIC_TABLES.get(name)
    idle = chips.untouched(view.filters, known.reads) if known else None
    if idle:
        st.caption(idle)


def head(
    view: View,
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
        as_table = switch and _as_table(key)
        tables.csv_button(frame, file_name(name, view.query.period), f"csv_{key}")
    answers.say(name, frame)
    return as_table


def _as_table(key: str) -> bool:
    """Draw the switch between chart and table; the address carries it."""
    key = f"table_{key}"
    address.check_flag(key)
    return st.toggle("Table", key=key, bind="query-params")


def _alt(title: str, frame: pl.DataFrame) -> str:
    return f"{title}: chart of {frame.height} rows; switch to the table for the values"
