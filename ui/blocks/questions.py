"""Questions: a title that asks, a sentence that answers, and a chart that shows.

Sentences are computed from the rows of the chart. Pages only name tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st

from metrics import periods
from metrics.periods import Days
from metrics.registry import (
    DEFINITIONS,
    METRIC_TABLES,
    begins_too_late,
    sample_size,
)
from metrics.retention import days_of_average
from metrics.room_health import COOLING, HEALTHY
from metrics.sentences import counted, listed
from metrics.time_axis import at_least_weekly
from metrics.usual_change import KEYS as USUAL_KEYS
from ui import format as fmt
from ui.blocks import cards, empty_state
from ui.blocks.block import render_block, time_axes
from ui.blocks.kpi_strip import Kpis, keys_of, render_kpis, tables_of
from ui.charts.registry import CHARTS, CURVES, LINE_CHARTS, RANKED
from ui.filters import click_filters, filter_chips
from ui.page_context import PageContext, Results

# Their sentences say all that two bars could.
_SAID = {"auto_flip", "auto_flip_by_kind", "spectators"}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: figures, charts beside each other, tables over all its width.

    A chart that needs the width is among the tables.
    """

    title: str
    charts: tuple[str, ...]
    tables: tuple[str, ...] = ()
    kpis: tuple[Kpis, ...] = ()
    """Figures with their course over time, which is drawn in weeks at least."""
    headline: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables of one row → their columns, of figures without a course."""
    behind: tuple[str, ...] = ()
    """Tables that are read and exported but not drawn: of what an average is one."""


def render_section(context: PageContext, part: Section) -> Results:
    """Compute what a section shows and draw it; figures are compared."""
    every = at_least_weekly(context.query.granularity)
    kpis = [replace(kpi, granularity=every) for kpi in part.kpis]
    # In order: it is that of the sheets in the page's workbook.
    compared = (*tables_of(*kpis), *part.headline)
    names = dict.fromkeys((*compared, *part.charts, *part.tables, *part.behind))
    # The same figure is judged alike on every page.
    judged = [key for key in keys_of(*kpis) if key in USUAL_KEYS]
    found = context.compute(*names, earlier=compared, usual=judged)
    sizes = {**{kpi.totals: kpi.keys for kpi in kpis}, **part.headline}
    if kpis:
        render_kpis(context, found, *kpis)
    if part.headline:
        cards.render_row(context, part.headline, found.now, found.earlier)
    with st.grid(2, min_column_width=380, gap="small"):
        for name in part.charts:
            if name not in _SAID:
                render_question(context, name, found)
    # Beside a chart, a block that is one sentence would be blank below it.
    if said := [name for name in part.charts if name in _SAID]:
        with st.grid(3, min_column_width=320, gap="small"):
            for name in said:
                render_question(context, name, found)
    # Below the charts, which are to be seen first.
    if counts := _sample_sizes(context, found, sizes):
        keys = [key for columns in part.headline.values() for key in columns]
        texts = [cards.help_text(DEFINITIONS[key]) for key in keys]
        based = fmt.kept_together(f"Based on {counts}.")
        st.caption(based, help="\n\n".join(texts) or None)
    for name in part.tables:
        render_question(context, name, found)
    return found


def render_question(context: PageContext, name: str, found: Results) -> None:
    """Draw the block of one table, with the answer beneath its question."""
    axis, draw, value = None, CHARTS.get(name), CURVES.get(name)
    if name in LINE_CHARTS:
        axis = time_axes(context, at_least_weekly(context.query.granularity))[0]
        lines, value = LINE_CHARTS[name]
        draw = partial(lines, axis=axis)
    figures = [key for key in METRIC_TABLES[name].sample_sizes if key in found[name]]
    # Bars that are all unknown; those of too few cases say so by themselves.
    unknown = found[name].select(figures)
    if draw and figures and not value and all(c.is_null().all() for c in unknown):
        lacking = context.lacking_for(name)
        late = begins_too_late(name, unknown.schema, context.query)
        value = figures[0] if lacking or late else None
    note = _note(context, name, found)
    folded = name in _SAID
    render_block(
        context,
        name,
        found[name],
        draw,
        note=note,
        axis=axis,
        value=value,
        on_click=click_filters.by(RANKED[name]) if name in RANKED else None,
        ranked="new_users" if name in RANKED else None,
        folded=folded,
    )


def started(name: str, found: Results) -> str | None:
    """Say on which days those of an average return rate started, where there are any.

    They may all have started before the period, which the head names. Needs the grid
    of which it is the average.
    """
    grid = name.removesuffix("_average")
    days = days_of_average(found[grid], 2 if grid.endswith("sprints") else 1)
    those = "Users who" if "users" in grid else "Rooms that"
    return days and f"{those} started {periods.describe(Days(*days))}."


def _note(context: PageContext, name: str, found: Results) -> str | None:
    """Say which days a table is about where these are not the period's."""
    frame = found[name]
    if name.startswith(("funnel", "invites")):
        period = METRIC_TABLES[name].covers(context.query)
        days = periods.describe(Days(period.first_day, period.last_day))
        new, had = (
            ("users", "28 days to come back")
            if name.startswith("funnel")
            else ("rooms", "7 days to bring users")
        )
        # Where there are none, the note only names the days that were meant.
        each = "" if empty_state.is_blank(frame) else f": each had {had}"
        return f"New {new} of {days}{each}."
    if name == "rooms_gone_quiet":
        before = f"{HEALTHY} points or more four weeks before"
        after = f"fewer than {COOLING} at the end. {_as_of(context)}"
        # Without a row, or where a table is missing, it is not known how many were; of
        # some users only, rooms look quiet.
        hidden = filter_chips.is_meaningless(context.filters, name)
        if hidden or frame["healthy_rooms"].count() == 0:
            return f"Rooms with {before} and {after}"
        healthy = counted(frame["healthy_rooms"][0], "room")
        return f"Of {healthy} with {before}, those with {after}"
    if name.startswith("retention"):
        return " ".join(filter(None, (started(name, found), _as_of(context))))
    if name.startswith("room"):
        return _as_of(context)
    if name == "convergence":
        return (
            "Inferred: the room's next vote, at most 10 minutes later, by nearly the "
            "same users."
        )
    return None


def _as_of(context: PageContext) -> str:
    if ends := context.query.data_ends:
        end = fmt.instant(ends, context.now, context.query.zone)
        return f"As of {end}, where the data ends."
    last = context.query.period.last_day
    if last >= context.today:
        return "As of now."
    return f"As of the end of {fmt.day_of(last)}."


def _sample_sizes(
    context: PageContext, found: Results, wanted: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the sample sizes of the cards: "1,602 votes and 6,643 estimations".

    Figures that filters hide have none: 18 estimations of some users are no sample of
    59 votes of all.
    """
    counts = {
        fmt.cases(found[name][n].item(), n): None
        for name, columns in wanted.items()
        for key in columns
        if not filter_chips.why_hidden(context.filters, key)
        if (n := sample_size(key, name)) and found[name][n].item() is not None
    }
    return listed([*counts])
