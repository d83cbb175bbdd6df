"""KPI cards: value, change with both values, sparkline, definition."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import polars as pl
import streamlit as st

from metrics.registry import DEFINITIONS
from metrics.subject import Definition
from ui import format as fmt
from ui.charts.theme import ACCENT
from ui.filters import filter_chips

NARROWEST = 155
"""Two cards stand side by side on a phone."""
Color = Literal["normal", "inverse", "off"]


def render_row(
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
    idle = filter_chips.unfiltered_cards_note(keys)
    if idle:
        st.caption(idle)
    name = f"cards_{keys[0]}"
    with st.grid(columns, min_column_width=NARROWEST, gap="small", key=name):
        for key in keys:
            _render_card(
                DEFINITIONS[key],
                totals[key].item(),
                earlier[key].item() if earlier is not None else None,
                compares=earlier is not None,
            )
    if series is not None:
        pictures = sparkline_style(name, [series[key].to_list() for key in keys])
        if pictures is not None:
            st.html(pictures)


def render_line(keys: Sequence[str], totals: pl.DataFrame, word: str) -> None:
    """Draw figures of one row in a line; each title ends with the word in brackets."""
    each = (
        f"{DEFINITIONS[key].title.removesuffix(f' ({word})').lower()} "
        f"**{fmt.number(totals[key].item(), DEFINITIONS[key].unit)}**"
        for key in keys
    )
    st.caption(f"{word.capitalize()}: " + " · ".join(each))


def render_today(keys: Sequence[str], summary: pl.DataFrame) -> None:
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


def _render_card(
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
        f"*Tables:* {tables}. *Excludes:* {definition.excludes}"
    )


def _moved(now: float | None, before: float | None) -> bool:
    return now is not None and before is not None and now != before


def _delta(now: float | None, before: float | None, definition: Definition) -> str:
    return fmt.change(now, before, definition.unit)


def _color(now: float | None, before: float | None, definition: Definition) -> Color:
    if definition.neutral or not _moved(now, before):
        return "off"
    return "inverse" if definition.less_is_better else "normal"


Course = Sequence[float | None]
_WIDE, _HIGH, _EDGE = 100, 40, 2
"""The box that a line is drawn in, and what stays free for its stroke."""


def sparkline_style(key: str, courses: Sequence[Course | None]) -> str | None:
    """Return the style sheet of a row of cards, which stand in a grid of this key.

    Gaps count as zero; a card without a line (one bucket, nothing but zeros) has no
    picture. None where no card has one.
    """
    rules = [
        f".st-key-{key} > :nth-child({place}) [data-testid=stMetric] "
        f'{{ background-image: url("{picture}"); }}'
        for place, picture in enumerate(map(_picture, courses), start=1)
        if picture is not None
    ]
    if not rules:
        return None
    return f"<style>.st-key-{key} {{ {_FOOT} }} {' '.join(rules)}</style>"


_FOOT = (
    "[data-testid=stMetric] { background-repeat: no-repeat; padding-bottom: 3.25rem;"
    " background-position: bottom; background-size: 100% 3rem; }"
)


def sparkline_points(course: Course) -> list[tuple[float, float]] | None:
    """Return the line from left to right, the largest on top; None for no line."""
    values = [value or 0 for value in course]
    if len(values) < 2 or not any(values):
        return None
    low, spread = min(values), (max(values) - min(values)) or 1
    step, room = _WIDE / (len(values) - 1), _HIGH - 2 * _EDGE
    return [
        (round(n * step, 1), round(_HIGH - _EDGE - room * (value - low) / spread, 1))
        for n, value in enumerate(values)
    ]


def _picture(course: Course | None) -> str | None:
    line = sparkline_points(course or ())
    if line is None:
        return None
    drawn = "L".join(f"{x:g} {y:g}" for x, y in line)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDE} {_HIGH}' "
        f"preserveAspectRatio='none' fill='none' stroke='{ACCENT}'>"
        f"<path d='M0 {_HIGH}L{drawn}L{_WIDE} {_HIGH}Z' fill='{ACCENT}' "
        f"fill-opacity='.12' stroke='none'/><path d='M{drawn}' stroke-width='1.5' "
        "stroke-linejoin='round' vector-effect='non-scaling-stroke'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe=" ='/:,")
