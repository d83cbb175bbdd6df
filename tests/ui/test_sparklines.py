"""Sparklines: what is drawn in them, and where."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.blocks.cards import sparkline_points, sparkline_style

NUMBERS = st.one_of(st.none(), st.floats(-1e9, 1e9))


def test_the_largest_is_on_top_and_the_smallest_at_the_foot() -> None:
    assert sparkline_points([1, None, 3, 2]) == [
        (0, 26),
        (33.3, 38),
        (66.7, 2),
        (100, 14),
    ]


@pytest.mark.parametrize("course", [[], [5], [0, 0, 0], [None, None]])
def test_one_bucket_or_nothing_but_zeros_is_no_line(course: list[float | None]) -> None:
    assert sparkline_points(course) is None
    assert sparkline_style("cards", [course, None]) is None


@given(st.lists(NUMBERS, min_size=2, max_size=400))
def test_a_line_goes_from_edge_to_edge_and_stays_inside(
    course: list[float | None],
) -> None:
    line = sparkline_points(course)
    if line is None:
        assert not any(course)
        return
    assert len(line) == len(course)
    assert (line[0][0], line[-1][0]) == (0, 100)
    assert all(2 <= y <= 38 for _, y in line)
    assert line == sorted(line, key=lambda point: point[0])


def test_each_picture_stands_behind_the_card_of_its_place() -> None:
    sheet = sparkline_style("cards_votes", [[1, 2], None, [2, 1]])
    assert sheet is not None
    rules = re.findall(
        r"\.st-key-cards_votes > :nth-child\((\d)\)[^{]*{ background-image: "
        r'url\("data:image/svg\+xml,([^"]*)"\)',
        sheet,
    )
    lines = {place: re.findall("d='(M[^Z]*?)'", unquote(svg)) for place, svg in rules}
    assert lines == {"1": ["M0 38L100 2"], "3": ["M0 2L100 38"]}
    # Markup inside a style element would have the browser drop all of it.
    assert "<" not in sheet.removeprefix("<style>").removesuffix("</style>")
