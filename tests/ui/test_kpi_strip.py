"""Tiles: three lines, grey within the usual change, hidden where meaningless."""

from itertools import combinations

import pytest

from metrics.filters import KINDS, Filter
from metrics.registry import DEFINITIONS
from metrics.usual_change import KEYS
from ui.blocks.kpi_strip import color_of_change, explain, tile
from ui.filters.filter_chips import why_hidden

VOTES, BOUNCE = DEFINITIONS["votes"], DEFINITIONS["bounce_rate"]
USUAL = (-0.1, 0.2)


def test_a_tile_has_name_value_and_change_with_the_value_before() -> None:
    assert tile(VOTES, 1671, 1734, usual=USUAL).split("  \n") == [
        ":small[Votes]",
        "**1,671**",
        ":small[:gray[↓ 3.6%]:gray[ from 1,734]]",
    ]


def test_numbers_of_a_large_store_are_smaller_and_none_is_cut_off() -> None:
    assert "  \n**9,999,999**" in tile(VOTES, 9_999_999, None)
    _, value, change = tile(VOTES, 107_302_000, 98_765_432).split("  \n")
    assert value == "***107,302,000***"
    assert change == ":small[:gray[↑ 8.6%]]"


@pytest.mark.parametrize(
    ("key", "now", "before", "value", "base"),
    [
        ("session_mean_minutes", 14.9, 10.5, "14.9 min", "10.5"),
        ("session_median_minutes", 2.0, 2.1, "2.0 min", "2.1"),
        ("duration_median_seconds", 40, 42, "40 s", "42"),
        ("duration_p90_seconds", 9_000, 8_640, "2.5 h", "2.4"),
        ("bounce_rate", 0.5, 0.25, "50.0%", "25.0%"),
        # Without a value there is no unit above.
        ("session_mean_minutes", None, 10.5, "–", "10.5 min"),
    ],
)
def test_the_unit_of_a_duration_is_on_a_tile_once(
    key: str, now: float | None, before: float, value: str, base: str
) -> None:
    """One tile had "from 11.0" beside one with "from 2.1 min"."""
    _, first, second = tile(DEFINITIONS[key], now, before).split("  \n")
    assert first == f"**{value}**"
    assert second.endswith(f":gray[ from {base}]]")


def test_a_tile_without_a_comparison_has_no_change() -> None:
    assert tile(VOTES, 5, None, compares=False).count("\n") == 1


@pytest.mark.parametrize(
    ("now", "before", "color"),
    [
        (110, 100, "gray"),
        (121, 100, "green"),
        (89, 100, "red"),
        (100, 0, "gray"),
        (100, None, "gray"),
        (None, 100, "gray"),
    ],
)
def test_only_a_change_beyond_the_usual_has_a_colour(
    now: float | None, before: float | None, color: str
) -> None:
    assert color_of_change(VOTES, now, before, USUAL) == color


def test_a_fall_that_is_smaller_than_every_usual_one_is_not_red() -> None:
    saturday, monday = (-0.8, -0.3), (0.5, 3.0)
    assert color_of_change(VOTES, 90, 100, saturday) == "gray"
    assert color_of_change(VOTES, 110, 100, monday) == "gray"
    assert explain(VOTES, 90, 100, saturday) == (
        "−10.0%, grey: smaller than the usual −80 to −30%"
    )
    # Beyond either end, and a rise where there is none, is news.
    for now, color in ((10, "red"), (110, "green")):
        assert color_of_change(VOTES, now, 100, saturday) == color
        assert "beyond the usual" in (explain(VOTES, now, 100, saturday) or "")
    assert color_of_change(VOTES, 90, 100, monday) == "red"


def test_less_can_be_better_and_no_range_claims_nothing() -> None:
    assert BOUNCE.less_is_better
    assert color_of_change(BOUNCE, 0.5, 0.9, (-0.1, 0.1)) == "green"
    assert color_of_change(BOUNCE, 0.5, 0.9, None) == "gray"


def test_without_a_base_nothing_is_coloured_or_explained() -> None:
    assert "n/a" in tile(VOTES, 5, 0, usual=USUAL)
    assert explain(VOTES, 5, 0, USUAL) is None
    # Nothing after nothing is no change, of a count as of a share.
    assert tile(VOTES, 0, 0, usual=USUAL).endswith(":gray[0.0%]:gray[ from 0]]")
    assert [explain(VOTES, 0, 0, usual) for usual in (USUAL, None)] == [None, None]


def test_the_chosen_figure_says_what_is_usual() -> None:
    assert explain(VOTES, 105, 100, None) == (
        "+5.0%, grey: earlier periods have too little data or vary too much to judge"
    )
    assert explain(DEFINITIONS["near_consensus"], 0.5, 0.4, None) == (
        "+10.0 pp, grey: usual changes of this figure are not measured"
    )
    assert explain(VOTES, 105, 100, USUAL) == "+5.0%, within the usual −10 to +20%"
    assert explain(VOTES, 150, 100, USUAL) == "+50.0%, beyond the usual −10 to +20%"
    assert explain(BOUNCE, 0.5, 0.4, (-0.02, 0.03)) == (
        "+10.0 pp, beyond the usual −2 to +3 pp"
    )


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("usual", [None, (-0.1, 0.2), (-9.0, 9.0)])
def test_a_change_says_why_it_is_grey_beyond_the_usual(
    key: str, usual: tuple[float, float] | None
) -> None:
    text = explain(DEFINITIONS[key], 0.9, 0.3, usual) or ""
    grey = color_of_change(DEFINITIONS[key], 0.9, 0.3, usual) == "gray"
    assert grey == ("within" in text or "grey" in text)


@pytest.mark.parametrize(
    ("now", "low", "high", "text"),
    [
        (100, 0.0, 0.0, "0.0%, within the usual 0%"),
        (110, 0.0, 0.0, "+10.0%, beyond the usual 0%"),
        (110, 0.1, 0.1, "+10.0%, within the usual +10%"),
        (110, -0.1, 0.0, "+10.0%, beyond the usual −10 to 0%"),
    ],
)
def test_a_range_whose_ends_are_one_names_it_once(
    now: int, low: float, high: float, text: str
) -> None:
    """A team of the same users each week: "within the usual 0 to 0%"."""
    assert explain(VOTES, now, 100, (low, high)) == text


def test_a_figure_without_a_meaning_is_hidden_with_the_reason() -> None:
    text = tile(VOTES, 5, 4, hidden="not by country")
    assert "not by country" in text
    assert "5" not in text.split("  \n")[1]


def test_the_reason_fits_the_line_of_a_tile_whatever_the_filters() -> None:
    chosen = [Filter(kind, "x") for kind in KINDS]
    pairs = [why_hidden(pair, "votes") for pair in combinations(chosen, 2)]
    reasons = {*pairs, why_hidden(chosen, "votes")}
    assert "not by 2 filters" in reasons
    assert all(len(why) <= len("not by operating system") for why in reasons if why)


@pytest.mark.parametrize("now", [99_960, 100_040])
def test_what_is_printed_as_no_change_is_neither_coloured_nor_unusual(now: int) -> None:
    assert color_of_change(VOTES, now, 100_000, (0, 0)) == "gray"
    assert explain(VOTES, now, 100_000, (0, 0)) == "0.0%"
