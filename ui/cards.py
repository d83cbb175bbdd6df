"""KPI cards: value, change with both values, sparkline, definition."""

from collections.abc import Sequence
from typing import Literal

import polars as pl
import streamlit as st

from metrics.definitions import DEFINITIONS, Definition
from ui import chips, sparklines
from ui import format as fmt

NARROWEST = 155
"""Two cards stand side by side on a phone."""
Color = Literal["normal", "inverse", "off"]


def row(
    keys: Sequence[str],
    totals: pl.DataFrame,
    earlier: pl.DataFrame | None = None,
    series: pl.DataFrame | None = None,
    *,
    columns: int = 4,
) -> None:
    """Draw a row of cards from one-row frames and a frame per bucket.

    `keys` are columns of all three; without `earlier` no change is shown.
    """
    idle = chips.untouched_cards(keys)
    if idle:
        st.caption(idle)
    name = f"cards_{keys[0]}"
    with st.grid(columns, min_column_width=NARROWEST, gap="small", key=name):
        for key in keys:
            _card(
                DEFINITIONS[key],
                totals[key].item(),
                earlier[key].item() if earlier is not None else None,
                compares=earlier is not None,
            )
    if series is not None:
        pictures = sparklines.style(name, [series[key].to_list() for key in keys])
        if pictures is not None:
            st.html(pictures)


def line(keys: Sequence[str], totals: pl.DataFrame, word: str) -> None:
    """Draw figures of one row in a line; each title ends with the word in brackets."""
    each = (
        f"{DEFINITIONS[key].title.removesuffix(f' ({word})').lower()} "
        f"**{fmt.number(totals[key].item(), DEFINITIONS[key].unit)}**"
        for key in keys
    )
    st.caption(f"{word.capitalize()}: " + " · ".join(each))


def today(keys: Sequence[str], summary: pl.DataFrame) -> None:
    """Draw cards of the running day, with the last 24 hours beneath each value.

    `summary` is the catalogue's `daily_summary`: today first.
    """
    with st.grid(len(keys), min_column_width=NARROWEST, gap="small"):
        for key in keys:
            definition = DEFINITIONS[key]
            day, hours = (fmt.number(n, definition.unit) for n in summary[key])
            st.metric(
                definition.title,
                day,
                delta=f"{hours} in 24 hours",
                delta_color="off",
                delta_arrow="off",
                help=help_text(definition),
                border=True,
                height="stretch",
            )


def _card(
    definition: Definition,
    now: float | None,
    before: float | None,
    *,
    compares: bool,
) -> None:
    st.metric(
        definition.title,
        fmt.number(now, definition.unit),
        delta=_delta(now, before, definition) if compares else None,
        delta_color=_color(now, before, definition),
        delta_arrow="auto" if _moved(now, before) else "off",
        delta_description=(
            f"from {fmt.number(before, definition.unit)}" if compares else None
        ),
        help=help_text(definition),
        border=True,
        height="stretch",
    )


def help_text(definition: Definition) -> str:
    """Return the definition as the text behind an info icon."""
    tables = ", ".join(f"`{table}`" for table in definition.tables)
    return (
        f"**{definition.title}.** {definition.formula}\n\n"
        f"*Reads* {tables}. *Left out:* {definition.left_out}"
    )


def _moved(now: float | None, before: float | None) -> bool:
    return now is not None and before is not None and now != before


def _delta(now: float | None, before: float | None, definition: Definition) -> str:
    return fmt.change(now, before, definition.unit)


def _color(now: float | None, before: float | None, definition: Definition) -> Color:
    if definition.neutral or not _moved(now, before):
        return "off"
    return "inverse" if definition.less_is_better else "normal"
