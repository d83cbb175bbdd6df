"""Two or three rooms side by side: the same figures and charts, a colour each."""

from collections.abc import Mapping, Sequence

import polars as pl
import streamlit as st

from metrics.registry import DEFINITIONS, METRIC_TABLES
from ui import export, query_params
from ui import format as fmt
from ui.blocks import empty_state, tables
from ui.blocks.block import render_tools, render_zoomable, time_axes
from ui.blocks.kpi_strip import SHOW, choice_of
from ui.blocks.room import COLORS, TEXT_COLORS, Room, about_rooms
from ui.charts.bars import shares
from ui.charts.lines import per_room
from ui.charts.rendering import render_chart
from ui.charts.time_chart import incomplete_in, legend
from ui.labels import drawable
from ui.page_context import PageContext, Results

TOTALS, SERIES = "votes_totals", "votes_over_time"
SHARES: Mapping[str, tuple[str, str]] = {
    "spread": ("steps", "Steps"),
    "team_sizes": ("estimators", "Team size"),
}
"""Tables of shares → the column of their labels, and its title."""
_ROOM = "room"


def render_comparison(
    contexts: Sequence[PageContext], rooms: Sequence[Room], keys: Sequence[str]
) -> Mapping[str, pl.DataFrame]:
    """Draw the strip of figures, the chart of the chosen one, and the two shares.

    Returns the tables that were drawn, each with the column `room`.
    """
    found = [
        context.compute(TOTALS, SERIES, *SHARES, earlier=(TOTALS,))
        for context in contexts
    ]
    together = {
        name: _together(found, rooms, name) for name in (TOTALS, SERIES, *SHARES)
    }
    with st.container(key="rooms_strip"):
        chosen = _render_strip(found, keys)
    if not together[TOTALS]["votes"].sum():
        empty_state.render(contexts[0], TOTALS, together[TOTALS])
        return together
    definition, context = DEFINITIONS[chosen], about_rooms(contexts[0], rooms)
    series, axis = together[SERIES], time_axes(context)[0]
    chart = per_room(_named(series), chosen, definition, axis, _colors(rooms))
    with st.container(border=True, gap=None, key="compared_series"):
        with st.container(key="head_compared", gap=None):
            st.header(f"{definition.title} per {axis.granularity}", anchor=False)
            st.caption(legend(axis, incomplete=incomplete_in(chart, axis, series)))
        render_zoomable(
            chart,
            f"{definition.title} per {axis.granularity}, a line per room",
            f"rooms_{chosen}",
            axis,
            series,
        )
        with st.container(
            horizontal=True, horizontal_alignment="right", key="foot_compared"
        ):
            render_tools(context, SERIES, series, "compared", switch=False)
    with st.grid(2, min_column_width=380, gap="small"):
        for name, (label, title) in SHARES.items():
            with st.container(border=True, gap="xsmall", key=f"compared_{name}"):
                tables.render_head(
                    METRIC_TABLES[name].title,
                    together[name],
                    f"compared_{name}",
                    export.csv_name(context, name, together[name]),
                )
                if empty_state.is_blank(together[name]):
                    st.info("No vote has enough estimations.", icon=":material/inbox:")
                    continue
                render_chart(
                    shares(_named(together[name]), label, title, _colors(rooms)),
                    alt=f"{METRIC_TABLES[name].title}, share of votes per room",
                )
    with st.container(border=True, gap="xsmall", key="compared_figures"):
        figures = together[TOTALS].select(_ROOM, *keys)
        file = export.csv_name(context, TOTALS, together[TOTALS])
        tables.render_head("Metrics", together[TOTALS], "figures", file)
        tables.render(figures, "Metrics per room")
    return together


def _colors(rooms: Sequence[Room]) -> dict[str, str]:
    """Return the colour of each room, in the order of the address."""
    names = drawable(pl.Series([room.label for room in rooms]))
    return dict(zip(names, COLORS, strict=False))


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Name rooms as charts do: files have the names themselves."""
    return frame.with_columns(drawable(frame[_ROOM]))


def _together(
    found: Sequence[Results], rooms: Sequence[Room], name: str
) -> pl.DataFrame:
    return pl.concat(
        results[name].with_columns(pl.lit(room.label).alias(_ROOM))
        for results, room in zip(found, rooms, strict=True)
    )


def _render_strip(found: Sequence[Results], keys: Sequence[str]) -> str:
    """Draw a tile per figure with the value of each room; return the chosen one."""
    chosen = choice_of(keys)
    # Streamlit asks for each name several times.
    tiles = {key: _tile(found, key) for key in keys}
    st.segmented_control(
        "Metric to draw",
        keys,
        format_func=tiles.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **query_params.bound("kpi_strip", chosen, lambda key: {SHOW: [key or keys[0]]}),
    )
    return chosen


def _tile(found: Sequence[Results], key: str) -> str:
    definition = DEFINITIONS[key]
    figures = [results[TOTALS][key].item() for results in found]
    texts = fmt.beside_each_other(figures, definition.unit)
    values = (
        # A line may end between rooms, and not before a unit.
        f":{color}[**{fmt.kept_together(text)}**]"
        for text, color in zip(texts, TEXT_COLORS, strict=False)
    )
    return f":small[{definition.title}]  \n{' · '.join(values)}"
