"""A block: one table of the registry as a chart, as a table, and as CSV."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

import polars as pl
import streamlit as st

from metrics.query import Granularity
from metrics.registry import METRIC_TABLES, answer
from metrics.report_writers import one_line
from metrics.sentences import counted, missing_note
from metrics.time_zone import in_zone
from ui import export, period_bar, query_params
from ui.blocks import empty_state, tables
from ui.charts.axes import Chart, Draw
from ui.charts.rendering import render_chart
from ui.charts.time_chart import AT, ZOOM, TimeAxis, incomplete_in, legend
from ui.filters import click_filters, filter_chips
from ui.filters.click_filters import ClickFilters
from ui.format import kept_together
from ui.labels import with_country_names
from ui.page_context import PageContext

FIRST_ROWS, _MOST_ROWS = 10, 200
"""Bars of a ranked chart, at first and on demand; the table has the rest."""


def render_block(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    draw: Callable[..., Chart] | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    key: str | None = None,
    on_click: ClickFilters | None = None,
    axis: TimeAxis | None = None,
    value: str | None = None,
    ranked: str | None = None,
    rows: int = FIRST_ROWS,
    folded: bool = False,
    drawn: Collection[str] | None = None,
    file: str | None = None,
) -> None:
    """Draw a bordered block with its title, its CSV button and a chart or table.

    `frame` is the answer of the registry's table `name`: the content of the CSV.
    Without `draw` the block is a table. Switching to the table redraws only this
    block. A page that shows a table twice gives each block its own `key`. With
    `on_click`, a click on a mark or a row adds filters of these kinds. `axis` is that
    of a chart over time: its dates and notes are above it, and dragging zooms. Where no
    row has a `value`, too few cases are said in place of the chart. A chart
    `ranked` by a column takes `rows`: it shows the first ones, and on demand all that
    have any. A `folded` table is drawn on demand, where the sentence above it says what
    it has.
    `drawn` are the columns of the chart, where these are a choice. `file` names the
    CSV of a block that has not all rows and columns of its table.
    """
    own = key or name
    local = in_zone(frame, context.query.zone)
    # Labels of the comparison alone have no bar.
    bars = int((frame[ranked] != 0).sum()) if ranked else 0
    # A bar of one other would take the place of that one.
    if bars == rows + 1:
        rows = bars
    lacking = context.lacking_for(name)
    folded = folded and not lacking

    @st.fragment(key=f"block_{own}")
    def fragment() -> None:
        shown = title or METRIC_TABLES[name].title
        meaningless = filter_chips.is_meaningless(context.filters, name)
        blank = empty_state.is_blank(frame if drawn is None else frame.select(drawn))
        too_few = value is not None and frame[value].is_null().all()
        over_time = None
        if draw and axis and not (meaningless or blank or too_few or is_table(own)):
            over_time = draw(frame)
        # The tools of a chart over time are below it: by keyboard it comes first.
        if axis is None:
            switch = draw is not None or folded
            as_table = render_head(
                context, name, frame, shown, own, switch=switch, file=file
            )
        else:
            as_table = _render_title(context, name, frame, shown, own, axis, over_time)
        if meaningless:
            reads = METRIC_TABLES[name].reads
            empty_state.render_unfilterable(context.filters, reads)
        elif drawn is not None and not drawn:
            st.info("Choose a metric.", icon=":material/inbox:")
        elif blank:
            empty_state.render(context, name, frame, drawn or ())
        # Reached with rows only: an empty state replaces the table too.
        elif as_table or (draw is None and not folded):
            _render_table(context, local, shown, own, name, on_click)
        elif draw is None:
            if answer(name, frame) is None:
                st.caption(
                    "Too little data for an answer. The table has what there is."
                )
        elif value is not None and too_few:
            # Below the block it is said that a table is missing.
            if not lacking:
                every = axis.granularity if axis else context.query.granularity
                empty_state.render_too_few(context, name, value, frame, every)
        elif axis and over_time:
            render_zoomable(over_time, _alt(shown, frame), own, axis, frame)
        else:
            # Ten rows first: a chart of two hundred would push the page down.
            chart = _all_rows(draw, bars, own, rows) if ranked else draw
            if on_click is None:
                render_chart(chart(local), _alt(shown, frame))
            else:
                click_filters.render_clickable_chart(
                    context, chart, local, on_click, own, _alt(shown, frame)
                )
            if bars > rows:
                _render_show_all(bars, own)
        if axis is not None:
            _render_foot(context, name, frame, own, note)

    with st.container(border=True, height="stretch", gap="xsmall"):
        fragment()
        if note and axis is None:
            st.caption(kept_together(note))
        if lacking and not empty_state.is_blank(frame):
            st.caption(missing_note(lacking))
        render_unfiltered_note(context, name)


def _render_foot(
    context: PageContext, name: str, frame: pl.DataFrame, key: str, note: str | None
) -> None:
    """Draw the note and the tools of a chart over time, below it."""
    with st.container(
        horizontal=True,
        horizontal_alignment="right",
        vertical_alignment="center",
        key=f"foot_{key}",
    ):
        if note:
            st.caption(kept_together(note), width="stretch")
        render_tools(context, name, frame, key)


def _show_all_key(name: str) -> str:
    return f"{query_params.ALL_ROWS}{name}"


def _all_rows(draw: Callable[..., Chart], bars: int, name: str, first: int) -> Draw:
    """Return the chart of as many rows as the switch below it asks for."""
    if query_params.is_on(_show_all_key(name)):
        return partial(draw, rows=min(bars, _MOST_ROWS))
    return partial(draw, rows=first)


def _render_show_all(bars: int, name: str) -> None:
    """Draw the switch between the first rows and all; the address carries it."""
    key = _show_all_key(name)
    shown = min(bars, _MOST_ROWS)
    more = f"Show {shown} of" if shown < bars else "Show all"
    query_params.render_toggle(f"{more} {bars:,}", key)


_ZOOMED, _ROOM = "zoomed", "clicked_room"


def render_zoomable(
    chart: Chart, alt: str, name: str, axis: TimeAxis, frame: pl.DataFrame
) -> None:
    """Show a chart over time; the span that is dragged in it becomes the period."""
    if frame["bucket"].n_unique() < 2:
        render_chart(chart, alt)
        return
    # A new period is a new chart: no selection of the old one stays.
    widget = f"zoom_{name}_{axis.period.start}_{axis.period.end}_{axis.granularity}"

    def zoom_in() -> None:
        span = st.session_state[widget]["selection"].get(ZOOM, {}).get(AT)
        if span and not axis.is_click(span, frame):
            # The callback runs before the page; the flag makes the whole page follow.
            period_bar.choose_days(*axis.days_between(span, frame))
            st.session_state[_ZOOMED] = True

    act = query_params.while_drawn(widget, zoom_in)
    render_chart(chart, alt, widget, on_select=act, selection_mode=ZOOM)
    if st.session_state.pop(_ZOOMED, False):
        st.rerun()


def render_links(*links: tuple[str, str, Mapping[str, str]]) -> None:
    """Draw links to what other pages have: label, page and its parameters."""
    with st.container(horizontal=True, vertical_alignment="center", key="see_also"):
        st.caption("See also:", width="content")
        for label, page, parameters in links:
            st.page_link(
                f"{page}.py",
                label=label,
                query_params=query_params.carried(**parameters),
            )


def _render_table(
    context: PageContext,
    frame: pl.DataFrame,
    title: str,
    name: str,
    table: str,
    on_click: ClickFilters | None,
) -> None:
    every = export.buckets_of(table, context.query.granularity)
    if on_click is None and _names_rooms(frame):
        _render_rooms(frame, title, name, table, every)
    elif on_click is None:
        tables.render(frame, title, table=table, every=every)
    else:
        click_filters.render_clickable_table(
            context, frame, on_click, name, title, table, every
        )


def _names_rooms(frame: pl.DataFrame) -> bool:
    return "room_id" in frame.columns and frame["room_id"].n_unique() > 1


def _render_rooms(
    frame: pl.DataFrame, title: str, name: str, table: str, every: Granularity
) -> None:
    """Show a table of rooms; a click on a row opens the page of its room."""
    key = f"{tables.CLICKABLE}rooms_{name}"

    def remember() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        st.session_state[_ROOM] = [frame["room_id"][row] for row in rows]

    act = query_params.while_drawn(key, remember)
    tables.render(frame, title, key, act, table, every)
    tables.render_hint("Click a row to open its room.", name)
    for room_id in st.session_state.pop(_ROOM, ()):
        st.switch_page("room.py", query_params=query_params.carried(room=str(room_id)))


def render_unfiltered_note(context: PageContext, name: str) -> None:
    """Say so where a filter cannot change a table of the registry.

    One that filters leave without a meaning has said why it is not shown.
    """
    known = METRIC_TABLES.get(name)
    if known is None or filter_chips.is_meaningless(context.filters, name):
        return
    if idle := filter_chips.unfiltered_note(context.filters, known.reads):
        st.caption(idle)


def render_head(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    title: str,
    key: str,
    *,
    switch: bool = True,
    file: str | None = None,
) -> bool:
    """Draw title, tools and answer; return whether the table is chosen."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"head_{key}"
    ):
        st.header(title, anchor=False, width="stretch")
        as_table = render_tools(context, name, frame, key, switch=switch, file=file)
    _render_answer(context, name, frame)
    return as_table


def _render_title(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    title: str,
    key: str,
    axis: TimeAxis,
    chart: Chart | None,
) -> bool:
    """Draw title, answer and dates; return whether the table is chosen.

    The dates explain how lines of the `chart` end, where there is one.
    """
    with st.container(key=f"head_{key}", gap=None):
        st.header(title, anchor=False)
        _render_answer(context, name, frame)
        parts = "" if chart is None else incomplete_in(chart, axis, frame)
        st.caption(legend(axis, incomplete=parts, says_granularity=True))
    return is_table(key)


def render_tools(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    key: str | None = None,
    *,
    switch: bool = True,
    file: str | None = None,
) -> bool:
    """Draw the switch to the table and the CSV button; return whether it is on.

    The CSV of a table over time has the notes of each bucket; it is named after the
    table, or `file`. A table that filters leave without a meaning has neither.
    """
    if filter_chips.is_meaningless(context.filters, name):
        return False
    key = key or name
    as_table = switch and _render_table_switch(key)

    tables.render_csv_button(
        lambda: export.as_filed(context, name, frame, context.query.known),
        export.csv_name(context, file or name, frame),
        f"csv_{key}",
    )
    return as_table


def is_table(key: str) -> bool:
    """Return whether the switch of a block, drawn later in the run, is on."""
    return query_params.is_on(_table_key(key))


def _table_key(name: str) -> str:
    return f"{query_params.AS_TABLE}{name}"


def time_axes(
    context: PageContext, granularity: Granularity | None = None
) -> tuple[TimeAxis, TimeAxis | None]:
    """Return the axis of the period and that of the comparison, if there is one.

    It begins with the data, as tables over time do.
    `granularity` is the length of the buckets where it is not the page's.
    """
    query = context.query
    now = query.now
    shown = granularity or query.granularity
    axis = TimeAxis.of(shown, query.known, now, context.notes.notes)
    before = query.comparison
    return axis, None if before is None else TimeAxis.of(shown, before, now)


def _render_table_switch(key: str) -> bool:
    """Draw the switch between chart and table; the address carries it."""
    return query_params.render_toggle("Table", _table_key(key))


def _alt(title: str, frame: pl.DataFrame) -> str:
    rows = counted(frame.height, "row")
    return f"{title}: chart; the table has {rows}"


def _render_answer(context: PageContext, name: str, frame: pl.DataFrame) -> None:
    """Draw the sentence that answers a table's question, where it has one.

    It is drawn as text: names in it come from the database and are never markup.
    """
    if (
        name not in METRIC_TABLES
        or context.lacking_for(name)
        or filter_chips.is_meaningless(context.filters, name)
    ):
        return
    # Sentences are built in `metrics`, which knows codes only.
    sentence = answer(name, with_country_names(frame))
    if sentence is not None:
        # Days of a zone are near each other; hours are not.
        of_zone = f" Hours in {context.query.zone.key}." if "hour" in frame else ""
        # A name can have line breaks, and marks that turn what follows.
        st.text(kept_together(one_line(sentence + of_zone)))
