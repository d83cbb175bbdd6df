"""Questions: a title that asks, a sentence that answers, and a chart that shows.

Sentences are computed from the rows of the chart. Pages only name tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
import streamlit as st

from metrics import periods
from metrics.definitions import DEFINITIONS
from metrics.estimated_votes import at_least_weekly
from metrics.funnel import mature
from metrics.periods import Days
from metrics.room_health import COOLING, HEALTHY
from metrics.sample_size import SAMPLE_SIZE
from ui import cards
from ui.block import Draw, block
from ui.drawings import DRAWINGS, LINES, OVER_TIME
from ui.trend import trend
from ui.view import Answers, View


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: cards, charts beside each other, tables over all its width.

    A chart that needs the width stands among the tables.
    """

    charts: tuple[str, ...]
    tables: tuple[str, ...] = ()
    headline: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables of one row → their columns on cards."""


def section(view: View, part: Section) -> Answers:
    """Compute what a section shows and draw it; cards and lines are compared."""
    names = dict.fromkeys((*part.headline, *part.charts, *part.tables))
    compared = {*part.headline, *(OVER_TIME.keys() & names)}
    found = view.ask(*names, earlier=compared)
    if part.headline:
        _headline(found, part.headline)
    with st.grid(2, min_column_width=380):
        for name in part.charts:
            question(view, name, found)
    for name in part.tables:
        question(view, name, found)
    return found


def question(view: View, name: str, found: Answers) -> None:
    """Draw the block of one table, with the answer beneath its question."""
    if name in OVER_TIME:
        granularity = at_least_weekly(view.query.granularity)
        trend(view, name, found, OVER_TIME[name], granularity=granularity)
    else:
        block(view, name, found[name], _drawing(view, name), note=_note(view, name))


def _drawing(view: View, name: str) -> Draw | None:
    if name not in LINES:
        return DRAWINGS.get(name)
    draw, granularity = LINES[name], at_least_weekly(view.query.granularity)
    return lambda frame: draw(frame, granularity, view.today)


def _note(view: View, name: str) -> str | None:
    """Say which days a table is about where these are not the period's."""
    if name.startswith("funnel"):
        period = mature(view.query.period, view.now)
        days = periods.describe(Days(period.first_day, period.last_day))
        return f"New users of {days}: each had 28 days to come back."
    if name == "rooms_gone_quiet":
        return (
            f"{HEALTHY} points or more four weeks before, and less than {COOLING} at "
            f"the end. {_as_of(view)}"
        )
    if name.startswith(("room", "retention")):
        return _as_of(view)
    if name == "convergence":
        return (
            "Inferred: the room's next round, at most 10 minutes later, by nearly the "
            "same people."
        )
    return None


def _as_of(view: View) -> str:
    last = view.query.period.last_day
    if last >= view.now.date():
        return "As it is now."
    return f"As it was at the end of {periods.describe(Days(last, last))}."


def _headline(found: Answers, wanted: Mapping[str, tuple[str, ...]]) -> None:
    cards.row(
        [key for columns in wanted.values() for key in columns],
        _beside(found.now, wanted),
        _beside(found.earlier, wanted) if found.earlier else None,
    )
    st.caption(f"From {_cases(found, wanted)}.")


def _cases(found: Answers, wanted: Mapping[str, tuple[str, ...]]) -> str:
    """Return how many cases the cards come from: "1,602 rounds, 6,643 estimates"."""
    counts = {
        f"{found[name][n].item():,} {_noun(n)}": None
        for name, columns in wanted.items()
        for n in (SAMPLE_SIZE[key] for key in columns if key in SAMPLE_SIZE)
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
