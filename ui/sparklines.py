"""Sparklines: the course of a card's number, as a picture at the foot of the card.

Streamlit draws each one as a chart of three layers with a selection of its own, which
takes a browser as long as a large chart. All pictures of a row are one style sheet.
"""

from collections.abc import Sequence
from urllib.parse import quote

from ui.theme import ACCENT

Course = Sequence[float | None]
_WIDE, _HIGH, _EDGE = 100, 40, 2
"""The box that a line is drawn in, and what stays free for its stroke."""


def style(key: str, courses: Sequence[Course | None]) -> str | None:
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


def points(course: Course) -> list[tuple[float, float]] | None:
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
    line = points(course or ())
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
