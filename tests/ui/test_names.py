import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics.attention import MEASURES
from metrics.formats import isolated
from metrics.frames import Frames, Period
from metrics.query import Query
from metrics.registry import LABELS, METRIC_TABLES, plan
from store import engine
from testkit.chromium import ROOT
from ui import labels
from ui.blocks.room import Room
from ui.charts.labelled_bars import usual_range
from ui.charts.world_map import not_drawn, world_map


def test_codes_get_names_and_null_is_said() -> None:
    frame = pl.DataFrame({"country": ["DE", "XX", None], "users": [3, 2, 1]})
    expected = pl.DataFrame(
        {"country": ["Germany 🇩🇪", "XX", "(not set)"], "users": [3, 2, 1]}
    )
    assert_frame_equal(labels.readable(frame), expected)


@pytest.mark.parametrize("table", METRIC_TABLES)
def test_only_what_names_a_row_is_said_to_be_not_set(table: str) -> None:
    period = Period.of_days(date(2026, 11, 1), date(2026, 11, 2))
    query = Query(Frames.empty(), period, None, "day", period.end)
    columns = engine.collect(plan(table, query)).columns
    nothing = pl.DataFrame({name: [None] for name in columns}).cast(pl.String)
    said = (
        labels.readable(nothing).select(pl.all() == labels.NOT_SET).row(0, named=True)
    )
    assert {name for name, is_said in said.items() if is_said} <= LABELS


def test_a_country_is_found_by_every_name_that_is_printed() -> None:
    for code, name in labels.COUNTRIES.select("country", "country_name").iter_rows():
        assert labels.country_code(f" {name.upper()}") == code
        assert labels.value_label("country", code).startswith(name)
    for typed, code in (("uk", "GB"), ("Turkey", "TR"), ("Reunion", "RE")):
        assert labels.country_code(typed) == code
        assert typed.casefold() in labels.names_of("country", code)
    assert labels.country_code("AD") == "AD"
    assert labels.country_code("Atlantis") == "Atlantis"


def test_regions_are_named_within_their_country() -> None:
    frame = pl.DataFrame({"country": ["DE", "US", "DE"], "region": ["BY", "BY", None]})
    assert labels.readable(frame)["region"].to_list() == [
        "Bayern",
        "BY",
        "(not set)",
    ]


@pytest.mark.parametrize("length", [99, 100, 101, 5_000])
def test_an_open_room_is_named_as_in_the_list_that_searches(length: int) -> None:
    name = "n" * length
    frame = pl.DataFrame({"name": [name]})
    listed = frame.select(labels.cut_short("name", 100)).item()
    opened = Room(7, name, 42, exists=True, has_votes=True, facts="")
    assert opened.text == f"{listed} (#42, ID 7)"
    assert opened.label == f"{name} (#42)"


def test_a_room_without_a_name_is_deleted() -> None:
    frame = pl.DataFrame({"room_name": ["team", None]})
    assert labels.readable(frame)["room_name"].to_list() == ["team", "(deleted)"]


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        " \t\n",
        "\u200b",
        "\u00a0",
        "\u2028\x07",
        "\u3164\u2800",
        "\ufffc",
        "\U000e0100",
    ],
)
def test_an_invisible_name_is_said_to_be_missing(name: str | None) -> None:
    assert labels.named(name) == "(not set)"
    assert labels.named(f"{name or ''}0") == f"{name or ''}0"


def test_what_the_map_cannot_show_is_counted_beside_it() -> None:
    # Kosovo and French Guiana have shapes.
    countries = ["DE", "GI", "XX", None, "MQ", "SG", "XK", "GF"]
    frame = pl.DataFrame({"country": countries, "users": [3, 2, 1, 4, 0, 9, 1, 5]})
    said = not_drawn(frame, "users")
    assert said is not None
    assert said.replace("\\", "") == (
        "Not on the map: Gibraltar (2), XX (1), (not set) (4), Singapore (9)."
    )
    assert not_drawn(frame.head(1), "users") is None


def test_the_map_has_one_shape_for_each_country() -> None:
    """Of two with one number it colours the last: reefs in place of Australia."""
    shapes = json.loads((ROOT / "web" / "assets" / "countries.json").read_bytes())
    countries = shapes["objects"]["countries"]["geometries"]
    numbers = [country["id"] for country in countries if "id" in country]
    assert len(numbers) == len({*numbers}) > 170
    # Without the parts that have codes of their own, such as Réunion.
    (france,) = (each for each in countries if each.get("id") == "250")
    assert len(france["arcs"]) == len(("Corsica", "the mainland"))


@pytest.mark.parametrize(
    ("code", "has_legend"), [("DE", True), ("XX", False), ("SG", False)]
)
def test_a_map_has_a_legend_where_a_country_is_drawn(
    code: str, has_legend: bool
) -> None:
    frame = pl.DataFrame({"country": [code], "users": [2]})
    spec = world_map(frame, "users", "Users").to_dict()
    color = spec["layer"][1]["encoding"]["color"]
    assert (color["legend"] is not None) == has_legend
    if has_legend:
        # Of one user Vega would write "1.0".
        assert color["legend"]["format"] == ",d"
        (rows,) = spec["datasets"].values()
        # As beside the bars, where the code is not written either.
        assert rows[0]["name"] == labels.value_label("country", code) == "Germany 🇩🇪"


def test_of_thousands_of_unknown_codes_the_rest_is_a_number() -> None:
    codes = [f"code {number}" for number in range(5_000)]
    said = not_drawn(pl.DataFrame({"country": codes, "users": [2] * 5_000}), "users")
    assert said is not None
    assert said.endswith("code 19 (2), 4,980 other countries (9,960).")


def test_a_name_turns_nothing_that_follows_it() -> None:
    name = "\N{RIGHT-TO-LEFT OVERRIDE}team"
    room = {"room_id": [1], "room_number": [123456], "room_name": [name]}
    assert labels.bar_labels(pl.DataFrame(room), "room_name").to_list() == [
        "team #123456"
    ]
    countries = pl.DataFrame({"country": ["abc", "\N{RIGHT-TO-LEFT OVERRIDE}abc"]})
    assert labels.bar_labels(countries, "country").to_list() == ["abc", "abc (2)"]
    for written, drawn in (
        (f"{name} (#1)", "team (#1)"),
        ("\u05d0 \u05d1 (#2)", "\u2068\u05d0 \u05d1\u2069 (#2)"),
        ("\u0627-\u0628 x #3", "\u2068\u0627-\u0628\u2069 x #3"),
        # A bracket apart from its other half would be turned.
        ("\u05d0 (\u05d1) (#4)", "\u2068\u05d0 (\u05d1)\u2069 (#4)"),
        ("\u05d0 (\u05d1) \u05d2 #5", "\u2068\u05d0 (\u05d1) \u05d2\u2069 #5"),
        ("\u05d0 (b) #6", "\u2068\u05d0\u2069 (b) #6"),
        ("(\u05d0) #7", "(\u2068\u05d0\u2069) #7"),
    ):
        # Safari knows no isolates in a chart.
        in_chart = drawn.replace("\u2069", "\u2069\N{LEFT-TO-RIGHT MARK}")
        assert labels.drawable(pl.Series([written])).to_list() == [in_chart]
        assert isolated(written.removeprefix(name[0])) == drawn


def test_a_label_has_no_line_breaks_and_no_empty_boxes() -> None:
    sources = pl.DataFrame({"source": ["a\n\tb", "a b", "nul\0", "c\u2028\u2029d"]})
    called = labels.bar_labels(sources, "source").to_list()
    assert called == ["a b", "a b (2)", "nul ", "c d"]


TEXTS = st.none() | st.sampled_from(
    [
        *("HOME", "Home", "home", "A_B", "A B", "a  b", "", " ", "\u200b", "(not set)"),
        *("DE", "de", "CB", "S", "Cantabria", "Home (HOME)", "(not set) (2)", "ES"),
    ]
)
KINDS = ("country", "region", "city", "device", "route", "event", "source")


@given(st.sets(st.tuples(TEXTS, TEXTS), max_size=12), st.sampled_from(KINDS))
def test_no_two_marks_of_a_chart_are_called_the_same(
    rows: set[tuple[str | None, str | None]], kind: str
) -> None:
    schema = {"country": pl.String, "label": pl.String}
    places = pl.DataFrame(sorted(rows, key=str), schema=schema, orient="row")
    is_place = kind in {"region", "city"}
    frame = places if is_place else places.unique("label").drop("country")
    frame = frame.rename({"label": kind})
    called = labels.bar_labels(frame, kind)
    assert called.n_unique() == frame.height
    assert not called.is_null().any()
    assert all(any(c.isprintable() and c != " " for c in text) for text in called)


@pytest.mark.parametrize(
    "value", ["\u200b", " \t", "\x00\x07", "\ufeff", "\u3000", "\u3164"]
)
@pytest.mark.parametrize("kind", ["country", "city", "device", "source", "route"])
def test_a_value_that_cannot_be_seen_is_called_the_same_everywhere(
    kind: str, value: str
) -> None:
    column = labels.readable(pl.DataFrame({kind: [value]}))[kind]
    assert column.to_list() == [labels.value_label(kind, value)] == ["(not set)"]
    frame = pl.DataFrame({"country": [value], "users": [2]})
    assert (not_drawn(frame, "users") or "").endswith(r"\(not set\) (2).")


def test_one_more_country_is_one_other_country() -> None:
    codes = [f"code {number}" for number in range(21)]
    said = not_drawn(pl.DataFrame({"country": codes, "users": [2] * 21}), "users")
    assert said is not None
    assert said.endswith("code 19 (2), 1 other country (2).")


def test_a_table_of_measures_calls_them_what_their_chart_does() -> None:
    drawn = usual_range(
        pl.DataFrame(
            {"measure": MEASURES, "today": 3, "lowest": 1, "highest": 5},
        )
    ).to_dict()
    (rows,) = drawn["datasets"].values()
    named = labels.readable(pl.DataFrame({"measure": MEASURES}))["measure"]
    assert named.to_list() == [row["name"] for row in rows]
