"""Cards of figures: value, change with the value before, definition."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from metrics.registry import DEFINITIONS
from metrics.sentences import missing_note
from metrics.subject import Definition
from ui import format as fmt
from ui.filters import filter_chips
from ui.page_context import PageContext

NARROWEST = 155
"""Two cards fit side by side on a phone."""


def render_row(
    context: PageContext,
    keys: Sequence[str],
    totals: pl.DataFrame,
    earlier: pl.DataFrame | None = None,
    *,
    columns: int = 4,
) -> None:
    """Draw a row of cards from one-row frames.

    `keys` are columns of both; without `earlier` no change is shown.
    """
    needed = {table for key in keys for table in DEFINITIONS[key].tables}
    if lacking := context.lacking(needed):
        st.caption(missing_note(lacking))
    hidden = {key: filter_chips.why_hidden(context.filters, key) for key in keys}
    if any(hidden.values()):
        st.caption(filter_chips.unavailable_note(context.filters))
    name = f"cards_{keys[0]}"
    with st.grid(columns, min_column_width=NARROWEST, gap="small", key=name):
        for key in keys:
            _render_card(
                DEFINITIONS[key],
                totals[key].item(),
                earlier[key].item() if earlier is not None else None,
                compares=earlier is not None,
                hidden=hidden[key],
            )


def _render_card(
    definition: Definition,
    now: float | None,
    before: float | None,
    *,
    compares: bool,
    hidden: str | None,
) -> None:
    """Draw a card; `hidden` says why its figure is not shown."""
    if hidden is not None:
        now, before, compares = None, None, False
    # Without a colour: how much these figures usually change is not known.
    before_text = fmt.number(before, definition.unit, now)
    st.metric(
        definition.title,
        fmt.number(now, definition.unit, before),
        delta=fmt.change(now, before, definition.unit) if compares else None,
        delta_color="off",
        delta_arrow="off",
        delta_description=f"from {before_text}" if compares else None,
        help=help_text(definition),
        border=True,
        height="stretch",
    )


def help_text(definition: Definition) -> str:
    """Return the definition as the text behind an info icon."""
    tables = ", ".join(f"`{table}`" for table in definition.tables)
    return (
        f"**{definition.title}.** {definition.formula}\n\n"
        f"*Tables:* {tables}. *Excludes:* {definition.excludes}"
    )
