"""Charts of shares: what they draw, and what they hide."""

import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt
import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from metrics.formats import number
from metrics.sentences import percent
from tests.metrics.building import quick
from tests.pages.chart_specs import widths_of_bars
from ui import labels
from ui.charts import axes
from ui.charts.axes import (
    PLACE,
    ROOM,
    Chart,
    count_tooltips,
    cut_in_the_middle,
    end_of_scale,
    whole_percent,
)
from ui.charts.bars import bars, shares, weekdays
from ui.charts.heat_map import hours_of_the_week
from ui.charts.labelled_bars import (
    figures,
    hidden_below,
    labelled_bars,
    moved,
    nested_bars,
    ranked,
    stages,
    without_bars,
)
from ui.charts.registry import CHARTS, RANKED
from ui.filters.click_filters import FIELD, by, with_filters


def rows(chart: Chart) -> list[dict[str, Any]]:  # rows of a chart have any values
    """Return the rows of the first layer, without their places."""
    drawn = chart.to_dict()
    source = drawn.get("data") or drawn["layer"][0]["data"]
    found: list[dict[str, Any]] = drawn["datasets"][source["name"]]
    return [{k: v for k, v in row.items() if k != PLACE} for row in found]


@pytest.mark.parametrize(
    ("values", "end"), [([2, 5], 5), ([0, 0], 1), ([-3], 1), ([None], 1), ([], 1)]
)
def test_a_scale_ends_at_the_largest_value_or_at_1(
    values: list[int | None], end: float
) -> None:
    assert end_of_scale(pl.Series(values, dtype=pl.Int64)) == end


def test_stages_show_counts_with_their_share_of_the_stage_before() -> None:
    frame = pl.DataFrame(
        {"watched_first": [16], "estimated_later": [2], "share": [None]}
    )
    chart = stages(frame, {"watched_first": None, "estimated_later": "share"})
    assert rows(chart) == [
        {"metric": "New spectators", "count": 16, "share": None},
        {"metric": "Later estimators", "count": 2, "share": None},
    ]


@quick
@given(
    st.floats(0, 1)
    | st.sampled_from([0.0, 0.004, 0.00999, 0.01, 0.125, 0.99, 0.995, 0.9999, 1.0])
    | st.sampled_from([0.0005, 0.00005, 0.0004, 5e-6, 4.9e-6, 1 / 3e6, 0.99999, 6e-17])
)
def test_a_bar_prints_percent_as_sentences_and_tables_do(share: float) -> None:
    """Only none is 0%, and only all is 100%."""
    frame = pl.DataFrame({"label": ["a"], "share": [share]})
    text = f"{whole_percent('datum.share')} + ' = ' + {axes.percent('datum.share')}"
    chart = labelled_bars(frame, "label", "share", "", text)
    drawn = json.dumps(vl_convert.vegalite_to_scenegraph(chart.to_dict()))
    said = percent(share).replace("less than ", "<").replace("more than ", ">")
    assert f'"text": "{said} = {number(share, "share")}"' in drawn


def test_figures_print_with_their_unit_and_a_hidden_one_as_a_dash() -> None:
    frame = pl.DataFrame(
        {"duration_median_seconds": [39.0], "talk_median_seconds": [None]}
    )
    chart = figures(frame, ("duration_median_seconds", "talk_median_seconds"))
    assert [row["text"] for row in rows(chart)] == ["39 s", "–"]
    drawn = str(vl_convert.vegalite_to_scenegraph(chart.to_dict()))
    assert "'text': '39 s'" in drawn
    assert "'text': '–'" in drawn


def test_a_bar_that_is_compared_says_what_it_was_and_how_it_changed() -> None:
    frame = pl.DataFrame(
        {"label": ["a"], "value": [3], "value_before": [5], "value_change": [-2]}
    )

    def said(frame: pl.DataFrame) -> list[tuple[str, str]]:
        drawn = count_tooltips(frame, "value", "value")
        lines = [json.loads(line.to_json()) for line in drawn]
        return [(line["title"], line["format"]) for line in lines]

    assert said(frame) == [("Value", ","), ("Before", ","), ("Change", "+,")]
    unknown = frame.with_columns(value_before=pl.lit(None, pl.Int64))
    assert said(unknown) == [("Value", ",")]


def test_bars_leave_room_for_what_they_print_even_when_all_are_hidden() -> None:
    frame = pl.DataFrame(
        {"label": ["a"], "value": [None]}, schema_overrides={"value": pl.Float64}
    )
    chart = labelled_bars(frame, "label", "value", "Value", "'n = 3: too few'")
    drawn = chart.to_dict()
    assert '"text": "n = 3: too few"' in json.dumps(
        vl_convert.vegalite_to_scenegraph(drawn)
    )
    scale = drawn["layer"][0]["encoding"]["x"]["scale"]
    assert scale["domain"] == [0, 1]
    # "88% of 12,335 pairs" takes 110 pixels, whatever the width of the chart.
    assert "width - 120" in scale["range"][1]["expr"]
    # Of the container: a limit by the width that labels leave would move with them.
    axis = drawn["layer"][0]["encoding"]["y"]["axis"]
    limit = axis["labelLimit"]["expr"]
    assert limit == "min(220, (width && containerSize()[0]) / 2)"
    assert f"truncate(datum.label, ({limit} / 5.95 - 2) * 0.95" in axis["labelExpr"]


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("Room number 101094 of many #101094", 230),
        ("Backend Team 2024 #128834", 168),
        ("Onboarding — Customer Success #77", 215),
        ("ROADMAP REVIEW #123456", 158),
        ("Illi till lilli #111111", 104),
        ("microsoft.teams.example.com", 176),
    ],
)
def test_a_name_is_cut_where_it_does_not_fit_and_only_there(
    name: str, pixels: int
) -> None:
    """Of a name that is a little too long, Vega would cut off the room's number.

    Measured in Chromium, in the dashboard's font and 14 pixels.
    """

    def drawn(room: float) -> str:
        expression = cut_in_the_middle(f"{room}", 6.95)
        chart = alt.Chart(pl.DataFrame({"name": [name]})).mark_point()
        y = alt.Y("name:N", axis=alt.Axis(labelExpr=expression, labelLimit=1000))
        return vl_convert.vegalite_to_svg(chart.encode(y).to_dict())

    assert f">{name}<" in drawn(1.08 * pixels)
    assert "…" in drawn(0.97 * pixels)


@pytest.mark.parametrize(
    "letters", ["😀", "e\u0301", "👩\u200d🚀", "👍🏽", "☎\ufe0f", "語", "W"]
)
def test_a_name_is_not_cut_inside_what_is_seen_as_one_letter(letters: str) -> None:
    # The renderer itself fails where half of an emoji is to be drawn.
    expression = cut_in_the_middle("100", 5.8)
    names = [30 * letters + after for after in ("", "x", "xy", "xyz")]
    chart = alt.Chart(pl.DataFrame({"name": names})).mark_point()
    y = alt.Y("name:N", axis=alt.Axis(labelExpr=expression, labelLimit=1000))
    drawn = vl_convert.vegalite_to_svg(chart.encode(y).to_dict())
    cut = re.findall("[^<>]*…[^<>]*", drawn)
    assert len(cut) == len(names)
    for name in cut:
        _, rest = name.split("…")
        assert not re.match("[\u0301\u200d\ufe0f🏽]", rest)
        # Each is twice as wide as one of the 17 letters that fit.
        assert max(name.count("語"), name.count("W")) <= 9


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        (
            "\u2068" + 40 * "ש" + "\u2069\u200e #123456",
            "\u2068ש+…\u2069\u200e ?#?123456",
        ),
        ("a \u2068" + 40 * "ש" + "\u2069 b", "a \u2068ש+…ש+\u2069 b"),
        ("a" * 40 + " \u2068ש\u2069 b", "a+…a* ?\u2068ש\u2069 b"),
    ],
    ids=["its end", "its middle", "what is before it"],
)
def test_what_follows_words_from_right_to_left_that_are_cut_stays_there(
    name: str, drawn: str
) -> None:
    """Without the sign that ends them, "#123456" would be on their left."""
    expression = cut_in_the_middle("100", 5.8)
    chart = alt.Chart(pl.DataFrame({"name": [name]})).mark_point()
    y = alt.Y("name:N", axis=alt.Axis(labelExpr=expression, labelLimit=1000))
    (found,) = re.findall(
        "[^<>]*…[^<>]*", vl_convert.vegalite_to_svg(chart.encode(y).to_dict())
    )
    assert re.fullmatch(drawn, found)


def test_names_of_wide_letters_beside_each_other_have_room_for_them() -> None:
    colors = dict.fromkeys(("W" * 15, "語" * 15, "i" * 15), "#000")
    frame = pl.DataFrame({"steps": 0, "votes": 3, "share": 1.0, "room": [*colors]})
    drawn = shares(frame, "steps", "Steps", colors).to_dict()
    columns = drawn["layer"][0]["encoding"]["color"]["legend"]["columns"]["expr"]
    assert columns == f"{ROOM} < {3 * 30 + 7 * (30 + 30 + 15)} ? 1 : 3"


def test_a_legend_of_rooms_is_no_wider_than_a_phone() -> None:
    frame = pl.DataFrame(
        {"steps": [0], "votes": [3], "share": [1.0], "room": ["x" * 90]}
    )
    drawn = shares(frame, "steps", "Steps", {"x" * 90: "#000"}).to_dict()
    limit = drawn["layer"][0]["encoding"]["color"]["legend"]["labelLimit"]["expr"]
    assert limit == f"max(60, min(260, {ROOM} - 40))"


@pytest.mark.parametrize("cards", [1, 40, 41, 42, 10_000])
def test_bars_of_any_number_of_cards_add_up_and_keep_their_order(cards: int) -> None:
    given = pl.DataFrame({"estimation": range(-3, cards - 3)}).with_columns(
        count=1 + pl.int_range(pl.len()) % 7
    )
    drawn = rows(bars(given, "estimation", "count", ("Card", "Estimations")))
    assert sum(row["count"] for row in drawn) == given["count"].sum()
    large, rest = drawn[:40], drawn[40:]
    labels = [int(row["estimation"]) for row in large]
    assert labels == sorted(labels)
    left = cards - 40
    others = f"{left:,} other{'s' if left > 1 else ''}"
    assert [row["estimation"] for row in rest] == ([others] if left > 0 else [])


@pytest.mark.parametrize(
    ("label", "numbers", "named"),
    [
        ("estimators", [1, 2, 5], "12345"),
        ("steps", [0, 3], "0123"),
        ("newcomers", [2], "2"),
        ("estimation", [1, 2, 5], "125"),
        ("weekday_name", ["Mon", "Wed"], ["Mon", "Wed"]),
    ],
)
def test_whole_numbers_that_no_bar_has_keep_their_place(
    label: str, numbers: list[object], named: Sequence[str]
) -> None:
    """Cards leave numbers out themselves, and one bar alone does not fill the chart."""
    frame = pl.DataFrame({label: numbers}).with_columns(
        votes=pl.lit(3), share=pl.lit(0.5), room=pl.lit("A")
    )
    compared = shares(frame, label, "Size", {"A": "#000"})
    for chart in (bars(frame, label, "votes", ("Size", "Votes")), compared):
        svg = vl_convert.vegalite_to_svg(chart.to_dict() | {"width": 400})
        ticks = re.findall(r">([^<]+)</text>", svg.split("role-axis-label")[1])
        assert "".join(ticks).startswith("".join(named))
        assert max(widths_of_bars(svg)) < 400 / 3


@pytest.mark.parametrize(
    ("per_day", "drawn"),
    [((0.0, None), "votes"), ((None, None), "votes"), ((2.0, None), "votes_per_day")],
    ids=["a day without votes", "no whole day", "a day with votes"],
)
def test_weekdays_of_which_no_whole_day_has_votes_show_those_of_other_days(
    per_day: Sequence[float | None], drawn: str
) -> None:
    held = {"votes": [2, 3], "votes_per_day": pl.Series(per_day, dtype=pl.Float64)}
    days = {"weekday_name": ["Sunday", "Monday"], "hour": [9, 9]}
    frame = pl.DataFrame({**days, **held})
    encoding = weekdays(frame).to_dict()["encoding"]
    assert encoding["y"]["field"] == drawn
    (cells,) = hours_of_the_week(frame, "UTC").to_dict()["layer"]
    assert cells["encoding"]["color"]["field"] == drawn


def test_a_label_with_too_few_prints_its_number_instead_of_a_rate() -> None:
    rows = pl.DataFrame(
        {
            "label": ["a", "b", "c", "d"],
            "rate": [0.5, None, None, None],
            # Without a live table the rate is unknown, and sometimes n as well.
            "n": [1_020, 19, 1_020, None],
        }
    )
    text = hidden_below("'shown'", "rate", "n")
    svg = vl_convert.vegalite_to_svg(
        labelled_bars(rows, "label", "rate", "Rate", text).to_dict() | {"width": 600}
    )
    printed = [t for t in re.findall(r">([^<]+)</text>", svg) if t not in "abcd"]
    assert printed == ["shown", "n = 19: too few for a rate", "–", "–"]


def test_nested_bars_have_three_shares_of_each_label_in_the_order_of_the_table() -> (
    None
):
    frame = pl.DataFrame(
        {
            "country": ["DE", None],
            "new_users": [40, 9],
            "entered_share": [0.5, None],
            "first_estimate_share": [0.4, None],
            "came_back_share": [0.1, None],
        }
    )
    keys = ("entered_share", "first_estimate_share", "came_back_share")
    drawn = rows(nested_bars(frame, "country", keys, "new_users"))
    assert [(row["country"], row["stage"], row["share"]) for row in drawn] == [
        ("Germany 🇩🇪", "Room entry rate", 0.5),
        ("(not set)", "Room entry rate", None),
        ("Germany 🇩🇪", "Estimation rate", 0.4),
        ("(not set)", "Estimation rate", None),
        ("Germany 🇩🇪", "Comeback rate", 0.1),
        ("(not set)", "Comeback rate", None),
    ]


@pytest.mark.parametrize("share", [0.5, None])
def test_nested_bars_have_a_legend_where_one_is_drawn(share: float | None) -> None:
    keys = ("entered_share", "first_estimate_share", "came_back_share")
    counts = pl.DataFrame({"source": ["Bing"], "new_users": 2})
    shown = (pl.lit(share, pl.Float64).alias(key) for key in keys)
    frame = counts.with_columns(shown)
    drawn = nested_bars(frame, "source", keys, "new_users").to_dict()
    legends = drawn["layer"][0]["encoding"]["color"]["legend"]
    assert (legends is not None) == (share is not None)
    # Names in a line, or below each other where the bars are narrow.
    for legend in filter(None, [legends]):
        assert legend["columns"]["expr"].endswith(f"< {7 * 43 + 3 * 30} ? 1 : 3")


def test_of_ranked_bars_the_first_are_drawn_and_all_on_demand() -> None:
    keys = ("entered_share", "first_estimate_share", "came_back_share")
    numbers = range(37)
    frame = pl.DataFrame(
        {
            "source": [f"source {number}" for number in numbers],
            "new_users": [100 - number for number in numbers],
            **{key: [0.5] * len(numbers) for key in keys},
        }
    )
    draw = partial(nested_bars, frame, "source", keys, "new_users")
    assert len(rows(draw())) == 3 * 10
    assert len(rows(draw(rows=37))) == 3 * 37
    assert {name for name, _ in CHARTS.items() if name.startswith("funnel_by")} == set(
        RANKED
    )


@pytest.mark.parametrize(
    ("counts", "others"),
    [([5, 2, 1, 0, 0], ["1 other"]), ([5, 2, 1, 1, 0], ["2 others"]), ([5, 2, 0], [])],
)
def test_the_others_of_a_ranking_are_what_the_period_has(
    counts: list[int], others: list[str]
) -> None:
    """Labels of the comparison alone are rows, too, but no room that had a vote."""
    frame = pl.DataFrame({"count": counts, "count_before": 7}).with_columns(
        source=pl.format("source {}", pl.int_range(pl.len()))
    )
    drawn = rows(ranked(frame, "source", "count", "page views", rows=2))
    assert [row["_label"] for row in drawn[2:]] == others
    assert sum(row["count"] for row in drawn) == sum(counts)


def test_the_others_of_a_ranking_leave_the_width_to_its_bars() -> None:
    counts = [100, 80, *[1] * 9000]
    frame = pl.DataFrame({"count": counts}).with_columns(
        source=pl.format("source {}", pl.int_range(pl.len()))
    )
    chart = ranked(frame, "source", "count", "page views", rows=2).to_dict()
    svg = vl_convert.vegalite_to_svg(chart | {"width": 600})
    assert "9,000 others" in svg
    bars = r'd="M0,[\d.]+L([\d.]+),[^"]*" fill="#'
    longest, second = sorted(map(float, re.findall(bars, svg)), reverse=True)
    assert (longest, second) == pytest.approx((508, 0.8 * 508), abs=5)


# What each object of JavaScript has, Vega's groups of marks included.
OF_OBJECTS = [
    *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
    *("toLocaleString", "toString", "valueOf", "__proto__", "__defineGetter__"),
    *("__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
]


def test_a_bar_may_be_called_like_something_that_all_objects_have() -> None:
    frame = pl.DataFrame({"city": OF_OBJECTS, "country": "", "count": 5})
    for label in ("city", "route"):
        named = frame.rename({"city": label})
        chart = ranked(named, label, "count", "users", rows=12).to_dict()
        svg = vl_convert.vegalite_to_svg(chart | {"width": 600})
        widths = re.findall(r'd="M0,[\d.]+L([\d.]+),', svg)
        assert [float(width) > 100 for width in widths] == [True] * 12
    # Lines are keys of groups, too.
    assert {*labels.distinct(pl.Series(OF_OBJECTS))}.isdisjoint(OF_OBJECTS)


def test_what_changed_is_never_minus_nothing() -> None:
    frame = pl.DataFrame(
        {
            "dimension": ["room", "room", "room", "weekday"],
            "label": ["one", "two", "three", "Monday"],
            "room_id": [None] * 4,
            "measure": ["page views"] * 4,
            "now": [1, 999, 0, 1],
            "before": [0, 1_000, 3, 401],
            "change": [1, -1, -3, -400],
            "contribution": [12.0, -0.00004, -0.3, None],
        }
    )
    printed = {row["what"]: row for row in rows(moved(frame))}
    percents = [row["percent"] for row in printed.values()]
    # Of all but one not all are gone.
    assert percents == ["", " (0%)", " (−100%)", " (−99%)"]
    # The count before of weekdays is scaled: another page has that of its month.
    assert printed["Weekday: Monday"]["then"] == "401 on as many Mondays"
    assert printed["Room: two"]["then"] == "1,000"
    # In a young product a part may be more than ten times of what was.
    parts = [row[axes.text_of("contribution")] for row in printed.values()]
    assert parts == ["+1,200.0%", "−0.004%", "−30.0%", "–"]
    assert without_bars(frame.drop_nulls("contribution")) is None
    # Of few, the text alone is drawn: why is said below.
    few = frame.with_columns(contribution=pl.lit(None, pl.Float64))
    assert len(rows(moved(few))) == frame.height
    assert "below 20" in (without_bars(few) or "")


def test_bars_of_what_changed_differ_also_where_names_are_alike() -> None:
    alike = ["abc", "\N{RIGHT-TO-LEFT OVERRIDE}abc", None, "\N{ZERO WIDTH SPACE}"]
    frame = pl.DataFrame(
        {
            "dimension": [*["country"] * 4, "room", "room"],
            "label": [*alike, "one", "one"],
            "room_id": [*[None] * 4, 5, 6],
            "measure": ["users"] * 6,
            **{key: [1] * 6 for key in ("now", "before", "change", "contribution")},
        }
    )
    names = [row["what"] for row in rows(moved(frame))]
    assert len({*names}) == 6
    assert names[4:] == ["Room: one (ID 5)", "Room: one (ID 6)"]
    assert labels.distinct(pl.Series([None, None])).n_unique() == 2


def test_the_row_of_all_others_says_that_it_is_no_filter() -> None:
    frame = pl.DataFrame({"source": [f"s{n}" for n in range(12)], "count": [5] * 12})
    clickable = with_filters(frame, by("source"))
    chart = ranked(clickable, "source", "count", "page views")
    assert [row.get(FIELD) is None for row in rows(chart)] == [False] * 10 + [True]
    layer = chart.to_dict()["layer"][0]
    (hint,) = [t["calculate"] for t in layer["transform"] if t["as"] == "_hint"]
    assert hint.startswith(f"datum.{FIELD} ? 'adds a filter' : 'no filter'")
    assert hint.endswith(": ': several in one row')")
