"""Questions: a title that asks, a sentence that answers, and a chart that shows.

Sentences are computed from the rows of the chart. Pages only name tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
import streamlit as st

from metrics import periods
from metrics.periods import Days
from metrics.registry import DEFINITIONS, METRIC_TABLES, sample_size
from metrics.room_health import COOLING, HEALTHY
from metrics.time_axis import at_least_weekly
from ui.blocks import cards
from ui.blocks.block import render_block
from ui.blocks.trend import render_trend
from ui.charts.axes import Draw
from ui.charts.registry import CHARTS, LINE_CHARTS, OVER_TIME
from ui.page_context import PageContext, Results


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: cards, charts beside each other, tables over all its width.

    A chart that needs the width stands among the tables.
    """

    charts: tuple[str, ...]
    tables: tuple[str, ...] = ()
    headline: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables of one row → their columns on cards."""


def render_section(context: PageContext, part: Section) -> Results:
    """Compute what a section shows and draw it; cards and lines are compared."""
    names = dict.fromkeys((*part.headline, *part.charts, *part.tables))
    compared = {*part.headline, *(OVER_TIME.keys() & names)}
    found = context.compute(*names, earlier=compared)
    if part.headline:
        _render_headline(found, part.headline)
    with st.grid(2, min_column_width=380):
        for name in part.charts:
            render_question(context, name, found)
    for name in part.tables:
        render_question(context, name, found)
    return found


def render_question(context: PageContext, name: str, found: Results) -> None:
    """Draw the block of one table, with the answer beneath its question."""
    if name in OVER_TIME:
        granularity = at_least_weekly(context.query.granularity)
        render_trend(context, name, found, OVER_TIME[name], granularity=granularity)
    else:
        render_block(
            context,
            name,
            found[name],
            _drawing(context, name),
            note=_note(context, name),
        )


def _drawing(context: PageContext, name: str) -> Draw | None:
    if name not in LINE_CHARTS:
        return CHARTS.get(name)
    draw, granularity = LINE_CHARTS[name], at_least_weekly(context.query.granularity)
    return lambda frame: draw(frame, granularity, context.today)


def _note(context: PageContext, name: str) -> str | None:
    """Say which days a table is about where these are not the period's."""
    if name.startswith("funnel"):
        period = METRIC_TABLES[name].covers(context.query)
        days = periods.describe(Days(period.first_day, period.last_day))
        return f"New users of {days}: each had 28 days to come back."
    if name == "rooms_gone_quiet":
        return (
            f"{HEALTHY} points or more four weeks before, and less than {COOLING} at "
            f"the end. {_as_of(context)}"
        )
    if name.startswith(("room", "retention")):
        return _as_of(context)
    if name == "convergence":
        return (
            "Inferred: the room's next vote, at most 10 minutes later, by nearly the "
            "same users."
        )
    return None


def _as_of(context: PageContext) -> str:
    last = context.query.period.last_day
    if last >= context.now.date():
        return "As it is now."
    return f"As it was at the end of {periods.describe(Days(last, last))}."


def _render_headline(found: Results, wanted: Mapping[str, tuple[str, ...]]) -> None:
    cards.render_row(
        [key for columns in wanted.values() for key in columns],
        _beside(found.now, wanted),
        _beside(found.earlier, wanted) if found.earlier else None,
    )
    st.caption(f"From {_sample_sizes(found, wanted)}.")


def _sample_sizes(found: Results, wanted: Mapping[str, tuple[str, ...]]) -> str:
    """Return how many cases the cards come from: "1,602 rounds, 6,643 estimates"."""
    counts = {
        f"{found[name][n].item():,} {_noun(n)}": None
        for name, columns in wanted.items()
        for key in columns
        if (n := sample_size(key, name))
    }
    return ", ".join(counts)


def _noun(key: str) -> str:
    title = DEFINITIONS[key].title.removesuffix(" (n)")
    return title[0].lower() + title[1:]


def _beside(
    tables: Mapping[str, pl.DataFrame], wanted: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    return pl.concat(
        [tables[name].select(columns) for name, columns in wanted.items()],
        how="horizontal",
    )
