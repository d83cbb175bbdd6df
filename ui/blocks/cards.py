"""Cards of figures: value, change with the value before, definition."""

from collections.abc import Mapping, Sequence

import polars as pl
import streamlit as st

from metrics.expressions import MINIMUM_SAMPLE
from metrics.registry import DEFINITIONS, sample_size
from metrics.sentences import missing_note
from metrics.subject import Definition
from ui import format as fmt
from ui.filters import filter_chips
from ui.page_context import PageContext

NARROWEST = 155
"""Two cards fit side by side on a phone."""


def render_row(
    context: PageContext,
    wanted: Mapping[str, Sequence[str]],
    now: Mapping[str, pl.DataFrame],
    earlier: Mapping[str, pl.DataFrame],
) -> None:
    """Draw a row of cards from tables of one row.

    `wanted` are tables of both periods and their columns; with an empty `earlier` no
    change is shown. Their definitions are for the page to show, at one place.
    """
    table_of = {key: table for table, keys in wanted.items() for key in keys}
    keys = [*table_of]
    needed = {table for key in keys for table in DEFINITIONS[key].tables}
    if lacking := context.lacking(needed):
        st.caption(missing_note(lacking))
    hidden = {key: filter_chips.why_hidden(context.filters, key) for key in keys}
    if reads := filter_chips.hidden_reads(context.filters, keys):
        st.caption(filter_chips.unavailable_note(context.filters, reads))
    if note := filter_chips.roomless_note(context.filters, needed):
        st.caption(note)
    name = f"cards_{keys[0]}"
    with st.grid(4, min_column_width=NARROWEST, gap="small", key=name):
        for key, table in table_of.items():
            _render_card(
                DEFINITIONS[key],
                now[table][key].item(),
                earlier[table][key].item() if earlier else None,
                compares=bool(earlier),
                hidden=hidden[key],
                too_few=too_few(key, table, now[table]),
            )


def _render_card(
    definition: Definition,
    now: float | None,
    before: float | None,
    *,
    compares: bool,
    hidden: str | None,
    too_few: str | None,
) -> None:
    """Draw a card; `hidden` and `too_few` say why its figure is not shown."""
    if hidden is not None or too_few is not None:
        now, before, compares = None, None, False
    # Without a colour: how much these figures usually change is not known.
    before_text = fmt.number(before, definition.unit, now)
    change = fmt.change(now, before, definition.unit) if compares else None
    st.metric(
        # A column of a file says that it is a sample size; a card need not.
        definition.title.removesuffix(" (n)"),
        fmt.number(now, definition.unit, before),
        delta=change if hidden or not too_few else too_few,
        delta_color="off",
        delta_arrow="off",
        # "n/a from –" would say less than "n/a".
        delta_description=(
            f"from {before_text}" if compares and before is not None else None
        ),
        border=True,
        height="stretch",
    )


def too_few(key: str, table: str, totals: pl.DataFrame) -> str | None:
    """Return why a figure of few cases is not shown: "7 votes: too few".

    Of none there is no figure on any page, whatever its smallest sample.
    """
    size = sample_size(key, table)
    if size is None or totals[key].item() is not None:
        return None
    number = totals[size].item()
    few = number is not None and 0 < number < MINIMUM_SAMPLE
    return f"{fmt.cases(number, size)}: too few" if few else None


def help_text(definition: Definition) -> str:
    """Return the definition as the text behind an info icon."""
    tables = ", ".join(f"`{table}`" for table in definition.tables)
    return (
        f"**{definition.title}.** {definition.formula}\n\n"
        f"*Tables:* {tables}. *Excludes:* {definition.excludes}"
    )
